"""A deploy plays the scenarios before it switches: what tells others than the spec promises is refused."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from generators.build import build
from operate import proving, tools
from operate.proving import Refused, prove
from operate.show import Show
from tests.emit.tools import need, write
from tests.routing.played import SPECS

pytestmark = pytest.mark.engine


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The routes of the shipped spec, laid out as a release has them."""
    for tool in ("amtool", "alertmanager-clock"):
        need(tool)
    built = build(SPECS / "spec" / "football.yaml", only=frozenset({"routes"}))
    write(tmp_path / "release", dict(built.files))
    return tmp_path / "release"


def quiet() -> tuple[Show, io.StringIO]:
    said = io.StringIO()
    return Show("text", out=Console(file=io.StringIO()), err=Console(file=said, width=10_000)), said


def test_scenarios_are_proofs_and_are_remembered(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    show, _ = quiet()
    played: list[tuple[str, ...]] = []
    real = proving.scenarios.play
    monkeypatch.setattr(proving.scenarios, "play", lambda *call: played.append(call[1]) or real(*call))
    count = prove(place, tmp_path / "proven", show)
    assert sorted(played) == [(f"alertmanager/tests/{name}.yml",) for name in ("grouping", "holding", "hours", "inhibition")]
    assert prove(place, tmp_path / "proven", show) == count
    assert len(played) == 4


def test_what_is_told_to_others_is_refused(place: Path, tmp_path: Path) -> None:
    show, _ = quiet()
    config = place / "alertmanager" / "alertmanager.yml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("group_wait: 12s", "group_wait: 2m"), encoding="utf-8")
    with pytest.raises(Refused, match=r"alertmanager-clock refuses the scenarios in alertmanager/tests/grouping\.yml:\nroute 1"):
        prove(place, tmp_path / "proven", show)


def test_a_message_that_cannot_wait_for_its_cause_says_how_to_mend_it(place: Path, tmp_path: Path) -> None:
    show, _ = quiet()
    config = place / "alertmanager" / "alertmanager.yml"
    config.write_text(config.read_text(encoding="utf-8").replace("group_wait: 12s", "group_wait: 5s"), encoding="utf-8")
    with pytest.raises(Refused, match=r"postgres fails .*told of (.|\n)*raise it"):
        prove(place, tmp_path / "proven", show)


def test_where_the_harness_cannot_be_had_a_deploy_goes_on_and_says_so(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show, said = quiet()
    ensure = tools.ensure

    def without(names: list[str], report: tools.Report) -> dict[str, Path]:
        if "alertmanager-clock" in names:
            raise tools.ToolMissing("go is not installed")
        return ensure(names, report)

    monkeypatch.setattr(tools, "ensure", without)
    assert prove(place, tmp_path / "proven", show) > 20
    assert "not played: go is not installed" in said.getvalue()
