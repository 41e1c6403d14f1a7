"""What is wrong with the queries of dashboards. In: a compilation. Out: faults of queries, variables and annotations that are no
PromQL or name a metric or label that nobody exports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from generators.checks.dashboards import panels, place
from generators.fault import Fault, Written
from generators.ir.compiled import Compiled
from generators.ir.contract import Metric
from generators.ir.dashboards import Dashboard, Panel, Query
from generators.promql import Expr, Labels, ParseFault, labels_of, parse_query, selectors, variables_in
from generators.promql.syntax import Aggregation, Call, StringLiteral
from generators.promql.walk import labels_named, metric_of, walk
from generators.record import dataclass

LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<series>.+?)\s*,\s*)?(?P<label>[A-Za-z_]\w*)\s*\)", re.DOTALL)
IN_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
OF_EVERY_SCRAPE = frozenset({"job", "instance", "__name__"})
EXAMPLE = "x"

_Wrong = tuple[int, str, str]
Check = Callable[[Compiled], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its text with its place, who asks it, and a value for each variable in it."""

    written: Written
    who: str
    values: tuple[tuple[str, str], ...]

    @property
    def tree(self) -> Expr | ParseFault:
        """The tree, or why there is none; spans are those of the text as written."""
        return _tree(self.written.text, self.values)


@lru_cache(maxsize=4096)
def _tree(text: str, values: tuple[tuple[str, str], ...]) -> Expr | ParseFault:
    """Each distinct query is parsed once, for all that is asked of it."""
    try:
        return parse_query(text, dict(values))
    except ParseFault as fault:
        return fault.with_traceback(None)


def asked(dashboard: Dashboard) -> Iterator[Asked]:
    """Every query of a dashboard to Prometheus."""
    examples = _examples(dashboard)
    yield from (one for _, one in of_panels(dashboard))
    for annotation in dashboard.annotations:
        who = f"the annotation '{annotation.name}' of '{dashboard.title}'"
        yield Asked(Written(annotation.expr, dashboard.where), who, _values(annotation.expr, examples))


def of_panels(dashboard: Dashboard) -> Iterator[tuple[Panel, Asked]]:
    """Those of its panels."""
    examples = _examples(dashboard)
    for _, panel in panels(dashboard):
        for query in panel.queries:
            if query.datasource == "prometheus":
                yield panel, _asked(dashboard, panel, query, examples)


def _asked(dashboard: Dashboard, panel: Panel, query: Query, examples: Mapping[str, str]) -> Asked:
    where = query.written or Written(query.expr, place(query.where, panel.where, dashboard.where))
    return Asked(where, f"the panel '{panel.title}' of '{dashboard.title}'", _values(query.expr, examples))


def _examples(dashboard: Dashboard) -> Mapping[str, str]:
    return {variable.name: (variable.options or (EXAMPLE,))[0] for variable in dashboard.variables}


def _values(text: str, examples: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A value for every variable in the text: that one is not defined is said elsewhere, once."""
    return tuple((name, examples.get(name, EXAMPLE)) for name in variables_in(text) if not name.startswith("__"))


def queries(compiled: Compiled) -> Iterator[Fault]:
    """Every query parses and names only metrics and labels of the contract."""
    target_labels = _target_labels(compiled)
    judged: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[_Wrong, ...]] = {}
    for dashboard in compiled.grafana.dashboards:
        for one in asked(dashboard):
            query = (one.written.text, one.values)
            if query not in judged:
                judged[query] = tuple(_wrong(one.tree, compiled.contract.by_series, target_labels))
            for offset, what, fix in judged[query]:
                yield Fault("dashboard-query", one.written.at(offset), f"{one.who} {what}", fix)


def _wrong(tree: Expr | ParseFault, contract: Mapping[str, Metric], target_labels: frozenset[str]) -> Iterator[_Wrong]:
    """What is wrong with one query: at which character, what, and how to mend it."""
    if isinstance(tree, ParseFault):
        yield from ((each.span.start, f"cannot be asked: {each.what}", each.fix) for each in tree.faults)
    else:
        yield from ((0, what, fix) for what, fix in _unknown(tree, contract, target_labels))


def variable_queries(compiled: Compiled) -> Iterator[Fault]:
    """Every variable asks for the values of a label that the series it names carry."""
    target_labels = _target_labels(compiled)
    for dashboard in compiled.grafana.dashboards:
        for variable in dashboard.variables:
            found = LABEL_VALUES.fullmatch(variable.query)
            if not variable.query and variable.options:
                continue
            who = f"the variable ${variable.name} of '{dashboard.title}'"
            if found is None:
                yield Fault("dashboard-query", dashboard.where, f"{who} asks nothing known", "Write label_values(metric, label).")
            elif found["series"]:
                for what, fix in _unknown_values(found["series"], found["label"], compiled, target_labels, _examples(dashboard)):
                    yield Fault("dashboard-query", dashboard.where, f"{who} {what}", fix)


def _unknown_values(
    series: str, label: str, compiled: Compiled, target_labels: frozenset[str], examples: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    try:
        tree = parse_query(series, examples)
    except ParseFault as fault:
        yield f"cannot be asked: {fault.what}", fault.fix
        return
    faults = tuple(_unknown(tree, compiled.contract.by_series, target_labels))
    yield from faults
    names = {name for selector in selectors(tree) if (name := metric_of(selector))}
    if not faults and not any(label in _labels(name, compiled.contract.by_series[name], target_labels) for name in names):
        yield f"asks for the label '{label}', which {', '.join(sorted(names))} does not carry", "Ask for one that it carries."


def _target_labels(compiled: Compiled) -> frozenset[str]:
    of_targets = (target.labels for job in compiled.prometheus.jobs for target in job.targets)
    return OF_EVERY_SCRAPE.union(*of_targets)


def _labels(series: str, metric: Metric, target_labels: frozenset[str]) -> frozenset[str]:
    buckets = {"le"} if metric.kind == "histogram" and series.endswith("_bucket") else set()
    quantiles = {"quantile"} if metric.kind == "summary" and series == metric.name else set()
    return target_labels.union(metric.labels, buckets, quantiles)


def _unknown(tree: Expr, contract: Mapping[str, Metric], target_labels: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What the query names that nobody exports: metrics, labels in matchers, labels that no selected series could carry."""
    carried: set[str] = set()
    told: set[str] = set()
    for selector in selectors(tree):
        name = metric_of(selector)
        metric = contract.get(name) if name else None
        if metric is None or name is None:
            what = f"names the metric '{name}', which is not in the contract" if name else "selects series of no named metric"
            yield what, "Declare it under `metrics:`, or mend the name."
            continue
        labels = _labels(name, metric, target_labels)
        carried |= labels
        for matcher in selector.matchers:
            if matcher.name not in labels:
                told.add(matcher.name)
                yield (
                    f"selects {name} by the label '{matcher.name}', which it does not carry",
                    f"It carries: {', '.join(sorted(labels))}.",
                )
    for label in labels_named(tree):
        if carried and label not in carried.union(told, _made(tree)):
            yield f"reads the label '{label}', which none of its series carries", f"They carry: {', '.join(sorted(carried))}."


def _made(tree: Expr) -> Iterator[str]:
    """The labels that the query itself makes."""
    for node in walk(tree):
        if (
            isinstance(node, Call)
            and node.function in ("label_replace", "label_join")
            and isinstance(node.args[1], StringLiteral)
        ):
            yield node.args[1].value
        elif isinstance(node, Aggregation) and isinstance(node.param, StringLiteral):
            yield node.param.value


def legends(compiled: Compiled) -> Iterator[Fault]:
    """A legend and a table's columns read only labels that the answer can have."""
    for dashboard in compiled.grafana.dashboards:
        examples = _examples(dashboard)
        for _, panel in panels(dashboard):
            columns = [column.field for column in panel.columns if not column.field.startswith("Value")]
            reading = [(query, IN_LEGEND.findall(query.legend)) for query in panel.queries if query.datasource == "prometheus"]
            answers = [
                _answer(_asked(dashboard, panel, query, examples).tree) if columns or read else Labels()
                for query, read in reading
            ]
            for (query, read), labels in zip(reading, answers, strict=True):
                for label in read:
                    if not labels.may_have(label):
                        what = (
                            f"the legend of the panel '{panel.title}' of '{dashboard.title}' reads '{label}', which no series has"
                        )
                        where = place(query.where, panel.where, dashboard.where)
                        yield Fault("dashboard-legend", where, what, "Keep the label in the query's `by`, or leave it out.")
            for label in columns:
                if answers and not any(labels.may_have(label) for labels in answers):
                    what = f"the table '{panel.title}' of '{dashboard.title}' has a column '{label}', which no query gives"
                    yield Fault(
                        "dashboard-legend", place(panel.where, dashboard.where), what, "Keep the label in a query's `by`."
                    )


def _answer(tree: Expr | ParseFault) -> Labels:
    """The labels of a query's answer; all of them where it cannot be asked, which is said elsewhere."""
    return Labels() if isinstance(tree, ParseFault) else labels_of(tree)


def foreign_queries(compiled: Compiled) -> Iterator[Fault]:
    """A mixin's queries parse; what they name is the mixin's affair."""
    for foreign in compiled.grafana.foreign:
        variables = {str(each.get("name")): EXAMPLE for each in (foreign.model.get("templating") or {}).get("list", ())}
        for text in _exprs(foreign.model.get("panels") or ()):
            try:
                parse_query(text, variables)
            except ParseFault as fault:
                what = f"a query of the dashboard '{foreign.title}' cannot be asked: {fault.what}"
                yield Fault("dashboard-query", foreign.where, what, fault.fix)


def _exprs(found: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for panel in found:
        targets = panel.get("targets")
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target.get("expr"), str):
                yield target["expr"]
        inner = panel.get("panels")
        yield from _exprs(inner if isinstance(inner, list) else ())


CHECKS: tuple[Check, ...] = (queries, variable_queries, legends, foreign_queries)
