"""Figures written down: in Prometheus's text form, which promtool accepts; handed to a real Prometheus, which keeps them under our names;
as JSON; and the exit code is the gate."""

from __future__ import annotations

import argparse
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from generators.build import plan_of
from generators.fault import Where
from operate.commands import Call, coverage
from operate.coverage.figure import Area, Figure, Gap, Item
from operate.coverage.ground import Ground
from operate.coverage.measure import FIGURES, exposition, gauges
from operate.live import otlp
from operate.show import Show
from tests.coverage.world import await_answer
from tests.promql.engine import running_prometheus, tool

SPEC = Path(__file__).parent / "kiosk.yaml"
GAP = Gap("GET / of web: its calls are not counted", Where("spec.yaml", 7, 3), "Instrument it.")
GOOD = Figure("business", Decimal("0.8"), tuple(Item(f"metric {each}") for each in range(4)))
BELOW = Figure("api", Decimal("0.95"), (Item("GET / of web", (GAP,)), *(Item(f"GET /{each} of web") for each in range(9))))
NOTHING = Figure("traces", Decimal("0.9"), ())


def test_a_share_is_exact_at_its_target() -> None:
    def of(covered: int, counted: int) -> Figure:
        return Figure("api", Decimal("0.95"), tuple(Item("x", () if each < covered else (GAP,)) for each in range(counted)))

    assert of(19, 20).reached
    assert not of(18, 19).reached
    assert coverage.percent(of(2999, 3000)) == "99.9 %"
    assert coverage.percent(of(3000, 3000)) == "100 %"


@pytest.mark.engine
def test_promtool_accepts_what_is_written() -> None:
    text = exposition((GOOD, BELOW, NOTHING))
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    assert "# TYPE touchline_coverage_ratio gauge\n" in text
    assert 'touchline_coverage_ratio{area="api"} 0.9\n' in text
    assert 'touchline_coverage_items{area="api",covered="false"} 1\n' in text
    assert 'touchline_coverage_ratio{area="traces"}' not in text


@pytest.mark.engine
def test_a_real_prometheus_keeps_what_is_recorded(tmp_path: Path) -> None:
    with running_prometheus(tmp_path, "global: {scrape_interval: 1h}", "--web.enable-otlp-receiver") as address:
        otlp.push(f"http://{address}", "touchline", gauges((GOOD, BELOW, NOTHING)))
        await_answer(f"http://{address}", 'touchline_coverage_ratio{area="api", job="touchline"} == 0.9')
        await_answer(f"http://{address}", "touchline_coverage_ratio < on (area) touchline_coverage_target_ratio")
        await_answer(f"http://{address}", "count(touchline_coverage_ratio) == 2")


def call(folder: Path, form: str, *arguments: str) -> Call:
    parser = argparse.ArgumentParser()
    coverage.add(parser)
    return Call(parser.parse_args(arguments), Show(form), SPEC, folder)  # type: ignore[arg-type]


def grounded(monkeypatch: pytest.MonkeyPatch, *figures: Figure) -> None:
    """The verb finds these figures."""
    plan, _ = plan_of(SPEC, "local", "local")
    assert plan is not None
    areas: list[Area] = [one.area for one in figures]
    monkeypatch.setattr(coverage, "_ground", lambda call: Ground(plan, "", "", 600))
    monkeypatch.setattr(coverage, "FIGURES", {area: FIGURES[area] for area in areas})
    monkeypatch.setattr(coverage, "measure", lambda ground, asked: tuple(one for one in figures if one.area in asked))


def test_the_gate_is_shut_below_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    grounded(monkeypatch, GOOD, BELOW, NOTHING)
    assert coverage.run(call(tmp_path, "text")) == 1
    said = capsys.readouterr()
    out = " ".join(said.out.split())
    assert "spec.yaml:7:3 GET / of web: its calls are not counted Instrument it." in out
    assert "api 9 of 10, 90 % >= 95 % below" in out
    assert "traces nothing to cover" in out
    assert "below target: api" in said.err
    assert coverage.run(call(tmp_path, "text", "--area", "business", "--area", "traces")) == 0


def test_json_is_all_that_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    grounded(monkeypatch, GOOD, BELOW, NOTHING)
    file = tmp_path / "coverage.prom"
    assert coverage.run(call(tmp_path, "json", "--write", str(file))) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["good"] is False
    api = next(one for one in told["figures"] if one["area"] == "api")
    assert (api["ratio"], api["covered"], api["counted"], api["reached"]) == (0.9, 9, 10, False)
    assert api["gaps"] == [{"what": GAP.what, "file": "spec.yaml", "line": 7, "column": 3, "fix": GAP.fix}]
    assert file.read_text(encoding="utf-8") == exposition((GOOD, BELOW, NOTHING))
    assert [path.name for path in tmp_path.iterdir()] == ["coverage.prom"]
