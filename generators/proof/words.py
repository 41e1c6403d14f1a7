"""An alert's annotations as people must read them. In: an alert and its labels and value at one moment of a test. Out: summary,
description and links, rendered, in every language of the project; or `Unforeseen`. The names of the annotations and the form of the
links are stated here a second time, from what the guides promise."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache

from generators import conventions as name
from generators.plan import Alert, Plan
from generators.promql import labels_of, parse
from generators.promql.syntax import Aggregation
from generators.proof.meaning.columns import NAME, Store, Unforeseen, Vector
from generators.proof.meaning.evaluate import vector
from generators.proof.templates import humanize, rendered
from generators.proof.trees import bare, literal
from generators.record import dataclass

_WORST = {"zh-CN": "最严重：", "en": "Worst: "}
_NAMED = re.compile(r"\{\{ \$labels\.(\w+) \}\}")


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of a test, with the value an alert has there, and the labels of its series (not those the alert adds)."""

    store: Store
    step: int
    labels: Mapping[str, str]
    value: float


def annotations_at(plan: Plan, alert: Alert, moment: Moment) -> dict[str, str]:
    """Every annotation of the alert."""
    first = plan.project.locale
    found: dict[str, str] = {}
    for locale in plan.project.locales:
        texts = {name.SUMMARY: alert.summary[locale], name.DESCRIPTION: alert.description[locale]}
        for annotation, text in texts.items():
            found[name.localized(annotation, locale, first)] = rendered(text, moment.labels, moment.value)
        if alert.worst:
            found[name.localized(name.DESCRIPTION, locale, first)] += _worst(alert.worst, locale, moment)
    return found | _links(plan, alert, _chosen(alert, moment.labels))


def _chosen(alert: Alert, labels: Mapping[str, str]) -> str:
    """What links choose by: the series' service (nothing, where there is no series), or the alert's own where the condition drops it;
    "" where there is no service to choose."""
    if labels_of(parse(alert.when)).may_have(name.SERVICE):
        return f"service={labels.get(name.SERVICE, '')}"
    return f"service={alert.service.name}" if alert.service else ""


def _links(plan: Plan, alert: Alert, chosen: str) -> dict[str, str]:
    """Runbook and dashboard; traces of a service that sends spans."""
    runbooks = plan.environment.external_urls.get("runbooks", "docs/runbooks").rstrip("/")
    found = {
        name.RUNBOOK_URL: f"{runbooks}/{alert.name}.md",
        name.DASHBOARD_URL: f"{_address(plan, 'grafana', 'http')}/d/{alert.dashboard}" + (f"?var-{chosen}" if chosen else ""),
    }
    if plan.tracing and any(one.traced for one in alert.services):
        found[name.TRACE_URL] = f"{_address(plan, 'jaeger', 'query')}/search" + (f"?{chosen}" if chosen else "")
    return found


def _address(plan: Plan, component: str, port: str) -> str:
    """Where people reach a component: as the environment says, else on this machine."""
    if component in plan.environment.external_urls:
        return plan.environment.external_urls[component].rstrip("/")
    part = plan.stack.components.get(component)
    return f"http://127.0.0.1:{part.ports[port][1]}" if part and port in part.ports else ""


def _worst(query: str, locale: str, moment: Moment) -> str:
    """The first rows of a topk() about this alert's series: labels and value of each."""
    rows, many = _rows(_NAMED.sub(lambda found: moment.labels.get(found[1], ""), query), moment.store)
    there = [(value, labels) for labels, column in rows.items() if (value := column[moment.step]) is not None]
    values = [value for value, _ in there]
    if any(math.isnan(value) for value in values) or len(set(values)) < len(values):
        raise Unforeseen("rows in no certain order")
    there.sort(key=lambda row: -row[0])
    told = "".join(f"{_of(dict(labels))}{humanize(value)}; " for value, labels in there[:many])
    return f" {_WORST.get(locale, _WORST['en'])}{told}"


@lru_cache(maxsize=16)
def _rows(query: str, store: Store) -> tuple[Vector, int]:
    """What a topk() chooses from, all over a test, and how many; the same is asked for every language and moment."""
    tree = bare(parse(query))
    if not isinstance(tree, Aggregation) or tree.op != "topk" or tree.param is None or tree.grouping:
        raise Unforeseen("a query that is no topk()")
    return vector(tree.expr, store), int(literal(tree.param) or 0)


def _of(labels: Mapping[str, str]) -> str:
    return "".join(f"{value} " for label, value in sorted(labels.items()) if label != NAME or value)
