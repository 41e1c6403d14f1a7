"""A spec with twenty different faults is refused with exactly those twenty: no fault hides another, none has an echo."""

from __future__ import annotations

from pathlib import Path

from generators.build import build
from tests.refusals.fixtures import HERE, promised
from tests.refusals.test_refusals import found

SPEC = HERE / "twenty" / "twenty.yaml"


def test_twenty_faults_are_reported_as_twenty() -> None:
    result = build(SPEC)
    wanted = promised(SPEC)
    assert len(wanted) == 20
    assert len({id for _, id, _, _ in wanted}) == 20
    assert found(result.faults) == wanted, "\n".join(map(str, result.faults))
    assert not result.files


def test_mending_one_of_them_leaves_the_others(tmp_path: Path) -> None:
    text = SPEC.read_text(encoding="utf-8").replace("always: [errors, POST /order]", "always: [errors, POST /orders]")
    mended = tmp_path / SPEC.name
    mended.write_text(text, encoding="utf-8")
    assert found(build(mended).faults) == [fault for fault in promised(SPEC) if fault[1] != "unknown-operation"]
