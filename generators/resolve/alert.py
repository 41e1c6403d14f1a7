"""One alert. In: an alert as the catalogue or the spec writes it, and what it is held against. Out: a plan Alert whose service,
condition, guard, examples and texts are bound; or None, when a fault of it was reported."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generators.catalogue import ANY
from generators.ir.contract import Contract
from generators.plan import Alert, Anomaly, Enough, Example, RunbookWords, Service
from generators.promql import Expr, labels_of
from generators.promql.syntax import VectorSelector
from generators.resolve.context import Context, did_you_mean
from generators.resolve.queries import Condition, condition, labels_in, metrics_in, read_query, read_vector, window
from generators.resolve.widths import at_pace
from generators.resolve.words import named, template_faults
from generators.spec import model
from generators.spec.source import Place, Source, Spot

IDENTITY = ("service", "tier", "owner")
STATIC = frozenset({*IDENTITY, "severity", "signal", "alertname"})
"""Labels that an alert has whatever its condition keeps, or that Prometheus adds."""

_CONDITION: dict[bool, tuple[str, ...]] = {True: ("when",), False: ("anomaly", "of")}
"""Where the text of a condition stands, or that of the measure an anomaly watches."""

_NAMED_LABEL = re.compile(r"\$labels\.(\w+)|\.Labels\.(\w+)")
_NUMBER = r"(?:\d{1,18}(?:\.\d{1,18})?(?:[eE][-+]?\d{1,2})?|Inf|NaN)"
_SAMPLES = re.compile(rf"(?:_(?:x\d{{1,6}})?|stale|[-+]?{_NUMBER}(?:[-+]{_NUMBER})?(?:x\d{{1,6}})?)")


@dataclass(frozen=True, slots=True)
class Written:
    """An alert as it stands in a text: of a kind of the catalogue, or of the spec itself (kind "")."""

    name: str
    alert: model.Alert
    source: Source
    kind: str

    def place(self, *inner: str | int) -> Place:
        return ("alerts", self.name, *inner)

    def spot(self, *inner: str | int) -> Spot:
        return self.source.spot(self.place(*inner))


@dataclass(frozen=True, slots=True)
class Against:
    """What alerts are held against."""

    context: Context
    contract: Contract
    services: tuple[Service, ...]


def resolve_alert(one: Written, against: Against) -> Alert | None:
    """The plan's Alert. Every fault of the alert is reported, not only the first."""
    context, contract, alert = against.context, against.contract, one.alert
    before = len(context.faults)
    text, tree = _when(one, against)
    worst = read_query(context, contract, alert.worst, one.spot("worst")) if alert.worst else None
    watched = _watched(one, against, metrics_in(tree, contract) if tree else ())
    enough = _enough(one, against, tree) if tree else None
    examples = [_example(one, against, which) for which in ("fires", "quiet")]
    runbook = _runbook(one, against)
    if tree is None or watched is None or (alert.worst and worst is None):
        return None
    parts, metrics = condition(tree), metrics_in(tree, contract)
    _check_labels(one, against, tree)
    _check_words(one, against, tree)
    _check_templates(one, against, parts)
    _check_missing(one, against, parts)
    if len(context.faults) > before:
        return None
    return Alert(
        name=one.name,
        signal=alert.signal,
        severity=alert.severity,
        when=text,
        value=parts.value,
        op=parts.op,
        bound=parts.bound,
        unit=alert.unit if alert.unit is not None else contract.metrics[metrics[0]].unit if len(metrics) == 1 else "",
        window=window(tree),
        hold=alert.hold,
        keep_firing=alert.keep_firing_for,
        missing=alert.missing,
        services=watched,
        summary=context.text(alert.summary),
        description=context.text(alert.description or alert.summary),
        runbook=runbook,
        dashboard=alert.dashboard or _dashboard(context, watched, one.kind),
        origin=one.kind,
        enough=enough,
        anomaly=_anomaly(alert.anomaly, text) if alert.anomaly else None,
        worst=alert.worst or "",
        fires=examples[0],
        quiet=examples[1],
        slow_because=alert.slow_because or "",
        metrics=metrics,
        where=one.source.where_key(one.place()),
        declared_unit=alert.unit or "",
        written=one.spot(*_CONDITION[alert.anomaly is None]).written(alert.when or (alert.anomaly.of if alert.anomaly else "")),
    )


def _when(one: Written, against: Against) -> tuple[str, Expr | None]:
    """The condition's text and tree; an anomaly's condition is the measure it watches."""
    context, contract, alert = against.context, against.contract, one.alert
    if (alert.when is None) == (alert.anomaly is None):
        what = f"'{one.name}' must have either a condition (`when`) or an `anomaly`"
        context.fault("alert", one.source.where_key(one.place()), what, "Give it exactly one of the two.")
        return "", None
    if alert.when is not None:
        text = at_pace(alert.when, context.spec.stack.scrape_interval) if one.kind else alert.when
        return text, read_vector(context, contract, text, one.spot("when"))
    text, spot = (alert.anomaly.of if alert.anomaly else ""), one.spot("anomaly", "of")
    tree = read_vector(context, contract, text, spot)
    metric = contract.by_series.get(tree.name) if isinstance(tree, VectorSelector) else None
    if metric is not None and metric.kind == "counter":
        text = f"sum by (service, tier, owner) (rate({text}[5m]))"
        tree = read_query(context, contract, text, spot)
    return text, tree


def _watched(one: Written, against: Against, metrics: tuple[str, ...]) -> tuple[Service, ...] | None:
    """The services an alert watches: the one it names, those of its kind (or that use it), or those that export its metrics."""
    context, services, kinds = against.context, against.services, against.context.catalogue.kinds
    named = one.alert.service
    if named:
        if named not in context.spec.services:
            context.unknown("service", named, context.spec.services, one.place("service"))
            return None
        return tuple(service for service in services if service.name == named)
    if one.kind == ANY:
        return services
    if one.kind:
        declared = kinds[one.kind].kind.metrics
        client = any(declared[metric].client for metric in metrics if metric in declared)
        users = {service.name for service in services if service.kind == one.kind}
        return tuple(it for it in services if (set(it.depends_on) & users if client else it.kind == one.kind))
    exporters = {name for metric in metrics for name in against.contract.metrics[metric].source.split(",")}
    found = tuple(service for service in services if service.name in exporters or service.kind in exporters)
    if not found:
        found = tuple(service for service in services if kinds[service.kind].kind.application)[:1]
    if len(found) > 1:
        names = ", ".join(service.name for service in found)
        what = f"'{one.name}' could be of several services ({names})"
        context.fault("alert", one.source.where_key(one.place()), what, "Say which one with `service:`.")
        return None
    return found


def _check_labels(one: Written, against: Against, tree: Expr) -> None:
    """An alert of a whole kind must keep the labels that say which service it is about."""
    kept = labels_of(tree)
    missing = ", ".join(label for label in IDENTITY if not kept.may_have(label))
    if one.kind and missing and one.alert.signal != "heartbeat":
        what = f"'{one.name}' watches every service of its kind, but its condition drops the labels {missing}"
        where = one.source.where(one.place("when"))
        against.context.fault("lost-label", where, what, "Aggregate `by (service, tier, owner)`.")


def _check_words(one: Written, against: Against, tree: Expr) -> None:
    """A text names only labels that the condition's result has."""
    if one.alert.anomaly:
        return
    kept, carried = labels_of(tree), labels_in(tree, against.contract)
    for key in ("summary", "description"):
        for locale, text in (getattr(one.alert, key) or {}).items():
            for label in dict.fromkeys(match[1] or match[2] for match in _NAMED_LABEL.finditer(text)):
                if label in STATIC or (kept.may_have(label) and (carried is None or label in carried)):
                    continue
                has = sorted({name for name in carried or () if kept.may_have(name)} | STATIC)
                what = f"the {key} of '{one.name}' names the label '{label}', which its condition does not keep"
                where = one.source.where(one.place(key, *([locale] if locale else [])))
                against.context.fault("unknown-label", where, what, did_you_mean(label, has))


def _texts(alert: model.Alert) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of an alert by where it stands."""
    runbook = alert.runbook
    places: list[tuple[tuple[str | int, ...], Mapping[str, str] | None]] = [
        (("summary",), alert.summary),
        (("description",), alert.description),
        (("runbook", "meaning"), runbook.meaning),
        (("runbook", "impact"), runbook.impact),
        *((("runbook", "steps", index, "meaning"), step.meaning) for index, step in enumerate(runbook.steps)),
        *((("runbook", "causes", index), cause) for index, cause in enumerate(runbook.causes)),
    ]
    for place, texts in places:
        for locale, text in (texts or {}).items():
            yield (*place, locale) if locale else place, text


def _check_templates(one: Written, against: Against, parts: Condition) -> None:
    """Templates end and call what there is; `{bound}` is the bound of a condition that has one."""
    for place, text in _texts(one.alert):
        where = one.source.where(one.place(*place))
        for what, fix in template_faults(text):
            against.context.fault("template", where, f"the {place[0]} of '{one.name}' {what}", fix)
        if "bound" in named(text) and parts.bound is None:
            what = f"the {place[0]} of '{one.name}' names its {{bound}}, but its condition is no comparison with a number"
            against.context.fault("template", where, what, "Write the number, or the condition as `value > number`.")


def _check_missing(one: Written, against: Against, parts: Condition) -> None:
    if one.alert.missing == "hold" and parts.bound is None:
        what = f"'{one.name}' is to hold its last value, but is no comparison of a value with a number"
        where = one.source.where(one.place("missing"))
        against.context.fault("alert", where, what, "Write the condition as `value > number`, or say `missing: quiet`.")


def _runbook(one: Written, against: Against) -> RunbookWords:
    context, runbook = against.context, one.alert.runbook
    steps = []
    for index, step in enumerate(runbook.steps):
        read_query(context, against.contract, step.query, one.spot("runbook", "steps", index, "query"))
        steps.append((step.query, context.text(step.meaning)))
    causes = tuple(context.text(cause) for cause in runbook.causes)
    return RunbookWords(context.text(runbook.meaning), context.text(runbook.impact), tuple(steps), causes)


def _dashboard(context: Context, watched: tuple[Service, ...], kind: str) -> str:
    """The dashboard an alert leads to when it names none: its kind's, or that of the service it watches."""
    shown = kind or (watched[0].kind if watched else ANY)
    return context.catalogue.kinds[shown].kind.dashboard or shown


def _enough(one: Written, against: Against, tree: Expr) -> Enough | None:
    """The guard, by the labels that the condition keeps and the counter has."""
    enough, contract = one.alert.enough, against.contract
    if enough is None:
        return None
    counter = read_query(against.context, contract, enough.increase, one.spot("enough", "increase"))
    if counter is None:
        return None
    metric = contract.by_series.get(counter.name) if isinstance(counter, VectorSelector) else None
    if not isinstance(counter, VectorSelector) or metric is None or metric.kind != "counter" or counter.offset or counter.at:
        where = one.source.where(one.place("enough", "increase"))
        fix = "Name a counter of the contract, with label matchers if need be."
        against.context.fault("alert", where, f"'{enough.increase}' is no selector of a counter", fix)
        return None
    kept = labels_of(tree)
    ours = {label for name in metrics_in(tree, contract) for label in contract.metrics[name].labels} | {"service"}
    shared = {label for label in (*metric.labels, "service") if label in ours or kept.only is not None}
    by = tuple(sorted(filter(kept.may_have, shared), key=lambda label: (label != "service", label)))
    return Enough(enough.increase, enough.over, enough.at_least, by)


def _anomaly(anomaly: model.Anomaly, expr: str) -> Anomaly:
    return Anomaly(expr, anomaly.deviations, anomaly.floor, anomaly.history, anomaly.warm_up)


def _example(one: Written, against: Against, which: str) -> Example | None:
    """An example as promtool will read it: series by name and plain labels, values in its notation."""
    example: model.Example | None = getattr(one.alert.example, which) if one.alert.example else None
    for series, values in example.series.items() if example else ():
        place = one.place("example", which, "series", series)
        tree = read_query(against.context, against.contract, series, Spot(one.source.where_key(place)))
        if tree is None:
            continue
        if not isinstance(tree, VectorSelector) or any(matcher.op != "=" for matcher in tree.matchers):
            fix = 'Write it like `up{service="api"}`.'
            against.context.fault("example", one.source.where_key(place), f"'{series}' names no single series", fix)
        bad = next((part for part in values.split() if not _SAMPLES.fullmatch(part)), "" if values.strip() else "nothing")
        if bad:
            fix = "Write values like `0 1 2`, `1x30` or `0+60x240`."
            against.context.fault("example", one.source.where(place), f"'{bad}' is no sample in promtool's notation", fix)
    return Example(example.series, example.at, example.every) if example else None
