"""How long history must be kept. In: the spec's retention, and everything that looks back. Out: one fault for each retention that is
shorter than the longest window that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generators.plan import Alert, Slo
from generators.promql import ParseFault, longest_lookback, parse
from generators.resolve.context import Context
from generators.resolve.panels import VARIABLE_RANGE
from generators.slo import TIERS, text_of
from generators.spec.model import Panel

_DAY = 86400
_BAND_OFFSET = 3600
"""An adaptive band leaves out the newest hour."""


def check_retention(context: Context, slos: tuple[Slo, ...], alerts: tuple[Alert, ...]) -> None:
    """A day to spare beyond the longest window: Prometheus drops whole blocks."""
    longest, reader = max(_windows(context, slos, alerts), default=(0, ""))
    seen = set()
    for name, environment in context.spec.environments.items():
        retention = environment.retention or context.spec.stack.retention
        place = ("environments", name, "retention") if environment.retention else ("stack", "retention")
        if retention < longest + _DAY and place not in seen:
            seen.add(place)
            what = f"retention is {text_of(retention)}, but {reader} looks back {text_of(longest)} and needs a day to spare"
            fix = f"Keep at least {-(-longest // _DAY) + 1}d, or shorten the window."
            context.fault("retention", context.where(*place), what, fix)


def _windows(context: Context, slos: tuple[Slo, ...], alerts: tuple[Alert, ...]) -> Iterator[tuple[int, str]]:
    for slo in slos:
        yield max(slo.window, *(tier.long for tier in TIERS)), f"the objective '{slo.id}'"
    for alert in alerts:
        yield _look_back(alert.when), f"the alert '{alert.name}'"
        if alert.enough:
            yield alert.enough.over + _look_back(alert.enough.selector), f"the guard of the alert '{alert.name}'"
        if alert.anomaly:
            yield alert.anomaly.history + _BAND_OFFSET, f"the band of the alert '{alert.name}'"
    for panel in _panels(context):
        for text in (panel.query, *(one.query for one in panel.queries)):
            yield _look_back(text or "0"), f"the panel '{next(iter(panel.title.values()), '')}'"


def _panels(context: Context) -> Iterator[Panel]:
    yield from context.spec.panels
    for dashboard in context.spec.dashboards.values():
        for row in dashboard.rows:
            yield from row.panels


def _look_back(text: str) -> int:
    """Seconds before now that an expression reads; 0 for what is no PromQL, which is said elsewhere."""
    try:
        return int(longest_lookback(parse(re.sub(VARIABLE_RANGE, "5m", text))).seconds)
    except ParseFault:
        return 0
