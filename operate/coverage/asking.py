"""Dashboards' queries as Grafana asks them. In: a dashboard and a query. Out: PromQL with a value for every variable: what is chosen when
somebody opens the dashboard.

Intervals follow Grafana's own arithmetic
(https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval)."""

from __future__ import annotations

from collections.abc import Mapping

from generators.ir.dashboards import Dashboard, Query, Variable
from generators.promql.grafana import interpolate
from operate.coverage.ground import Ground
from operate.live import http, queries

POINTS_OF_A_PANEL = 1000
"""About as many as a panel has pixels."""
SCRAPES_OF_A_RATE = 4


def chosen(ground: Ground, dashboard: Dashboard) -> dict[str, str]:
    """The value of each variable of a dashboard, and of Grafana's own for a look at the last seconds."""
    scrape = ground.plan.stack.scrape_interval
    step = max(scrape, ground.last // POINTS_OF_A_PANEL)
    rate = max(step + scrape, SCRAPES_OF_A_RATE * scrape)
    found = {"__interval": f"{step}s", "__interval_ms": f"{step * 1000}", "__rate_interval": f"{rate}s"}
    found |= {"__range": f"{ground.last}s", "__range_s": f"{ground.last}", "__range_ms": f"{ground.last * 1000}"}
    for variable in dashboard.variables:
        found[variable.name] = _value(ground, variable, found)
    return found


def _value(ground: Ground, variable: Variable, known: Mapping[str, str]) -> str:
    if variable.include_all:
        return variable.all_value
    if variable.options:
        return variable.options[0]
    series, label = label_values(variable, known)
    try:
        return next(iter(queries.values(ground.prometheus, label, series)), "")
    except http.Unreachable:
        return ""


def label_values(variable: Variable, known: Mapping[str, str]) -> tuple[str, str]:
    """What `label_values(series, label)` names, the series with its variables replaced; "" where it names none."""
    inner = variable.query.removeprefix("label_values(").removesuffix(")")
    series, _, label = inner.rpartition(",")
    return interpolate(series.strip(), known).text, label.strip()


def text(query: Query, values: Mapping[str, str]) -> str:
    """What Prometheus is asked."""
    return interpolate(query.expr, values).text
