"""Mixins into the Plan. In: evaluated mixins. Out: their alerts and recording rules as plan nodes, held to the same contract as
our own; faults for what does not fit. A mixin's alerts name service and signal by labels, or are taken by the metrics they read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from generators.ir.contract import Contract
from generators.plan import Alert, AlertSeverity, Derived, MixinPlan, RunbookWords, Service, Signal, Text
from generators.resolve.context import Context
from generators.resolve.queries import condition, metrics_in, read_query, window
from generators.spec.scalars import duration
from generators.spec.source import Spot

KEPT = ("severity", "signal", "service", "tier", "owner")


def mixin_rules(context: Context, mixins: tuple[MixinPlan, ...]) -> Iterator[tuple[MixinPlan, Mapping[str, Any]]]:
    """Every rule of every mixin that has a rule's form, recordings first; a fault for each that has not."""
    for mixin in mixins:
        for part in (mixin.rules, mixin.alerts):
            groups = part.get("groups", []) if isinstance(part, Mapping) else None
            for group in groups if isinstance(groups, list) else [None]:
                rules = group.get("rules", []) if isinstance(group, Mapping) else None
                for rule in rules if isinstance(rules, list) else [None]:
                    if _is_rule(rule):
                        yield mixin, rule
                    else:
                        what = f"a rule of {mixin.path} is none: {str(rule)[:60]}"
                        fix = "Give it `alert` or `record`, an `expr`, and texts as labels and annotations."
                        context.fault("mixin", mixin.where, what, fix)


def _is_rule(rule: object) -> bool:
    if not isinstance(rule, Mapping) or ("alert" in rule) == ("record" in rule):
        return False
    maps = [rule.get(key, {}) for key in ("labels", "annotations")]
    texts = [rule.get("alert", rule.get("record")), rule.get("expr"), *(value for one in maps for value in _values(one))]
    return all(isinstance(one, Mapping) for one in maps) and all(isinstance(text, str) and text for text in texts)


def _values(mapping: object) -> list[object]:
    return list(mapping.values()) if isinstance(mapping, Mapping) else []


def mixin_recordings(context: Context, contract: Contract, mixins: tuple[MixinPlan, ...]) -> tuple[Derived, ...]:
    """The recording rules of the mixins."""
    return tuple(
        Derived(rule["record"], rule["expr"], mixin.where)
        for mixin, rule in mixin_rules(context, mixins)
        if "record" in rule and read_query(context, contract, rule["expr"], Spot(mixin.where))
    )


def mixin_alerts(
    context: Context, contract: Contract, services: tuple[Service, ...], mixins: tuple[MixinPlan, ...], taken: Mapping[str, Alert]
) -> tuple[Alert, ...]:
    """The alerts of the mixins as plan Alerts."""
    found: dict[str, Alert] = {}
    for mixin, rule in mixin_rules(context, mixins):
        name = rule.get("alert", "")
        if not name:
            continue
        if name in taken or name in found:
            what = f"the alert '{name}' of {mixin.path} is already there"
            context.fault("duplicate-name", mixin.where, what, "Rename one of the two.")
        elif one := _alert(context, contract, services, mixin, rule):
            found[name] = one
    return tuple(found.values())


def _alert(
    context: Context, contract: Contract, services: tuple[Service, ...], mixin: MixinPlan, rule: Mapping[str, Any]
) -> Alert | None:
    name, text = rule["alert"], rule["expr"].strip()
    tree = read_query(context, contract, text, Spot(mixin.where))
    labels: Mapping[str, str] = rule.get("labels", {})
    severity, signal = labels.get("severity", ""), labels.get("signal", "degradation")
    if severity not in get_args(AlertSeverity) or signal not in get_args(Signal):
        what = f"the alert '{name}' of {mixin.path} has severity '{severity}' and signal '{signal}'"
        fix = f"Severities: {', '.join(get_args(AlertSeverity))}; signals: {', '.join(get_args(Signal))}."
        context.fault("mixin", mixin.where, what, fix)
        return None
    if tree is None:
        return None
    parts, metrics = condition(tree), metrics_in(tree, contract)
    watched = _watched(contract, services, metrics, labels)
    summary = _text(context, rule, "summary", name)
    description = _text(context, rule, "description", summary)
    dashboards = context.catalogue.kinds
    return Alert(
        name=name,
        signal=signal,  # type: ignore[arg-type]  # looked up above
        severity=severity,  # type: ignore[arg-type]
        when=text,
        value=parts.value,
        op=parts.op,
        bound=parts.bound,
        unit="",
        window=window(tree),
        hold=_seconds(context, mixin, name, rule.get("for", "0s")),
        keep_firing=_seconds(context, mixin, name, rule.get("keep_firing_for", "0s")),
        missing="quiet",
        services=watched,
        summary=summary,
        description=description,
        runbook=RunbookWords({locale: _plain(one) for locale, one in description.items()}, context.text({})),
        dashboard=(dashboards[watched[0].kind].kind.dashboard or watched[0].kind) if watched else "overview",
        origin=re.sub(r"\W+", "-", mixin.path.rpartition("/")[2].rpartition(".")[0]),
        labels={key: value for key, value in labels.items() if key not in KEPT},
        metrics=metrics,
        where=mixin.where,
    )


def _watched(
    contract: Contract, services: tuple[Service, ...], metrics: tuple[str, ...], labels: Mapping[str, str]
) -> tuple[Service, ...]:
    if "service" in labels:
        return tuple(one for one in services if one.name == labels["service"])
    sources = {source for metric in metrics for source in contract.metrics[metric].source.split(",")}
    return tuple(one for one in services if one.kind in sources or one.name in sources)


def _text(context: Context, rule: Mapping[str, Any], key: str, fallback: str | Text) -> Text:
    """An annotation in every language: `summary_zh-CN` beside `summary`, as our own mixins write it."""
    annotations = rule.get("annotations", {})
    spare = {locale: fallback if isinstance(fallback, str) else fallback[locale] for locale in context.locales}
    plain = annotations.get(key) or annotations.get("message")
    return {locale: str(annotations.get(f"{key}_{locale}") or plain or spare[locale]).strip() for locale in context.locales}


def _plain(text: str) -> str:
    """A description without its templates, for a runbook."""
    return re.sub(r"\{\{.*?\}\}", "…", text)


def _seconds(context: Context, mixin: MixinPlan, name: str, value: object) -> int:
    try:
        return duration(value)
    except ValueError as error:
        context.fault("mixin", mixin.where, f"the alert '{name}' of {mixin.path}: {error}", "Mend the mixin.")
        return 0
