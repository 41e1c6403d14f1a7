"""A range that holds too few samples. In: rules. Out: faults at ranges of rates shorter than four scrapes of the series they
read: one scrape that comes late or fails, and the rate is gone."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import called
from generators.checks.expressions.facts import Facts
from generators.fault import Fault
from generators.promql.literals import duration_text
from generators.promql.syntax import NANOSECONDS, Duration, MatrixSelector, VectorSelector
from generators.promql.walk import metric_of

ID = "short-range"
_NEED_SEVERAL = frozenset(
    ["rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "double_exponential_smoothing"]
)
SCRAPES = 4


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        for node, _ in one.types.items():
            call = called(node, _NEED_SEVERAL)
            window = call.args[0] if call else None
            if call is None or not isinstance(window, MatrixSelector) or not isinstance(window.range, Duration):
                continue
            every = _interval(facts, window.selector)
            if every and window.range.seconds < SCRAPES * every:
                least, step = (duration_text(seconds * NANOSECONDS) for seconds in (SCRAPES * every, every))
                what = f"{call.function}() looks back {duration_text(window.range.nanoseconds)}, and a sample comes every {step}"
                yield one.fault(ID, window, what, f"Look back at least four samples: [{least}].")


def _interval(facts: Facts, selector: VectorSelector) -> int | None:
    """Seconds between the samples of what is selected, as far as that is known."""
    recorded = facts.recorded_every.get(metric_of(selector) or "")
    if recorded is not None:
        return recorded
    named = [one.value for one in selector.matchers if one.name in ("service", "job") and one.op == "="]
    return next(
        (facts.settings.intervals[name] for name in named if name in facts.settings.intervals), facts.settings.scrape_interval
    )
