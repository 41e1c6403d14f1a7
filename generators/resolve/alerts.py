"""Alerts. In: the alerts of the catalogue's kinds in use and those of the spec, with their tuning. Out: plan Alerts whose names,
services, conditions and texts are bound; faults for names nothing exports, for labels an alert would lose, and for an outage
that would be told too late."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from generators.catalogue import ANY
from generators.fault import Where
from generators.ir.contract import Contract
from generators.plan import Alert, Anomaly, Comparison, Enough, Example, RunbookWords, Service
from generators.promql import Expr
from generators.resolve.context import Context
from generators.resolve.queries import condition, kept_labels, metrics_in, read_query, window
from generators.spec import model
from generators.spec.source import Place, Source

IDENTITY = ("service", "tier", "owner")
_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")


def resolve_alerts(context: Context, contract: Contract, services: tuple[Service, ...]) -> tuple[Alert, ...]:
    """All alerts, the catalogue's first, tuned as the spec says."""
    found: dict[str, Alert] = {}
    brought: dict[str, Where] = {}
    used = {service.kind for service in services}
    for kind in (ANY, *(name for name in context.catalogue.kinds if name in used)):
        entry = context.catalogue.kinds.get(kind)
        for name, alert in entry.kind.alerts.items() if entry else ():
            brought[name] = entry.source.where_key(("alerts", name)) if entry else Where("catalogue")
            one = _alert(context, contract, services, name, alert, entry.source, kind) if entry else None
            if one:
                found[name] = one
    for name, alert in context.spec.alerts.items():
        where = context.where_key("alerts", name)
        if name in brought:
            what = f"the alert '{name}' already comes with the catalogue ({brought[name]})"
            context.fault("duplicate-name", where, what, "Change its numbers under `tune:`, or give yours another name.")
        elif not _CAMEL.fullmatch(name):
            context.fault("value", where, f"'{name}' is no alert name", "Write it in CamelCase, like HighAPILatency.")
        elif one := _alert(context, contract, services, name, alert, context.source, ""):
            found[name] = one
    return tuple(_tuned(context, found, brought))


def _alert(
    context: Context,
    contract: Contract,
    services: tuple[Service, ...],
    name: str,
    alert: model.Alert,
    source: Source,
    kind: str,
) -> Alert | None:
    place: Place = ("alerts", name)
    text, tree = _when(context, contract, alert, source, place)
    if tree is None:
        return None
    parts = condition(tree)
    metrics = metrics_in(tree, contract)
    watched = _watched(context, contract, services, alert, metrics, kind, source, place)
    if watched is None:
        return None
    _check_labels(context, tree, watched, alert, kind, source, place)
    _check_delay(context, window(tree), alert, name, source, place)
    unit = alert.unit if alert.unit is not None else contract.metrics[metrics[0]].unit if len(metrics) == 1 else ""
    return Alert(
        name=name,
        signal=alert.signal,
        severity=alert.severity,
        when=text,
        value=parts.value,
        op=parts.op,
        bound=parts.bound,
        unit=unit,
        window=window(tree),
        hold=alert.hold,
        keep_firing=alert.keep_firing_for,
        missing=alert.missing,
        services=watched,
        summary=context.text(alert.summary),
        description=context.text(alert.description or alert.summary),
        runbook=_runbook(context, contract, alert.runbook, source, place),
        dashboard=alert.dashboard or _dashboard(context, watched, kind),
        origin=kind,
        enough=_enough(context, contract, alert.enough, tree, source, place),
        anomaly=_anomaly(alert.anomaly, text) if alert.anomaly else None,
        worst=alert.worst or "",
        fires=_example(alert.example.fires) if alert.example else None,
        quiet=_example(alert.example.quiet) if alert.example else None,
        slow_because=alert.slow_because or "",
        metrics=metrics,
        where=source.where_key(place),
    )


def _when(context: Context, contract: Contract, alert: model.Alert, source: Source, place: Place) -> tuple[str, Expr | None]:
    """The condition's text and tree; an anomaly's condition is the measure it watches."""
    if (alert.when is None) == (alert.anomaly is None):
        what = f"'{place[-1]}' must have either a condition (`when`) or an `anomaly`"
        context.fault("alert", source.where_key(place), what, "Give it exactly one of the two.")
        return "", None
    if alert.when is not None:
        return alert.when, read_query(context, contract, alert.when, source.spot((*place, "when")))
    text = alert.anomaly.of if alert.anomaly else ""
    tree = read_query(context, contract, text, source.spot((*place, "anomaly", "of")))
    metric = contract.by_series.get(getattr(tree, "name", ""))
    if metric is not None and metric.kind == "counter":
        text = f"sum by (service, tier, owner) (rate({text}[5m]))"
    return text, tree and read_query(context, contract, text, source.spot((*place, "anomaly", "of")))


def _watched(
    context: Context,
    contract: Contract,
    services: tuple[Service, ...],
    alert: model.Alert,
    metrics: tuple[str, ...],
    kind: str,
    source: Source,
    place: Place,
) -> tuple[Service, ...] | None:
    """The services an alert watches: the one it names, those of its kind (or that use it), or those that export its metrics."""
    if alert.service:
        if alert.service not in context.spec.services:
            context.unknown("service", alert.service, context.spec.services, (*place, "service"))
            return None
        return tuple(one for one in services if one.name == alert.service)
    if kind == ANY:
        return services
    if kind:
        declared = context.catalogue.kinds[kind].kind.metrics
        client = any(declared[metric].client for metric in metrics if metric in declared)
        users = {one.name for one in services if one.kind == kind}
        return tuple(one for one in services if (set(one.depends_on) & users if client else one.kind == kind))
    exporters = {name for metric in metrics for name in contract.metrics[metric].source.split(",")}
    found = tuple(one for one in services if one.name in exporters or one.kind in exporters)
    if not found:
        found = tuple(one for one in services if context.catalogue.kinds[one.kind].kind.application)[:1]
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        what = f"'{place[-1]}' could be of several services ({names})"
        context.fault("alert", source.where_key(place), what, "Say which one with `service:`.")
        return None
    return found


def _check_labels(
    context: Context, tree: Expr, watched: tuple[Service, ...], alert: model.Alert, kind: str, source: Source, place: Place
) -> None:
    """An alert of a whole kind must keep the labels that say which service it is about."""
    kept = kept_labels(tree)
    if not kind or kept is None or set(IDENTITY) <= kept:
        return
    missing = ", ".join(label for label in IDENTITY if label not in kept)
    what = f"'{place[-1]}' watches every service of its kind, but its condition drops the labels {missing}"
    context.fault("lost-label", source.where((*place, "when")), what, "Aggregate `by (service, tier, owner)`.")


def _check_delay(context: Context, averaged: int, alert: model.Alert, name: str, source: Source, place: Place) -> None:
    """The worst case until somebody is told: scrape + evaluation + window + for + group_wait."""
    limit = context.spec.targets.detect_within
    if alert.signal not in ("outage", "absence") or alert.slow_because:
        return
    stack, wait = context.spec.stack, context.spec.notify.group_wait
    parts = (stack.scrape_interval, stack.evaluation_interval, averaged, alert.hold, wait)
    if sum(parts) > limit:
        scrape, evaluation, _, hold, _ = parts
        what = (
            f"'{name}' is told after {sum(parts)}s at worst (scrape {scrape}s + evaluation {evaluation}s + window {averaged}s"
            f" + for {hold}s + group_wait {wait}s), later than targets.detect_within {limit}s"
        )
        fix = "Shorten its window or `for`, or say why not with `slow_because:`."
        context.fault("detection-delay", source.where_key(place), what, fix)


def _runbook(context: Context, contract: Contract, runbook: model.Runbook, source: Source, place: Place) -> RunbookWords:
    steps = []
    for index, step in enumerate(runbook.steps):
        read_query(context, contract, step.query, source.spot((*place, "runbook", "steps", index, "query")))
        steps.append((step.query, context.text(step.meaning)))
    return RunbookWords(
        context.text(runbook.meaning),
        context.text(runbook.impact),
        tuple(steps),
        tuple(context.text(cause) for cause in runbook.causes),
    )


def _dashboard(context: Context, watched: tuple[Service, ...], kind: str) -> str:
    """The dashboard an alert leads to when it names none: its kind's, or that of the service it watches."""
    kinds = context.catalogue.kinds
    shown = kind if kind else watched[0].kind if watched else ANY
    return kinds[shown].kind.dashboard or shown


def _enough(
    context: Context, contract: Contract, enough: model.Enough | None, tree: Expr, source: Source, place: Place
) -> Enough | None:
    if enough is None:
        return None
    counter = read_query(context, contract, enough.increase, source.spot((*place, "enough", "increase")))
    if counter is None:
        return None
    ours = kept_labels(tree)
    if ours is None:
        ours = frozenset(label for name in metrics_in(tree, contract) for label in contract.metrics[name].labels) | {"service"}
    theirs = {label for name in metrics_in(counter, contract) for label in contract.metrics[name].labels}
    by = tuple(sorted(ours & (theirs | {"service"}), key=lambda label: (label != "service", label)))
    return Enough(enough.increase, enough.over, enough.at_least, by)


def _anomaly(anomaly: model.Anomaly, expr: str) -> Anomaly:
    return Anomaly(expr, anomaly.deviations, anomaly.floor, anomaly.history, anomaly.warm_up)


def _example(example: model.Example) -> Example:
    return Example(example.series, example.at, example.every)


def _tuned(context: Context, found: Mapping[str, Alert], brought: Mapping[str, Where]) -> list[Alert]:
    """The alerts with the spec's `tune` applied; those turned off are gone."""
    for name in context.spec.tune:
        if name not in brought:
            context.unknown("alert", name, brought, ("tune", name))
    return [one for alert in found.values() if (one := _tune(context, alert, context.spec.tune.get(alert.name)))]


def _tune(context: Context, alert: Alert, tune: model.Tune | None) -> Alert | None:
    if tune is None:
        return alert
    if tune.off is not None:
        return None
    changed = alert
    if tune.bound is not None:
        if alert.bound is None:
            where = context.where("tune", alert.name, "bound")
            context.fault(
                "tune", where, f"'{alert.name}' has no single bound", "Tune `for` or `severity`, or write an alert of your own."
            )
        else:
            op: Comparison | str = alert.op
            changed = dataclasses.replace(changed, when=f"{alert.value} {op} {tune.bound:f}", bound=tune.bound)
    given = {key: value for key in ("hold", "severity") if (value := getattr(tune, key)) is not None}
    if tune.keep_firing_for is not None:
        given["keep_firing"] = tune.keep_firing_for
    return dataclasses.replace(changed, **given)
