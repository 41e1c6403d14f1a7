"""Alerts. In: the alerts of the catalogue's kinds in use and those of the spec, with their tuning. Out: plan Alerts; faults for two
of one name, for tuning of what is not there, and for outages and absences that would be told too late."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from generators.catalogue import ANY
from generators.fault import Where
from generators.ir.contract import Contract
from generators.plan import Alert, Service
from generators.resolve.alert import Against, Written, resolve_alert
from generators.resolve.context import Context
from generators.resolve.words import filled
from generators.slo import TIERS
from generators.spec import model

_CAMEL = re.compile(r"[A-Z][A-Za-z0-9]*")


def resolve_alerts(context: Context, contract: Contract, services: tuple[Service, ...]) -> tuple[Alert, ...]:
    """All alerts, the catalogue's first, tuned as the spec says."""
    against = Against(context, contract, services)
    brought = {one.name: one for one in _brought(context, services)}
    own = [one for name in context.spec.alerts if (one := _own(context, brought, name))]
    found = [alert for one in (*brought.values(), *own) if (alert := resolve_alert(one, against))]
    for name in context.spec.tune:
        if name not in brought:
            context.unknown("alert", name, brought, ("tune", name))
    return tuple(filled(tuned) for alert in found if (tuned := _tuned(context, alert, context.spec.tune.get(alert.name))))


def _brought(context: Context, services: tuple[Service, ...]) -> Iterator[Written]:
    """What the kinds in use bring along."""
    used = {service.kind for service in services}
    for kind in (ANY, *(name for name in context.catalogue.kinds if name in used)):
        entry = context.catalogue.kinds.get(kind)
        for name, alert in entry.kind.alerts.items() if entry else ():
            if entry:
                yield Written(name, alert, entry.source, kind)


def _own(context: Context, brought: Mapping[str, Written], name: str) -> Written | None:
    """An alert of the spec, unless its name is taken or none."""
    one, where = Written(name, context.spec.alerts[name], context.source, ""), context.where_key("alerts", name)
    first: Where | str = ""
    if name in brought:
        first = f"comes with the catalogue ({brought[name].source.where_key(('alerts', name))})"
    elif any(name == tier.name for tier in TIERS):
        first = "is the one by which every objective tells that its budget burns"
    if first:
        fix = "Change its numbers under `tune:`, or give yours another name."
        context.fault("duplicate-name", where, f"the alert '{name}' already {first}", fix)
    elif not _CAMEL.fullmatch(name):
        context.fault("value", where, f"'{name}' is no alert name", "Write it in CamelCase, like HighAPILatency.")
    else:
        return one
    return None


def _tuned(context: Context, alert: Alert, tune: model.Tune | None) -> Alert | None:
    """The alert as the spec tunes it; None when it is turned off."""
    if tune is None:
        return alert
    if tune.off is not None:
        return None
    given: dict[str, object] = {key: value for key in ("hold", "severity") if (value := getattr(tune, key)) is not None}
    if tune.keep_firing_for is not None:
        given["keep_firing"] = tune.keep_firing_for
    if tune.bound is not None and alert.bound is None:
        where = context.where("tune", alert.name, "bound")
        fix = "Tune `for` or `severity`, or write an alert of your own."
        context.fault("tune", where, f"'{alert.name}' has no single bound", fix)
    elif tune.bound is not None:
        given |= {"when": f"{alert.value} {alert.op} {tune.bound:f}", "bound": tune.bound}
    return dataclasses.replace(alert, **given)  # type: ignore[arg-type]  # the names are the fields' own
