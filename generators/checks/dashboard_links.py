"""Where links lead. In: a compilation. Out: faults of links between dashboards, and from alerts to dashboards, that lead nowhere or
set what is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from generators.checks.dashboards import panels, place
from generators.fault import Fault, Where
from generators.ir.compiled import Compiled
from generators.ir.dashboards import Dashboard, Link
from generators.ir.rules import AlertingRule

DASHBOARD_PATH = re.compile(r"^/d/([^/?]+)")
DASHBOARD_URL = "dashboard_url"
"""The annotation of an alert that leads to a dashboard."""
IN_A_URL = re.compile(r"/d/([^/?]+)(?:\?|$)")

Check = Callable[[Compiled], Iterable[Fault]]


def _all_links(dashboard: Dashboard) -> Iterator[tuple[Link, Where]]:
    for link in dashboard.links:
        yield link, dashboard.where
    for _, panel in panels(dashboard):
        for link in (*panel.links, *panel.data_links, *(link for column in panel.columns for link in column.data_links)):
            yield link, place(panel.where, dashboard.where)


def links(compiled: Compiled) -> Iterator[Fault]:
    """A link within Grafana leads to a dashboard that exists, and sets variables that it has."""
    grafana = compiled.grafana
    targets = {each.uid: frozenset(variable.name for variable in each.variables) for each in grafana.dashboards}
    every = {*targets, *(each.uid for each in grafana.foreign)}
    for dashboard in grafana.dashboards:
        for link, where in _all_links(dashboard):
            uid = DASHBOARD_PATH.match(link.url)
            if uid is None or "$" in uid[1]:
                continue
            if uid[1] not in every:
                what = f"the link '{link.title}' of '{dashboard.title}' leads to the dashboard '{uid[1]}', which does not exist"
                yield Fault("dashboard-link", where, what, f"There are: {', '.join(sorted(every))}.")
            for name in _set_by(link.url) - targets.get(uid[1], _set_by(link.url)):
                what = f"the link '{link.title}' of '{dashboard.title}' sets ${name}, which '{uid[1]}' does not have"
                yield Fault("dashboard-link", where, what, "Take it out of the link, or add the variable there.")


def _set_by(url: str) -> frozenset[str]:
    keys = (key for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return frozenset(key.removeprefix("var-") for key in keys if key.startswith("var-"))


def alert_links(compiled: Compiled) -> Iterator[Fault]:
    """An alert leads to a dashboard that exists."""
    grafana = compiled.grafana
    every = {each.uid for each in grafana.dashboards} | {each.uid for each in grafana.foreign}
    rules = (rule for file in compiled.rule_files for group in file.groups for rule in group.rules)
    for rule in rules:
        uid = IN_A_URL.search(rule.annotations.get(DASHBOARD_URL, "")) if isinstance(rule, AlertingRule) else None
        if isinstance(rule, AlertingRule) and uid and "{" not in uid[1] and uid[1] not in every:
            what = f"the alert '{rule.alert}' leads to the dashboard '{uid[1]}', which does not exist"
            yield Fault("dashboard-link", rule.where, what, f"There are: {', '.join(sorted(every))}.")


CHECKS: tuple[Check, ...] = (links, alert_links)
