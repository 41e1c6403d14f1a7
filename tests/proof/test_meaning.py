"""What expressions mean, worked out here and by promtool: the same values at the same steps, whatever the series do."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from generators.emit import ruletests
from generators.ir.tests import ExprCase, TestFile, UnitTest
from generators.promql import parse
from generators.proof.flows import Flow, Inputs, Phase, key, play
from generators.proof.meaning.columns import Unforeseen
from generators.proof.meaning.evaluate import vector
from tests.emit.tools import need, run, write

STEP = 30
EXPRESSIONS = (
    "rate(c_total[2m])",
    "increase(c_total[5m])",
    "irate(c_total[2m])",
    "delta(g[5m])",
    "deriv(g[5m])",
    "predict_linear(g[5m], 3600)",
    "changes(g[4m])",
    "resets(c_total[4m])",
    *(f"{function}_over_time(g[3m])" for function in ("avg", "min", "max", "sum", "count", "last", "present")),
    "max_over_time(rate(c_total[1m])[5m:1m])",
    "g offset 2m",
    "rate(c_total[2m] offset 90s)",
    "sum by (job) (g)",
    "avg without (instance) (g)",
    "min by (job) (g) / max by (job) (g)",
    "count(g) - 1",
    "g > on (job) group_left () max by (job) (h)",
    "g and on (job) h > 3",
    "g or h",
    "h or g",
    "g unless on (job, instance) h",
    "10 - g",
    "g * 2 + 1",
    "-g",
    "abs(h - 5)",
    "time() - g",
    'absent(h{job="gone"})',
    "absent(g)",
    "g / (h > 0)",
    "histogram_quantile(0.9, sum by (le) (rate(x_bucket[2m])))",
    "g == 4",
    "vector(2) > 1",
    'g{instance!~"a|b"}',
)


def _phases() -> list[Phase]:
    def one(metric: str, instance: str, value: str, kind: str, **labels: str) -> Inputs:
        made = key(metric, {"job": "j", "instance": instance, **labels})
        return {made: Flow(Decimal(value), kind)}  # type: ignore[arg-type]

    def buckets(*counts: str) -> Inputs:
        bounds = ("0.1", "1.0", "5.0", "+Inf")
        return {
            it: flow
            for le, count in zip(bounds, counts, strict=True)
            for it, flow in one("x_bucket", "a", count, "rising", le=le).items()
        }

    first = one("c_total", "a", "3", "rising") | one("c_total", "b", "7.25", "rising") | one("g", "a", "4", "level")
    first |= (
        one("g", "b", "-0.5", "sloping")
        | one("h", "a", "2", "level")
        | one("g", "c", "3", "steps")
        | buckets("1", "2", "8", "10")
    )
    then = one("c_total", "a", "0", "rising") | one("g", "a", "6", "level") | one("g", "b", "0.25", "sloping")
    then |= one("h", "a", "5", "level") | one("h", "b", "0", "level") | buckets("0", "0", "3", "10")
    anew = {it: Flow(flow.value + 1, flow.kind, flow.base, reset=flow.kind == "rising") for it, flow in first.items()}
    return [Phase(13, first), Phase(14, then), Phase(3, {}), Phase(16, anew)]


@pytest.mark.engine
def test_every_value_is_promtool_s(tmp_path: Path) -> None:
    played = play(_phases(), STEP)
    cases = []
    for text in EXPRESSIONS:
        found = vector(parse(text), played.store)
        for at in range(played.store.steps):
            samples = [(dict(labels), column[at]) for labels, column in found.items()]
            told = tuple((_written(labels), repr(value)) for labels, value in samples if value is not None)
            cases.append(ExprCase(text, at * STEP, told))
    files = [TestFile("meaning", (), STEP, (UnitTest("meaning", STEP, played.series, exprs=tuple(cases)),))]
    texts = ruletests.emit(files)
    loose = {
        path: text.replace("evaluation_interval", "fuzzy_compare: true\nevaluation_interval") for path, text in texts.items()
    }
    write(
        tmp_path,
        {path: text.replace("value: nan", "value: NaN").replace("value: inf", "value: Inf") for path, text in loose.items()},
    )
    answer = run([need("promtool"), "test", "rules", str(tmp_path / "prometheus/tests/meaning.yml")])
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[:3000]


def _written(labels: dict[str, str]) -> str:
    metric = labels.pop("__name__", "")
    return key(metric, labels).text


@pytest.mark.parametrize(
    "text", ["topk(1, g)", 'label_replace(g, "a", "b", "c", "d")', "g @ 5", "quantile(0.5, g)", "g == bool 1"]
)
def test_what_is_not_worked_out_is_said(text: str) -> None:
    with pytest.raises(Unforeseen):
        vector(parse(text), play(_phases(), STEP).store)
