"""Inhibition on the shipped spec: what it may hide, and what it must never hide."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from itertools import product

import pytest

from generators.compile.echoes import ECHOES, states
from generators.compile.inhibition import compile_inhibition
from generators.ir.alerting import InhibitRule, Matcher
from generators.plan import Alert, Plan
from generators.slo import TIERS
from tests.routing.plans import shipped

Labels = Mapping[str, str]


def holds(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    """Whether labels meet matchers, as Alertmanager anchors them."""
    return all(
        (bool(re.fullmatch(one.value, labels.get(one.label, ""))) if "~" in one.op else one.value == labels.get(one.label, ""))
        != one.op.startswith("!")
        for one in matchers
    )


def mutes(rule: InhibitRule, source: Labels, target: Labels) -> bool:
    """Whether the rule keeps the target back while the source fires."""
    same = all(source.get(label, "") == target.get(label, "") for label in rule.equal)
    return same and holds(rule.source, source) and holds(rule.target, target)


def instances(plan: Plan) -> Iterable[tuple[Alert | None, dict[str, str]]]:
    """Every alert on every service it watches, with the labels it would have; None for burn alerts."""
    for alert in plan.alerts:
        for service in alert.services:
            own = {"alertname": alert.name, "severity": alert.severity, "signal": alert.signal, **plan.environment.labels}
            yield alert, {**own, **service.labels}
    for slo, tier in product(plan.slos, TIERS):
        own = {"alertname": tier.name, "severity": tier.severity, "signal": "burn", **plan.environment.labels}
        yield None, {**own, **slo.service.labels}


def hidden(plan: Plan) -> list[tuple[Alert, Labels, Alert | None, Labels]]:
    """Every pair in which a source keeps a target back."""
    rules, all_of_them = compile_inhibition(plan), list(instances(plan))
    return [
        (alert, source, other, target)
        for alert, source in all_of_them
        for other, target in all_of_them
        if alert and any(mutes(rule, source, target) for rule in rules)
    ]


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The shipped plan, its outages remembered for six minutes after they are over."""
    shown = shipped()
    alerts = tuple(
        dataclasses.replace(one, keep_firing=360) if one.name in ("PostgresDown", "ServiceDown") else one for one in shown.alerts
    )
    return dataclasses.replace(shown, alerts=alerts, notify=dataclasses.replace(shown.notify, group_wait=15))


@pytest.fixture(scope="module")
def pairs(plan: Plan) -> list[tuple[Alert, Labels, Alert | None, Labels]]:
    return hidden(plan)


def told(pairs: list[tuple[Alert, Labels, Alert | None, Labels]]) -> set[tuple[str, str, str, str]]:
    return {(s["alertname"], s["service"], t["alertname"], t["service"]) for _, s, _, t in pairs}


def test_a_dependency_that_is_down_keeps_its_dependents_back(pairs: list[tuple[Alert, Labels, Alert | None, Labels]]) -> None:
    found = told(pairs)
    assert ("PostgresDown", "postgres", "HighErrorRatio", "football-api") in found
    assert ("PostgresDown", "postgres", "ErrorBudgetBurnFast", "football-api") in found
    assert ("PostgresDown", "postgres", "HighErrorRatio", "football-models") not in found  # nothing says that it needs it
    assert ("ServiceDown", "football-api", "PostgresConnectionsHigh", "postgres") not in found  # never against the arrow


def test_only_outages_and_absences_keep_anything_back(pairs: list[tuple[Alert, Labels, Alert | None, Labels]]) -> None:
    assert pairs
    assert {source.signal for source, *_ in pairs} <= {"outage", "absence"}
    assert "ExporterDown" not in {source.name for source, *_ in pairs}


def test_a_critical_page_is_kept_back_by_a_critical_cause_only(pairs: list[tuple[Alert, Labels, Alert | None, Labels]]) -> None:
    assert all(s["severity"] == "critical" for _, s, _, t in pairs if t["severity"] == "critical")


def test_nothing_keeps_itself_or_its_own_service_s_outage_back(pairs: list[tuple[Alert, Labels, Alert | None, Labels]]) -> None:
    assert not [s for _, s, _, t in pairs if s == t]
    own = [t for _, s, _, t in pairs if s["service"] == t["service"]]
    assert own
    assert not [t for t in own if t["signal"] in ("outage", "absence") or t["severity"] == "critical"]
    back = {(t, s) for s, t in ((tuple(s.items()), tuple(t.items())) for _, s, _, t in pairs)}
    assert not back & {(tuple(s.items()), tuple(t.items())) for _, s, _, t in pairs}, "two alerts would mute each other"


def test_a_cause_is_told_first_and_remembered_as_long(
    plan: Plan, pairs: list[tuple[Alert, Labels, Alert | None, Labels]]
) -> None:
    rules = compile_inhibition(plan)
    for cause, source, target, labels in pairs:
        if target is None:
            continue
        remembered = [ECHOES[one] for one in ECHOES if any(mutes(rule, echo_of(source, one), labels) for rule in rules)]
        scraped = plan.service(source["service"]).scrape_interval
        fires = scraped + plan.stack.evaluation_interval + cause.window + cause.hold
        assert fires <= target.hold + plan.notify.group_wait, (cause.name, target.name)
        kept = cause.keep_firing + max(remembered, default=0)
        assert kept >= target.window + target.keep_firing, (cause.name, target.name)


def echo_of(source: Labels, echo: str) -> Labels:
    """The labels of what remembers the outage of a service."""
    return {**source, "alertname": echo, "severity": "none", "signal": "echo"}


def test_only_what_says_that_a_service_is_down_is_remembered(plan: Plan) -> None:
    """An echo of what is told later than its own victims would mute them after they were told, and their end never be told."""
    told_in_time = [one.name for one in states(plan)]
    assert "PostgresDown" in told_in_time
    assert "HighErrorRatio" not in told_in_time
    echoed = [rule for rule in compile_inhibition(plan) if rule.source[0].value in ECHOES]
    muted = {one for rule in echoed for one in re.split(r"\|", rule.target[0].value)}
    assert {"ErrorBudgetBurnSteady", "ErrorBudgetBurnSlow", "ErrorBudgetBurnCreeping"} <= muted
    assert not muted & {one.name for one in plan.alerts if one.signal == "saturation"}


def with_change(plan: Plan, alert: str, **change: object) -> Plan:
    alerts = tuple(dataclasses.replace(one, **change) if one.name == alert else one for one in plan.alerts)  # type: ignore[arg-type]
    return dataclasses.replace(plan, alerts=alerts)


def test_a_slow_cause_keeps_nothing_back(plan: Plan) -> None:
    found = told(hidden(with_change(plan, "PostgresDown", hold=600)))
    assert ("PostgresDown", "postgres", "HighErrorRatio", "football-api") not in found
    assert ("PostgresDown", "postgres", "ErrorBudgetBurnFast", "football-api") not in found


def test_a_forgetful_cause_keeps_back_only_what_is_forgotten_as_soon(plan: Plan) -> None:
    """An absence has no echo; an outage has."""
    found = told(hidden(with_change(plan, "MetricsAbsent", keep_firing=0)))
    assert ("MetricsAbsent", "football-models", "EventLoopBlocked", "football-api") not in found
    assert ("MetricsAbsent", "football-models", "EventLoopBlocked", "football-api") in told(hidden(plan))
    forgetful = with_change(plan, "PostgresDown", keep_firing=0)
    assert ("PostgresDown", "postgres", "HighErrorRatio", "football-api") in told(hidden(forgetful))
    echoed = {
        rule.source[0].value: rule.target[0].value for rule in compile_inhibition(forgetful) if rule.source[0].value in ECHOES
    }
    assert any("HighErrorRatio" in targets for targets in echoed.values())


def test_the_labels_held_equal_are_on_both_sides(plan: Plan) -> None:
    for rule in compile_inhibition(plan):
        for alert, labels in instances(plan):
            if alert and (holds(rule.source, labels) or holds(rule.target, labels)):
                assert set(rule.equal) <= set(labels), (rule.name, alert.name)


def test_a_warning_keeps_warnings_back_but_no_page(plan: Plan) -> None:
    alerts = tuple(
        dataclasses.replace(one, severity="warning") if one.name == "PostgresDown" else one
        for one in plan.alerts
        if one.name != "ServiceDown"
    )
    found = [(s, t) for _, s, _, t in hidden(dataclasses.replace(plan, alerts=alerts)) if s["alertname"] == "PostgresDown"]
    assert found
    assert {t["severity"] for _, t in found} <= {"warning", "info"}
