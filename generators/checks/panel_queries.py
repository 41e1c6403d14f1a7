"""Queries of dashboards -> faults of meaning. In: a compilation and the facts of its rules. Out: what the checks of expressions that make
sense for a query find; each distinct query is judged once, however many panels ask it. What people choose in a dashboard is not
known: a finding that hangs on the value of a variable is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from generators.checks.dashboard_queries import asked, of_panels
from generators.checks.expressions import OF_ANY, no_such_bucket, out_of_range, short_range
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault, Written
from generators.ir.compiled import Compiled
from generators.ir.rules import RecordingRule
from generators.promql import ParseFault
from generators.promql.types import unit_of
from generators.record import dataclass

CHOSEN = {
    short_range.ID: re.compile(r"\[[^\]]*\$"),
    no_such_bucket.ID: re.compile(r"\ble\s*[=!]~?\s*\"[^\"]*\$"),
    out_of_range.ID: re.compile(r"[<>=]\s*\$"),
}
"""What a query looks like whose fault may be its reader's choice: a variable in a range, a bucket or a bound. Grafana's own is never
shorter than four scrapes: https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval."""

_PER_SECOND = ("ops", "reqps", "rps", "wps", "iops", "eps", "cps", "mps", "pps")
_PER_MINUTE = ("opm", "reqpm", "rpm", "wpm", "cpm", "epm", "mpm")
DRAWN: Mapping[str, str] = {
    **{
        "s": "seconds",
        "ms": "milliseconds",
        "µs": "microseconds",
        "ns": "nanoseconds",
        "m": "minutes",
        "h": "hours",
        "d": "days",
    },
    **{"percentunit": "ratio", "percent": "percent", "bytes": "bytes", "decbytes": "bytes", "bits": "bits", "decbits": "bits"},
    **dict.fromkeys(("Bps", "binBps"), "bytes per second"),
    **dict.fromkeys(("bps", "binbps"), "bits per second"),
    **dict.fromkeys(_PER_SECOND, "per second"),
    **dict.fromkeys(_PER_MINUTE, "per minute"),
}
"""What Grafana's unit ids say that a value is in (packages/grafana-data/src/valueFormats/categories.ts); of others nothing is known."""


@dataclass(frozen=True, slots=True)
class Question(Judged):
    """A query as the checks see it; its faults say who asks it."""

    who: str

    def fault_at(self, id: str, offset: int, what: str, fix: str) -> Fault:
        return Fault(id, self.at(offset), f"{self.who}: {what}", fix)


def of_dashboards(compiled: Compiled, facts: Facts) -> Iterator[Fault]:
    """Every fault of every distinct query, at the first panel that asks it; and of what it is drawn in."""
    yield from panel_units(compiled, facts)
    found = tuple(_questions(compiled, facts))
    for check in OF_ANY:
        open_to_choice = CHOSEN.get(check.ID)
        sure = (one for one in found if open_to_choice is None or not open_to_choice.search(one.rule.expr))
        yield from check.find(facts.asked(tuple(sure)))


def panel_units(compiled: Compiled, facts: Facts) -> Iterator[Fault]:
    """Every panel is drawn in the unit that its queries give: each of two units once for a query. Of a spread it is the unit of what was
    observed. A table says the unit of each column by itself."""
    told: set[tuple[Written, str]] = set()
    for dashboard in compiled.grafana.dashboards:
        for panel, one in of_panels(dashboard):
            drawn, tree = unit_of(DRAWN.get(panel.unit, "")), one.tree
            if drawn is None or panel.kind == "table" or isinstance(tree, ParseFault):
                continue
            found = facts.types(tree).result
            unit = found.observed if found.kind == "buckets" else found.unit
            if unit and not unit.same_as(drawn) and (one.written, panel.unit) not in told:
                told.add((one.written, panel.unit))
                what = f"{one.who}: it is drawn in {drawn} (`{panel.unit}`), and its query gives {unit}"
                yield Fault("panel-unit", one.written.where, what, "Convert the value, or give the panel its unit.")


def _questions(compiled: Compiled, facts: Facts) -> Iterator[Question]:
    seen: set[int] = set()
    for dashboard in compiled.grafana.dashboards:
        for one in asked(dashboard):
            tree = one.tree
            if not isinstance(tree, ParseFault) and id(tree) not in seen:
                seen.add(id(tree))
                text, where = one.written.text, one.written.where
                rule = RecordingRule("query", text, where=where, written=one.written)
                yield Question(rule, dashboard.uid, 0, tree, facts.types(tree), one.who)
