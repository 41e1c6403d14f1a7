"""The words of alerts: numbers said once, templates that Prometheus can expand, notes whose alert is there."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from generators.build import build
from generators.resolve.words import measured, template_faults
from tests.compiler.specs import SHIPPED

BASE = Path(__file__).parents[1] / "refusals" / "base"


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        ("2", "seconds", "2 s", "2 秒"),
        ("0.5", "seconds", "0.5 s", "0.5 秒"),
        ("90", "seconds", "90 s", "90 秒"),
        ("300", "seconds", "5 min", "5 分钟"),
        ("5400", "seconds", "90 min", "90 分钟"),
        ("1209600", "seconds", "14 d", "14 天"),
        ("2000", "milliseconds", "2 s", "2 秒"),
        ("0.85", "ratio", "85%", "85%"),
        ("0.1", "per second", "0.1 per second", "每秒 0.1"),
        ("10000", "", "10000", "10000"),
    ],
)
def test_a_number_is_said_with_its_unit(value: str, unit: str, en: str, zh: str) -> None:
    assert (measured(Decimal(value), unit, "en"), measured(Decimal(value), unit, "zh-CN")) == (en, zh)


@pytest.mark.parametrize(
    "text",
    [
        "{{ $value | humanizePercentage }} of {{ $labels.service }}",
        '{{ range query "up == 0" }}{{ .Labels.instance }} {{ .Value | printf "%.1f" }}{{ end }}',
        "{{ with $x := first (query `up`) }}{{ . | value | humanize }}{{ else }}none{{ end }}",
        "more than {bound} for {for}",
        "no template at all: 5 } and { 6",
    ],
)
def test_what_prometheus_expands_is_accepted(text: str) -> None:
    assert list(template_faults(text)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ $value | humanise }}", "calls 'humanise'"),
        ("{{ $labels.country }", "does not end"),
        ("$value }} of", "does not end"),
        ("more than {limit}", "placeholder '{limit}'"),
    ],
)
def test_what_prometheus_would_refuse_is_told(text: str, said: str) -> None:
    ((what, fix),) = template_faults(text)
    assert said in what
    assert fix


def test_the_bound_of_an_alert_is_said_once(tmp_path: Path) -> None:
    """README's walk-through: change the number in the condition, and every word follows."""
    texts = {}
    for bound in ("2", "1.5"):
        spec = tmp_path / bound / "football.yaml"
        shutil.copytree(SHIPPED.parent, spec.parent)
        spec.write_text(spec.read_text(encoding="utf-8").replace("[5m]))) > 2\n", f"[5m]))) > {bound}\n"), encoding="utf-8")
        files = build(spec).files
        texts[bound] = files["prometheus/rules/football-prediction.yml"] + files["docs/runbooks/HighAPILatency.md"]
    assert texts["1.5"] != texts["2"]
    for said in ("target is below {} s", "目标是 {} 秒以内", "takes more than {} s", "超过 {} 秒"):
        assert said.format("2") in texts["2"]
        assert said.format("1.5") in texts["1.5"]
        assert said.format("2") not in texts["1.5"]


def test_a_note_whose_alert_is_gone_is_told_and_kept(tmp_path: Path) -> None:
    shutil.copytree(BASE, tmp_path / "spec")
    notes = tmp_path / "docs" / "runbooks" / "notes"
    notes.mkdir(parents=True)
    for name in ("ServiceDown", "ServiceDow"):
        (notes / f"{name}.md").write_text("ask Ann\n", encoding="utf-8")
    result = build(tmp_path / "spec" / "whole.yaml")
    assert [str(fault) for fault in result.faults] == [
        "docs/runbooks/notes/ServiceDow.md:1:1: warning[orphaned-note]: no alert is called 'ServiceDow', whose note this is. "
        "Did you mean 'ServiceDown'?"
    ]
    assert not result.failed
    assert "ask Ann" in result.files["docs/runbooks/ServiceDown.md"]
    rules = tmp_path / "prometheus" / "rules"
    rules.mkdir(parents=True)
    for name in ("any", "corner-shop"):
        (rules / f"{name}.yml").write_text("", encoding="utf-8")
    assert build(tmp_path / "spec" / "whole.yaml").faults == (), "the notes are another project's"
    (rules / f"{result.compiled.project if result.compiled else ''}.yml").write_text("", encoding="utf-8")
    assert build(tmp_path / "spec" / "whole.yaml").faults == result.faults
