"""The Alertmanager configuration and its notification templates. In: ir.alerting. Out: alertmanager/alertmanager.yml and
alertmanager/templates/*.tmpl. Keys as config/config.go and config/notifiers.go of Alertmanager 0.31.1 read them. A secret is the
name of a file; Alertmanager opens it by the path as written, not relative to the configuration (only templates are)."""

from __future__ import annotations

from importlib import resources
from typing import Any

from generators.emit.alertmanager import scenarios as played
from generators.emit.alertmanager.receivers import receiver
from generators.emit.serialize import HEADER, duration, yaml
from generators.ir.alerting import Alerting, InhibitRule, Matcher, Route, RouteTest, TimeInterval
from generators.ir.scenarios import ScenarioFile

DIRECTORY = "alertmanager"
TEMPLATES = ("shared", "slack", "pagerduty", "email")
LOCALES = ("zh-CN", "en")


def emit(alerting: Alerting, tests: tuple[RouteTest, ...] = (), files: tuple[ScenarioFile, ...] = ()) -> dict[str, str]:
    """The configuration, beside it the templates in the project's language, the tests of its routes and the scenarios."""
    config: dict[str, Any] = {
        "global": {"resolve_timeout": duration(alerting.resolve_timeout)},
        "templates": [f"{alerting.template_dir}/*.tmpl"],
        "route": _route(alerting.route),
    }
    if alerting.inhibit_rules:
        config["inhibit_rules"] = [_inhibition(rule) for rule in alerting.inhibit_rules]
    if alerting.time_intervals:
        config["time_intervals"] = [_interval(interval) for interval in alerting.time_intervals]
    config["receivers"] = [receiver(one, alerting) for one in alerting.receivers]
    text = yaml(config, "Who is told, where and when; what is kept back while its cause is known.")
    scenarios = {f"{DIRECTORY}/tests/{file.name}.yml": played.emit(file) for file in files}
    return {f"{DIRECTORY}/alertmanager.yml": text, **_templates(alerting), **(_tests(tests) if tests else {}), **scenarios}


def _tests(tests: tuple[RouteTest, ...]) -> dict[str, str]:
    """alertmanager/tests/routes.yml: label sets and the receivers they must reach, for `amtool config routes test`."""
    cases = [{"name": test.name, "labels": dict(test.labels), "receivers": test.receivers} for test in tests]
    title = "Each set of labels must reach these receivers: `amtool config routes test --verify.receivers=... LABELS`."
    return {f"{DIRECTORY}/tests/routes.yml": yaml({"tests": cases}, title)}


def _templates(alerting: Alerting) -> dict[str, str]:
    locale = alerting.locale if alerting.locale in LOCALES else "en"
    source = resources.files("generators.emit") / "templates"
    files = {name: f"{name}.tmpl" for name in TEMPLATES} | {"words": f"words.{locale}.tmpl"}
    texts = {}
    for name, file in files.items():
        text = (source / file).read_text(encoding="utf-8").replace("@ZONE@", alerting.zone).replace("@LOCALE@", locale)
        texts[f"{DIRECTORY}/templates/{name}.tmpl"] = f"{{{{/* {HEADER} */}}}}\n{text}"
    return texts


def _route(route: Route) -> dict[str, Any]:
    entry: dict[str, Any] = {"receiver": route.receiver}
    if route.matchers:
        entry["matchers"] = [matcher(one) for one in route.matchers]
    if route.group_by is not None:
        entry["group_by"] = route.group_by
    for key in ("group_wait", "group_interval", "repeat_interval"):
        seconds = getattr(route, key)
        if seconds is not None:
            entry[key] = duration(seconds)
    if route.mute_time_intervals:
        entry["mute_time_intervals"] = route.mute_time_intervals
    if route.active_time_intervals:
        entry["active_time_intervals"] = route.active_time_intervals
    if route.proceed:
        entry["continue"] = True
    if route.routes:
        entry["routes"] = [_route(child) for child in route.routes]
    return entry


def matcher(one: Matcher) -> str:
    """A matcher in the UTF-8 syntax, its value always quoted: https://prometheus.io/docs/alerting/latest/configuration/#matcher."""
    value = one.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{one.label}{one.op}"{value}"'


def _inhibition(rule: InhibitRule) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": rule.name,
        "source_matchers": [matcher(one) for one in rule.source],
        "target_matchers": [matcher(one) for one in rule.target],
    }
    if rule.equal:
        entry["equal"] = rule.equal
    return entry


def _interval(interval: TimeInterval) -> dict[str, Any]:
    times: dict[str, Any] = {}
    if interval.times:
        times["times"] = [{"start_time": start, "end_time": end} for start, end in interval.times]
    for key, values in (
        ("weekdays", interval.weekdays),
        ("days_of_month", interval.days_of_month),
        ("months", interval.months),
        ("years", interval.years),
    ):
        if values:
            times[key] = values
    times["location"] = interval.zone
    return {"name": interval.name, "time_intervals": [times]}
