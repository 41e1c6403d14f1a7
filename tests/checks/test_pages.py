"""Every check has a page, fixtures, and one row of the table; the examples of its page are judged as the page says."""

from __future__ import annotations

import re

import pytest

from generators.checks.expressions import CHECKS
from tests.checks.examples import PAGES, examples, faults
from tests.refusals.fixtures import HERE

IDS = [check.ID for check in CHECKS]


@pytest.mark.parametrize("id", IDS)
def test_the_bad_example_is_found_by_this_check_alone(id: str) -> None:
    found = faults(examples(id)["Bad"])
    assert {fault.id for fault in found} == {id}, "\n".join(map(str, found))
    for fault in found:
        assert fault.fix.endswith((".", "?")), fault.fix
        assert "\n" not in str(fault)


@pytest.mark.parametrize("id", IDS)
def test_the_good_example_is_found_by_no_check(id: str) -> None:
    assert list(map(str, faults(examples(id)["Good"]))) == []


def test_each_check_is_one_row_one_module_one_page_and_one_line_of_the_index() -> None:
    assert len(set(IDS)) == len(IDS)
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(IDS)
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[([\w-]+)\]", index, re.MULTILINE) == IDS


@pytest.mark.parametrize("id", IDS)
def test_each_check_has_a_bad_fixture_and_a_good_twin(id: str) -> None:
    for name in ("bad.yaml", "good.yaml"):
        assert (HERE / id / name).is_file()
    assert f"FAULT {id} @" in (HERE / id / "bad.yaml").read_text(encoding="utf-8")
