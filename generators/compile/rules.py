"""Alerts, derived metrics and adaptive bands to rules. In: the Plan. Out: rule files, one for derived metrics, one for each
dashboard's alerts, and the SLOs' own; with every annotation that people read."""

from __future__ import annotations

from collections.abc import Iterable

from generators import conventions as name
from generators.compile.annotations import burn_annotations, of_alert
from generators.compile.echoes import compile_echoes
from generators.compile.slos import compile_slos
from generators.ir.rules import AlertingRule, RecordingRule, Rule, RuleFile, RuleGroup
from generators.plan import Alert, Anomaly, Plan
from generators.slo import text_of

HOLD = "1h"
"""How long `missing: hold` judges by the last value it saw."""

BAND_CADENCE = 60
"""Seconds between the samples of an adaptive band's own history."""


def compile_rules(plan: Plan) -> tuple[RuleFile, ...]:
    """Every rule file. Rules are the same in every environment, but for the links in their annotations."""
    objectives = compile_slos(plan, burn_annotations(plan))
    return (*_derived(plan), *_bands(plan), *_alerts(plan), *objectives, *compile_echoes(plan))


def _derived(plan: Plan) -> Iterable[RuleFile]:
    rules: tuple[Rule, ...] = tuple(
        RecordingRule(one.name, one.expr, where=one.where, written=one.written, unit=one.unit) for one in plan.derived
    )
    if rules:
        group = RuleGroup("derived", plan.stack.evaluation_interval, rules)
        yield RuleFile("derived", "Metrics computed under the names people gave them.", (group,))


def _alerts(plan: Plan) -> Iterable[RuleFile]:
    """Alerts in groups by where they come from: a kind of the catalogue, or the spec itself."""
    for origin in dict.fromkeys(alert.origin for alert in plan.alerts):
        alerts = [alert for alert in plan.alerts if alert.origin == origin]
        file = name.rule_file(origin, plan.project.name)
        group = RuleGroup(file, plan.stack.evaluation_interval, tuple(_alert(alert, plan) for alert in alerts))
        title = f"Alerts of every {origin} service." if origin else f"Alerts of {plan.project.name} itself."
        yield RuleFile(file, title, (group,))


def _alert(alert: Alert, plan: Plan) -> AlertingRule:
    labels = {name.SEVERITY: alert.severity, name.SIGNAL: alert.signal, **alert.labels}
    if not alert.origin and alert.service:
        labels |= alert.service.labels
    return AlertingRule(
        alert=alert.name,
        expr=expression(alert),
        hold=alert.hold,
        keep_firing=alert.keep_firing,
        labels=labels,
        annotations=of_alert(alert, plan),
        where=alert.where,
        written=alert.written,
        unit=alert.declared_unit,
    )


def expression(alert: Alert) -> str:
    """The whole condition: as written, with what absent data means and the guard against judging on too little."""
    text = _anomaly(alert.name, alert.anomaly) if alert.anomaly else alert.when
    if alert.missing == "hold" and alert.bound is not None:
        last = (
            f"last_over_time({alert.value}[{HOLD}])"
            if _is_selector(alert.value)
            else f"last_over_time(({alert.value})[{HOLD}:1m])"
        )
        text = f"({text}) or ({last} {alert.op} {alert.bound:f} unless {alert.value})"
    elif alert.missing == "fire":
        text = f"({text}) or absent({alert.value})"
    if alert.enough:
        guard = alert.enough
        counted = f"sum by ({', '.join(guard.by)}) (increase({guard.selector}[{text_of(guard.over)}]))"
        text = f"({text}) and on ({', '.join(guard.by)}) {counted} >= {guard.at_least:f}"
    return text


def _is_selector(value: str) -> bool:
    return "(" not in value and "[" not in value and " " not in value.partition("{")[0]


def _bands(plan: Plan) -> Iterable[RuleFile]:
    """The history of what adaptive alerts watch: its value, mean and deviation. The mean of the newest hour is left out, so that
    an anomaly does not at once become what is usual."""
    watched = [(alert.name, alert.anomaly, alert.where) for alert in plan.alerts if alert.anomaly]
    if not watched:
        return
    values: list[Rule] = [
        RecordingRule(name.ANOMALY_VALUE, one.expr, {name.ANOMALY: alert}, where) for alert, one, where in watched
    ]
    for history in sorted({one.history for _, one, _ in watched}):
        past = f"{name.ANOMALY_VALUE}[{text_of(history)}] offset 1h"
        labels = {"history": text_of(history)}
        values.append(RecordingRule(name.ANOMALY_MEAN, f"avg_over_time({past})", labels))
        values.append(RecordingRule(name.ANOMALY_DEVIATION, f"stddev_over_time({past})", labels))
    yield RuleFile("bands", "Adaptive bands: what a value usually is.", (RuleGroup("bands", BAND_CADENCE, tuple(values)),))


def _anomaly(alert: str, anomaly: Anomaly) -> str:
    """Further from the mean than some deviations, and than a share of the mean; silent before the warm-up is over. The anomaly is
    named once: `and` and the distance compare its label."""
    value, past = name.ANOMALY_VALUE, f'{{history="{text_of(anomaly.history)}"}}'
    distance = f"abs({value} - ignoring (history) {name.ANOMALY_MEAN}{past})"
    samples = f"count_over_time({value}[{text_of(anomaly.history)}] offset 1h) >= {anomaly.warm_up // BAND_CADENCE}"
    return (
        f'{value}{{{name.ANOMALY}="{alert}"}}'
        f" and ({distance} > ignoring (history) {anomaly.deviations:f} * {name.ANOMALY_DEVIATION}{past})"
        f" and ({distance} > ignoring (history) {anomaly.floor:f} * {name.ANOMALY_MEAN}{past})"
        f" and {samples}"
    )
