"""Every expression of a stack, with who asks it and where it was written. In: the Ground. Out: those of rules, of dashboards (variables
replaced as Grafana does) and of runbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from generators.fault import NOWHERE, Where, Written
from generators.ir.dashboards import Dashboard, ForeignDashboard
from generators.ir.rules import AlertingRule, Rule
from generators.promql import Expr, ParseFault, parse, selectors
from generators.promql.grafana import interpolate
from generators.promql.syntax import Span, VectorSelector
from generators.promql.walk import replace as changed
from operate.coverage.asking import chosen, label_values, text
from operate.coverage.ground import Ground

_CHOSEN = re.compile(r"label_values\(.*,.*\)", re.DOTALL)
ANY = ".*"


@dataclass(frozen=True, slots=True)
class Use:
    """One expression: its tree, who asks it, and the place of each of its parts."""

    tree: Expr
    who: str
    where: Where
    written: Written | None = None
    shift: int = 0

    def at(self, span: Span) -> Where:
        """The place in the spec of a part of the expression; that of the whole where the part was added by the compiler."""
        if self.written is None or not 0 <= span.start - self.shift < len(self.written.text):
            return self.where
        return self.written.at(span.start - self.shift)

    def selectors(self) -> Iterator[tuple[VectorSelector, Where]]:
        """Its vector selectors, each with its place."""
        return ((each, self.at(each.span)) for each in selectors(self.tree))


def every(ground: Ground) -> Iterator[Use]:
    """All of them."""
    yield from of_rules(ground)
    for dashboard in ground.grafana.dashboards:
        yield from of_dashboard(ground, dashboard)
    for foreign in ground.grafana.foreign:
        yield from _of_foreign(foreign)
    yield from _of_runbooks(ground)


def of_rules(ground: Ground) -> Iterator[Use]:
    """Conditions and recordings, and what the annotations of an alert ask (`worst`)."""
    for file, _, rule in ground.rules:
        yield of_rule(file, rule)
    for alert in ground.plan.alerts:
        if alert.worst:
            yield Use(_untemplated(parse(alert.worst)), f"the worst of {alert.name}", alert.where)


def of_rule(file: str, rule: Rule) -> Use:
    """The expression of one rule; where it holds what people wrote, parts of it have their own places."""
    who = f"alert {rule.alert}" if isinstance(rule, AlertingRule) else f"recording {rule.record}"
    shift = rule.expr.find(rule.written.text) if rule.written else -1
    where = rule.where if rule.where != NOWHERE else Where(file)
    return Use(parse(rule.expr), f"{who} in {file}", where, rule.written if shift >= 0 else None, max(shift, 0))


def _untemplated(tree: Expr) -> Expr:
    """Without the matchers whose values an alert fills in."""

    def change(node: Expr) -> Expr:
        if not isinstance(node, VectorSelector):
            return node
        return replace(node, matchers=tuple(one for one in node.matchers if "{{" not in one.value))

    return changed(tree, change)


def of_dashboard(ground: Ground, dashboard: Dashboard) -> Iterator[Use]:
    """Queries of panels, annotations, and series that variables take their values from."""
    values = chosen(ground, dashboard)
    file = Where(f"grafana/dashboards/{dashboard.uid}.json")
    for row in dashboard.rows:
        for panel in row.panels:
            for query in panel.queries:
                if query.datasource == "prometheus":
                    where = query.written.where if query.written else panel.where if panel.where != NOWHERE else file
                    yield Use(parse(text(query, values)), f"panel '{panel.title}' of {dashboard.uid}", where)
    for annotation in dashboard.annotations:
        expr = interpolate(annotation.expr, values).text
        yield Use(parse(expr), f"annotation '{annotation.name}' of {dashboard.uid}", file)
    for variable in dashboard.variables:
        if _CHOSEN.fullmatch(variable.query):
            yield Use(parse(label_values(variable, values)[0]), f"variable ${variable.name} of {dashboard.uid}", file)


def _of_foreign(foreign: ForeignDashboard) -> Iterator[Use]:
    """What a mixin's dashboard asks, everything chosen."""
    known = {str(each.get("name")): ANY for each in (foreign.model.get("templating") or {}).get("list", ())}
    for expr in _exprs(foreign.model.get("panels") or ()):
        try:
            yield Use(parse(interpolate(expr, known).text), f"the mixin's dashboard '{foreign.title}'", foreign.where)
        except ParseFault:
            continue  # the compiler has refused it, with its place


def _exprs(found: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for panel in found:
        targets, inner = panel.get("targets"), panel.get("panels")
        yield from (one["expr"] for one in (targets if isinstance(targets, list) else ()) if isinstance(one.get("expr"), str))
        yield from _exprs(inner if isinstance(inner, list) else ())


def _of_runbooks(ground: Ground) -> Iterator[Use]:
    places = {alert.name: alert.where for alert in ground.plan.alerts}
    for page in ground.runbooks:
        file = f"docs/runbooks/{page.alert}.md"
        for number, step in enumerate(page.sections[0].steps, 1):
            yield Use(parse(step.expr), f"step {number} of {file}", places.get(page.alert, Where(file)))
