"""An alert's annotations as people must read them. In: an alert and its labels and value at one moment of a test. Out: summary,
description and links, rendered, in every language of the project; or `Unforeseen`. The names of the annotations are stated here a
second time, from what the guides promise."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache

from generators import conventions as name
from generators.plan import Alert, Plan
from generators.promql import labels_of, parse
from generators.promql.syntax import Aggregation
from generators.proof.links import pages, traces
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


class Words:
    """Every annotation of one alert."""

    def __init__(self, plan: Plan, alert: Alert) -> None:
        self.plan, self.alert = plan, alert
        self._said: dict[tuple[frozenset[tuple[str, str]], float], dict[str, str]] = {}

    def at(self, moment: Moment) -> dict[str, str]:
        """As they read at a moment. Those that name no other series depend on the alert's labels and value alone."""
        if self.alert.worst:
            return self._spoken(moment)
        known = frozenset(moment.labels.items()), moment.value
        if known not in self._said:
            self._said[known] = self._spoken(moment)
        return self._said[known]

    def _spoken(self, moment: Moment) -> dict[str, str]:
        first, alert = self.plan.project.locale, self.alert
        found: dict[str, str] = {}
        for locale in self.plan.project.locales:
            texts = {name.SUMMARY: alert.summary[locale], name.DESCRIPTION: alert.description[locale]}
            for annotation, text in texts.items():
                found[name.localized(annotation, locale, first)] = rendered(text, moment.labels, moment.value)
            if alert.worst:
                found[name.localized(name.DESCRIPTION, locale, first)] += _worst(alert.worst, locale, moment)
        return found | self._links(moment.labels.get(name.SERVICE, ""))

    @cached_property
    def _by_series(self) -> bool:
        """Whether links choose the series' service (nothing, where there is no series), not the alert's own."""
        return labels_of(parse(self.alert.when)).may_have(name.SERVICE)

    def _links(self, service: str) -> dict[str, str]:
        """Runbook and dashboard; traces of a service that sends spans."""
        plan, alert = self.plan, self.alert
        own = f"service={alert.service.name}" if alert.service else ""
        chosen = f"service={service}" if self._by_series else own
        found = pages(plan, alert.name, alert.dashboard, chosen)
        return found | traces(plan, chosen) if any(one.traced for one in alert.services) else found


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
