"""Rendering of templates beside promtool's: every function and every form of number, in one alert each."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from generators.proof.meaning.columns import Unforeseen
from generators.proof.templates import FUNCTIONS, rendered
from tests.emit.tools import need, run

VALUES = (
    *(0.0, 1.0, -1.0, 0.5, 0.123456, 1234.5, 123456789.0, 1e15, 2.5e-5, 0.00012345, 59.94, 60.0, 61.5),
    *(-61.5, 3599.0, 3661.0, 86400.0, 1209600.25, 1e12, 999.96, 1e-30, float("inf"), float("nan")),
)
TEXTS = ("{{ $value }}", "of {{ $labels.job }}{{ $labels.missing }}", *(f"{{{{ $value | {name} }}}}" for name in FUNCTIONS))


def _number(value: float) -> str:
    return {"inf": "Inf", "nan": "NaN"}.get(str(value), repr(value))


@pytest.mark.engine
def test_texts_read_as_prometheus_renders_them(tmp_path: Path) -> None:
    alerts, cases, series = [], [], []
    for number, value in enumerate(VALUES):
        series.append({"series": f'm{{job="j",n="{number}"}}', "values": _number(value)})
        alerts.append(
            {
                "alert": f"A{number}",
                "expr": f'm{{n="{number}"}}',
                "annotations": {f"t{place}": text for place, text in enumerate(TEXTS)},
            }
        )
        words = {f"t{place}": rendered(text, {"job": "j"}, value) for place, text in enumerate(TEXTS)}
        expected = [{"exp_labels": {"job": "j", "n": str(number)}, "exp_annotations": words}]
        cases.append({"eval_time": "0s", "alertname": f"A{number}", "exp_alerts": expected})
    rules = {"groups": [{"name": "g", "rules": alerts}]}
    test = {"interval": "1m", "input_series": series, "alert_rule_test": cases}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (tmp_path / "test.yml").write_text(yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [test]}), encoding="utf-8")
    answer = run([need("promtool"), "test", "rules", str(tmp_path / "test.yml")])
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "text", ["{{ $value | printf }}", "{{ query `up` }}", "{{ if $value }}x{{ end }}", "{{ $labels.x | title }}"]
)
def test_what_cannot_be_foreseen_is_not_guessed(text: str) -> None:
    with pytest.raises(Unforeseen):
        rendered(text, {}, 1.0)
