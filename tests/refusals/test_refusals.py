"""Every refusal of the compiler: its bad fixture is refused with exactly the faults its comments promise, at those lines and
columns; its good twin, the same spec with the fault mended, is accepted."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from generators.build import build
from generators.fault import Fault
from tests.refusals.fixtures import PAIRS, Found, promised, without_comments

MOST_MENDED = 2
"""Lines by which a good twin may differ from the bad fixture."""


def found(faults: tuple[Fault, ...]) -> list[Found]:
    return [(Path(fault.where.file).name, fault.id, fault.where.line, fault.where.column) for fault in faults]


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_bad_fixture_is_refused_where_it_says(folder: Path) -> None:
    result = build(folder / "bad.yaml")
    assert promised(folder / "bad.yaml")
    assert found(result.faults) == promised(folder / "bad.yaml"), "\n".join(map(str, result.faults))
    assert result.failed
    assert not result.files


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_a_fault_is_one_line_that_says_how_to_mend_it(folder: Path) -> None:
    for fault in build(folder / "bad.yaml").faults:
        assert "\n" not in str(fault)
        assert str(fault).startswith(f"{folder / 'bad.yaml'}:{fault.where.line}:{fault.where.column}: error[{fault.id}]: ")
        assert fault.what
        assert fault.fix.endswith((".", "?")), fault.fix


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_good_twin_is_accepted(folder: Path) -> None:
    result = build(folder / "good.yaml")
    assert not result.failed, "\n".join(map(str, result.faults))
    assert "prometheus/prometheus.yml" in result.files


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_the_good_twin_is_the_same_spec_mended(folder: Path) -> None:
    bad, good = (without_comments((folder / name).read_text(encoding="utf-8")) for name in ("bad.yaml", "good.yaml"))
    changed = [
        line for line in difflib.unified_diff(bad, good, n=0, lineterm="") if line[0] in "+-" and line[:3] not in ("---", "+++")
    ]
    assert 1 <= len(changed) <= 2 * MOST_MENDED, changed
