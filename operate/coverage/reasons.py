"""Why a selector matches nothing, where that is no fault of the monitoring. In: the Ground and a selector. Out: one of four reasons with
its words, or none. What can be derived is derived: an exporter that this engine cannot run, an offset beyond the stack's age, a recording
whose own sources have a reason. The rest stands beside the metric, under `appears`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from generators.ir.contract import Appears, Only
from generators.ir.rules import AlertingRule, RecordingRule
from generators.promql import Expr, parse, selectors, text_of
from generators.promql.syntax import Matcher, VectorSelector
from generators.promql.walk import metric_of
from generators.slo import text_of as length
from operate.coverage.ground import Ground
from operate.live import queries

OF_ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
STATES = ("firing", "pending")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why nothing is there. `proved`: not taken on anybody's word, nor from what is young: it follows from the rules that run, or from what
    this engine cannot run."""

    code: Only
    because: str
    proved: bool = False


class Reasons:
    """Asks Prometheus for each distinct selector once."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._matches: dict[str, bool] = {}
        self._recorded: dict[str, list[tuple[RecordingRule, int]]] = {}
        for _, group, rule in ground.rules:
            if isinstance(rule, RecordingRule):
                self._recorded.setdefault(rule.record, []).append((rule, group.interval))

    def matches(self, selector: VectorSelector) -> bool:
        """Whether a series had a sample within the time (before its offset)."""
        text = text_of(selector)
        if text not in self._matches:
            bare = text_of(replace(selector, offset=None))
            shift = text[len(bare) :] if selector.offset else ""
            expr = f"count(last_over_time({bare}[{self.ground.last}s]{shift}))"
            self._matches[text] = bool(queries.instant(self.ground.prometheus, expr))
        return self._matches[text]

    def of(self, selector: VectorSelector, path: frozenset[str] = frozenset()) -> Reason | None:
        """Why the selector, which matches nothing, need not."""
        name = metric_of(selector) or ""
        metric = self.ground.contract.by_series.get(name)
        if metric is None:
            return None
        if name in OF_ALERTS:
            return self._of_alerts(selector)
        if reason := self._away(metric.source) or self._said(selector):
            return reason
        if selector.offset is not None and self.matches(replace(selector, offset=None)):
            return Reason("history", f"it reads {text_of(selector).rpartition(' offset ')[2]} back, and the stack is younger")
        return self._of_recording(name, path) if name in self._recorded and name not in path else None

    def _said(self, selector: VectorSelector) -> Reason | None:
        """What stands beside the metric."""
        metric = self.ground.contract.by_series.get(metric_of(selector) or "")
        if metric and metric.name in OF_ALERTS:
            return self._of_alerts(selector)
        found = (one for one in metric.appears if _speaks_of(one, selector)) if metric else iter(())
        return next((Reason(one.only, one.because) for one in found), None)

    def of_expression(self, tree: Expr, path: frozenset[str] = frozenset()) -> Reason | None:
        """Why an expression has no value: the reason of the first of its selectors that matches nothing and has one; or that matches what
        comes and goes, of which nothing can be expected at a given moment."""
        return next(self._reasons(tree, path), None)

    def _reasons(self, tree: Expr, path: frozenset[str]) -> Iterator[Reason]:
        for selector in selectors(tree):
            reason = self._said(selector) if self.matches(selector) else self.of(selector, path)
            if reason:
                yield reason

    def _of_recording(self, name: str, path: frozenset[str]) -> Reason | None:
        """A recording has no series where its sources have none, or its group has not yet been evaluated, or not since they have any."""
        rules = self._recorded[name]
        running = self.ground.running.get(name, ())
        if running and not any(one.evaluated for one in running):
            return Reason("history", f"its group records every {length(rules[0][1])}, and has not yet")
        silent = running and all(one.health == "ok" for one in running) and not self.matches(VectorSelector(name))
        if silent and any(queries.instant(self.ground.prometheus, rule.expr) for rule, _ in rules):
            return Reason("history", f"its group records every {length(rules[0][1])}; what it reads came after the last time")
        return next(
            (reason for rule, _ in rules if (reason := self.of_expression(parse(rule.expr), path | {name}))),
            None,
        )

    def _of_alerts(self, selector: VectorSelector) -> Reason | None:
        """Prometheus writes these series itself while an alert is pending or fires: one that runs must fit."""
        for _, _, rule in self.ground.rules:
            if isinstance(rule, AlertingRule) and rule.alert in self.ground.running and _may_be(selector, rule):
                return Reason("fault", f"{rule.alert}, for one, has such series, while it is pending or fires", proved=True)
        return None

    def _away(self, source: str) -> Reason | None:
        """All services that could export it are out of this engine's reach."""
        plan = self.ground.plan
        exporters = [one for one in plan.services if one.kind == source or one.name in source.split(",")]
        away = [self.ground.away(one) for one in exporters]
        return Reason("containers", away[0], proved=True) if away and all(away) else None


def _may_be(selector: VectorSelector, rule: AlertingRule) -> bool:
    """Whether a series of the alert can match. Labels that its condition brings along are not known here, and may be anything."""
    states = ({"alertstate": state, "alertname": rule.alert, **rule.labels} for state in STATES)
    return any(all(_fits(one, labels) for one in selector.matchers if one.name in labels) for labels in states)


def _fits(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    value = labels[matcher.name]
    equal = value == matcher.value if matcher.op in ("=", "!=") else re.fullmatch(matcher.value, value) is not None
    return equal == (matcher.op in ("=", "=~"))


def _speaks_of(one: Appears, selector: VectorSelector) -> bool:
    """Whether the exception is for this selector: its labels are asked for by just these values."""
    asked = {matcher.name: matcher.value for matcher in selector.matchers if matcher.op in ("=", "=~")}
    return all(asked.get(label) == value for label, value in one.labels.items())
