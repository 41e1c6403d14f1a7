"""Refusals that no spec can cause, since the compiler derives what they judge: they hold for files written by hand. Each is a
change to a sound compilation; the compilation itself is the good twin."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from generators.build import build
from generators.checks import check
from generators.fault import NOWHERE, Where
from generators.ir.alerting import InhibitRule, Matcher, Receiver, Route, TimeInterval, WebhookIntegration
from generators.ir.compiled import Compiled
from tests.refusals.fixtures import HERE

AT = Where("alertmanager.yml", 7, 3)


@pytest.fixture(scope="module")
def sound() -> Compiled:
    compiled = build(HERE / "base" / "whole.yaml").compiled
    assert compiled is not None
    return compiled


def inhibiting(*rules: InhibitRule) -> Callable[[Compiled], Compiled]:
    return lambda one: dataclasses.replace(one, alerting=dataclasses.replace(one.alerting, inhibit_rules=rules))


def routed(route: Route) -> Callable[[Compiled], Compiled]:
    def change(one: Compiled) -> Compiled:
        root = dataclasses.replace(one.alerting.route, routes=(*one.alerting.route.routes, route))
        return dataclasses.replace(one, alerting=dataclasses.replace(one.alerting, route=root))

    return change


def received(receiver: Receiver) -> Callable[[Compiled], Compiled]:
    def change(one: Compiled) -> Compiled:
        return dataclasses.replace(one, alerting=dataclasses.replace(one.alerting, receivers=(*one.alerting.receivers, receiver)))

    return change


def rule(name: str, source: tuple[Matcher, ...], target: tuple[Matcher, ...], *equal: str) -> InhibitRule:
    return InhibitRule(name, source, target, equal, AT)


def alert(*names: str) -> Matcher:
    return Matcher("alertname", "=~" if len(names) > 1 else "=", "|".join(names))


def service(name: str) -> Matcher:
    return Matcher("service", "=", name)


CRITICAL = Matcher("severity", "=", "critical")
OUTAGE = Matcher("signal", "=~", "outage|absence")

SOUND_RULES = {
    "own service": rule("own", (alert("ServiceDown"),), (alert("InstanceDown"),), "service"),
    "along a dependency": rule("along", (alert("ServiceDown"), service("db")), (alert("HighErrorRatio"), service("web"))),
    "one alert, two services": rule("apart", (alert("ServiceDown"), service("db")), (alert("ServiceDown"), service("web"))),
    "by signal": rule("signal", (OUTAGE, CRITICAL), (Matcher("severity", "!=", "critical"),), "service"),
}


@pytest.mark.parametrize("name", SOUND_RULES)
def test_a_sound_inhibition_is_accepted(sound: Compiled, name: str) -> None:
    assert [fault for fault in check(inhibiting(SOUND_RULES[name])(sound)) if fault.severity == "error"] == []


def without_volume(one: Compiled) -> Compiled:
    volume = next(mount.source for each in one.stack.components for mount in each.mounts if mount.kind == "volume")
    left = tuple(name for name in one.stack.volumes if name != volume)
    return dataclasses.replace(one, stack=dataclasses.replace(one.stack, volumes=left))


def without_datasource(one: Compiled) -> Compiled:
    left = tuple(source for source in one.grafana.datasources if source.type != "prometheus")
    return dataclasses.replace(one, grafana=dataclasses.replace(one.grafana, datasources=left))


def mounted_twice(one: Compiled) -> Compiled:
    first, *rest = one.stack.components
    twice = dataclasses.replace(first, mounts=(*first.mounts, *first.mounts[:1]))
    assert first.mounts
    return dataclasses.replace(one, stack=dataclasses.replace(one.stack, components=(twice, *rest)))


def asked_elsewhere(one: Compiled) -> Compiled:
    return dataclasses.replace(one, prometheus=dataclasses.replace(one.prometheus, alertmanagers=("elsewhere:9093",)))


def doubled_alert(one: Compiled) -> Compiled:
    again = dataclasses.replace(one.rule_files[-1], name="again")
    return dataclasses.replace(one, rule_files=(*one.rule_files, again))


def doubled_file(one: Compiled) -> Compiled:
    files = (*one.rule_files, dataclasses.replace(one.rule_files[0], groups=one.rule_files[0].groups[:1]))
    return dataclasses.replace(one, rule_files=files)


WEBHOOK = WebhookIntegration(url_file="hook")
REFUSED: dict[str, tuple[str, Callable[[Compiled], Compiled]]] = {
    "mutes itself": ("self-inhibition", inhibiting(rule("loop", (OUTAGE, CRITICAL), (CRITICAL,), "service"))),
    "mutes itself by one alert": ("self-inhibition", inhibiting(rule("loop", (alert("ServiceDown"),), (OUTAGE,), "service"))),
    "circle of two": (
        "inhibition-circle",
        inhibiting(
            rule("first", (alert("ServiceDown"), service("db")), (alert("ServiceDown"), service("web"))),
            rule("second", (alert("ServiceDown"), service("web")), (alert("ServiceDown"), service("db"))),
        ),
    ),
    "circle through others": (
        "inhibition-circle",
        inhibiting(
            rule("first", (alert("ServiceDown"), service("db")), (alert("MetricsAbsent"), service("web"))),
            rule("second", (alert("MetricsAbsent"),), (alert("HighErrorRatio"),), "service"),
            rule("third", (alert("HighErrorRatio"), service("web")), (alert("ServiceDown"), service("db"))),
        ),
    ),
    "cause that is none": (
        "inhibition-cause",
        inhibiting(rule("slow", (alert("EventLoopBlocked"),), (alert("InstanceDown"),), "service")),
    ),
    "label nobody has": (
        "inhibition-label",
        inhibiting(rule("zone", (alert("ServiceDown"),), (alert("TelemetryDropped"),), "zone")),
    ),
    "no such source": ("dead-inhibition", inhibiting(rule("gone", (alert("NoSuchAlert"),), (alert("InstanceDown"),), "service"))),
    "no such target": ("dead-inhibition", inhibiting(rule("gone", (alert("ServiceDown"),), (alert("NoSuchAlert"),), "service"))),
    "unknown receiver": ("unknown-receiver", routed(Route("nobody-knows", where=AT))),
    "unknown time": ("unknown-receiver", routed(Route("ops", active_time_intervals=("lunch",), where=AT))),
    "unused receiver": ("unused-receiver", received(Receiver("spare", (WEBHOOK,), AT))),
    "receiver twice": ("duplicate-name", received(Receiver("ops", (WEBHOOK,), AT))),
    "alert twice": ("duplicate-name", doubled_alert),
    "rule file twice": ("duplicate-name", doubled_file),
    "volume": ("stack-missing", without_volume),
    "mount": ("stack-mount", mounted_twice),
    "datasource": ("dashboard-datasource", without_datasource),
    "target": ("stack-address", asked_elsewhere),
}


def test_the_compilation_itself_is_sound(sound: Compiled) -> None:
    assert list(check(sound)) == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_compilation_that_is_not_sound_is_refused(sound: Compiled, name: str) -> None:
    id, change = REFUSED[name]
    found = list(check(change(sound)))
    assert id in {fault.id for fault in found}, "\n".join(map(str, found))
    assert any(fault.where != NOWHERE for fault in found if fault.id == id), "\n".join(map(str, found))
    if id.startswith(("self-", "inhibition", "dead-inh", "unknown-rec", "unused-rec")):
        assert {fault.where for fault in found if fault.id == id} == {AT}
    if id in ("inhibition-circle", "self-inhibition", "inhibition-label"):
        assert {fault.id for fault in found} == {id}, "\n".join(map(str, found))


def test_an_unused_time_is_a_warning(sound: Compiled) -> None:
    intervals = (*sound.alerting.time_intervals, TimeInterval("spare", where=AT))
    found = list(check(dataclasses.replace(sound, alerting=dataclasses.replace(sound.alerting, time_intervals=intervals))))
    assert [(fault.id, fault.severity, fault.where) for fault in found] == [("unused-receiver", "warning", AT)]
