"""The second layer of objectives: rates from recordings. In: a window. Out: tests of its burn rate, of what is left of a budget meant
for so long, and of how much of it has been seen. Recordings are given, four in a window and more before, of a pace that changes in
it; beside them SLOs with hardly any traffic and with none."""

from __future__ import annotations

from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import ExprCase, InputSeries, UnitTest
from generators.proof.flows import written
from generators.proof.slos.table import PARTS, TICKET_SECONDS, WHO, Leg, series, span

_HALF = PARTS // 2
_BEFORE = PARTS + 1
_SAMPLES = _BEFORE + PARTS
_RECORDINGS = {"page": (name.SLI_ERRORS, name.SLI_TOTAL), "ticket": (name.SLI_ERRORS_SUM, name.SLI_TOTAL_SUM)}

CHANGING, HARDLY, SILENT, ELSEWHERE = "changing", "hardly-any", "silent", "elsewhere"
_ERRORS: dict[str, tuple[Leg, ...]] = {
    CHANGING: ((_BEFORE, 8), (_HALF, 2), (_HALF, 15)),
    HARDLY: ((_SAMPLES, Decimal("0.001953125")),),
    SILENT: ((_SAMPLES, 0),),
}
_TOTAL: dict[str, tuple[Leg, ...]] = {
    CHANGING: ((_BEFORE, 400), (_HALF, 100), (_HALF, 300)),
    HARDLY: ((_SAMPLES, Decimal("0.0078125")),),
    SILENT: ((_SAMPLES, 0),),
}
"""Such that half the window, twice the window and the largest sample all say something else; the small ones are powers of two, and
less than one in all."""

_BUDGET, _SMALLER = Decimal("0.01"), Decimal("0.005")
_RATIO = {CHANGING: (2 * 2 + 2 * 15) / (2 * 100 + 2 * 300), HARDLY: 0.25}


def burn_rate(window: int, judged: str) -> UnitTest:
    """How fast budgets burn over a window: by its events alone, by the larger of two budgets, and not at all without traffic."""
    record, step = name.burn_rate(span(window)), window // PARTS
    expected = tuple((written(record, {name.SLO: slo}), repr(ratio / float(_BUDGET))) for slo, ratio in _RATIO.items())
    case = ExprCase(record, (_SAMPLES - 1) * step, expected)
    return UnitTest(f"burn rate over {span(window)}", step, _given(judged), exprs=(case,))


def remaining(window: int) -> UnitTest:
    """What is left of the budgets that are meant for this window, and of no others."""
    step = window // PARTS
    labels = {"window": span(window)}
    expected = tuple(
        (written(name.BUDGET_REMAINING, {name.SLO: slo, **labels}), repr(1 - ratio / float(_BUDGET)))
        for slo, ratio in _RATIO.items()
    )
    case = ExprCase(written(name.BUDGET_REMAINING, labels), (_SAMPLES - 1) * step, expected)
    given = (*_given("ticket"), *_given_to(ELSEWHERE, "ticket", CHANGING), *_meant(window))
    return UnitTest(f"budget left over {span(window)}", step, given, exprs=(case,))


def history(window: int) -> UnitTest:
    """How much of the window has been seen: four samples of a ticket's pace, whatever they say."""
    step = window // PARTS
    labels = {"window": span(window)}
    share = repr(PARTS * TICKET_SECONDS / window)
    expected = tuple((written(name.HISTORY, {name.SLO: slo, **labels}), share) for slo in _TOTAL)
    case = ExprCase(written(name.HISTORY, labels), (_SAMPLES - 1) * step, expected)
    given = (*_given("ticket"), *_given_to(ELSEWHERE, "ticket", CHANGING), *_meant(window))
    return UnitTest(f"history over {span(window)}", step, given, exprs=(case,))


def _given(judged: str) -> tuple[InputSeries, ...]:
    return tuple(one for slo in _TOTAL for one in _given_to(slo, judged, slo))


def _given_to(slo: str, judged: str, like: str) -> tuple[InputSeries, ...]:
    """An SLO's recordings, and its budget twice, as while it changes: the larger counts."""
    errors, total = _RECORDINGS[judged]
    labels = {name.SLO: slo}
    return (
        series(errors, labels, *_ERRORS[like]),
        series(total, labels, *_TOTAL[like]),
        series(name.ERROR_BUDGET, labels, (_SAMPLES, _BUDGET)),
        series(name.ERROR_BUDGET, {**labels, "before": "yes"}, (_SAMPLES, _SMALLER)),
    )


def _meant(window: int) -> tuple[InputSeries, ...]:
    """Which window each SLO is meant for: all this one, but for one."""
    meant = {slo: span(window) for slo in _TOTAL} | {ELSEWHERE: "1h"}
    return tuple(series(name.EVENT_FLOOR, {name.SLO: slo, **WHO, "window": own}, (_SAMPLES, 1)) for slo, own in meant.items())
