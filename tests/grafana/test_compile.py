"""What the compiler makes of the shipped spec: the dashboards the plan asks for, thresholds that are the alerts' own bounds, words in
both languages, the signals first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

import pytest

from generators.catalogue import catalogue
from generators.checks import dashboard_links, dashboard_queries, dashboards
from generators.compile.contract import with_recorded
from generators.compile.dashboards import compile_grafana
from generators.compile.rules import compile_rules
from generators.compile.scrape import compile_scrape
from generators.compile.stack import compile_stack
from generators.conventions import burn_rate
from generators.emit.grafana import emit
from generators.ir.compiled import Compiled
from generators.ir.contract import Contract
from generators.ir.dashboards import Dashboard, Grafana, Panel
from generators.ir.rules import RuleFile
from generators.ir.scrape import Prometheus
from generators.plan import DashboardPlan, MixinPlan, PanelQuery, Plan
from generators.plan import Panel as Planned
from generators.promql import parse, selectors
from generators.resolve import resolve
from generators.slo import TIERS
from generators.spec.load import load

from .shipped import SPEC


@cache
def plan() -> Plan:
    loaded = load(SPEC, "football.yaml")
    resolved, faults = resolve(loaded, catalogue(), "production", "compose", (), {})
    assert resolved is not None, faults
    return resolved


@cache
def grafana() -> Grafana:
    return compile_grafana(plan())


def dashboard(uid: str) -> Dashboard:
    return next(each for each in grafana().dashboards if each.uid == uid)


def panels(*uids: str) -> Iterator[Panel]:
    for each in grafana().dashboards:
        if not uids or each.uid in uids:
            for row in each.rows:
                yield from row.panels


def planned() -> Iterator[Planned]:
    for kind in plan().kind_panels:
        yield from kind.panels


WANTED = {
    "D1": ["api", "business", "system", "tracing", "overview"],
    "D2": ["models", "users", "quality", "live"],
    "D3": ["monitoring", "alerts", "coverage", "trends"],
    "beside": ["slo", "postgres", "redis"],
}


@pytest.mark.parametrize("row", WANTED)
def test_every_dashboard_that_was_asked_for_is_there(row: str) -> None:
    assert set(WANTED[row]) <= {each.uid for each in grafana().dashboards}


def test_every_panel_of_the_plan_is_drawn_once_or_more() -> None:
    drawn = {query.expr for panel in panels() for query in panel.queries}
    missing = [query.expr for panel in planned() for query in panel.queries if query.expr not in drawn]
    assert missing == []


@pytest.mark.parametrize("panel", [each for each in planned() if each.alert], ids=lambda each: each.title["en"])
def test_thresholds_are_the_alert_s_own_bound(panel: Planned) -> None:
    alert = next(each for each in plan().alerts if each.name == panel.alert)
    drawn = [each for each in panels() if each.queries and each.queries[0].expr == panel.queries[0].expr]
    assert drawn
    for each in drawn:
        values = [step.value for step in each.thresholds if step.value is not None]
        if alert.bound is None:
            assert values == []
        elif alert.op == "==":
            assert values == [alert.bound + 1]
        else:
            assert values == [alert.bound]
            bad = each.thresholds[-1] if alert.op.startswith(">") else each.thresholds[0]
            assert bad.color != "green"


@pytest.mark.parametrize("burn", ["page", "ticket"])
def test_burn_rates_are_held_against_the_factors_of_the_tiers_that_read_them(burn: str) -> None:
    tiers = [tier for tier in TIERS if tier.burn == burn]
    read = {burn_rate(tier.long_text) for tier in tiers}
    drawn = [panel for panel in panels("slo") if panel.threshold_lines and any(name in panel.queries[0].expr for name in read)]
    assert drawn
    for panel in drawn:
        assert {step.value for step in panel.thresholds if step.value is not None} == {tier.factor for tier in tiers}


def test_the_signals_stand_first_in_their_order_and_large() -> None:
    api = next(kind for kind in plan().kind_panels if kind.dashboard == "api")
    first = dashboard("api").rows[0].panels
    aspects = {panel.queries[0].expr: panel.aspect for panel in api.panels}
    assert [aspects[panel.queries[0].expr] for panel in first] == ["rate", "errors", "duration", "saturation"]
    assert {panel.width for panel in first} == {12}


def test_titles_and_descriptions_speak_both_languages() -> None:
    for each in grafana().dashboards:
        assert any("\u4e00" <= character <= "\u9fff" for character in each.title + each.description), each.uid
    for panel in planned():
        shown = next(each for each in panels() if each.queries and each.queries[0].expr == panel.queries[0].expr)
        assert all(panel.description[locale] in shown.description for locale in plan().project.locales)


def test_exemplars_lead_from_latency_to_traces() -> None:
    wanted = {query.expr for panel in planned() for query in panel.queries if query.exemplars}
    assert wanted
    assert wanted <= {query.expr for panel in panels() for query in panel.queries if query.exemplars}
    prometheus = next(source for source in grafana().datasources if source.type == "prometheus")
    (destination,) = prometheus.json_data["exemplarTraceIdDestinations"]
    assert destination["datasourceUid"] in {source.uid for source in grafana().datasources if source.type == "jaeger"}


def test_alert_states_and_deployments_are_drawn_over_every_dashboard() -> None:
    for each in grafana().dashboards:
        exprs = " ".join(annotation.expr for annotation in each.annotations)
        assert "ALERTS{" in exprs, each.uid
        assert "process_start_time_seconds" in exprs, each.uid


def test_every_dashboard_leads_to_the_overview_and_to_all_others() -> None:
    for each in grafana().dashboards:
        assert "/d/overview" in {link.url for link in each.links}
        assert any(set(link.tags) <= set(each.tags) for link in each.links if link.tags)


def test_coverage_counts_each_declared_operation_and_nothing_else() -> None:
    operations = [(service, operation) for service in plan().services for operation in service.operations]
    assert operations
    exprs = [query.expr for panel in panels("coverage") if panel.kind == "bargauge" for query in panel.queries]
    for service, operation in operations:
        known = {"service": service.name, "method": operation.method, "endpoint": operation.route}
        traced = {"service_name": service.name, "span_name": str(operation)}
        assert any(_counts(expr, known) for expr in exprs), known
        assert any(_counts(expr, traced) for expr in exprs), traced
        assert not any(_counts(expr, {**known, "endpoint": operation.route + "x"}) for expr in exprs)
    for service in plan().services:
        if service.operations:
            mine = [expr for expr in exprs if f'service="{service.name}"' in expr or f'service_name="{service.name}"' in expr]
            assert mine
            assert all(expr.endswith(f"/ {len(service.operations)}") for expr in mine)


def _counts(expr: str, series: dict[str, str]) -> bool:
    """Whether a selector of the query takes a series with these labels, and no label is left to chance."""
    return any(
        {matcher.name for matcher in selector.matchers} == set(series)
        and all(
            re.fullmatch(matcher.value, series[matcher.name]) if matcher.op == "=~" else matcher.value == series[matcher.name]
            for matcher in selector.matchers
        )
        for selector in selectors(parse(expr))
    )


def test_the_page_people_see_first_is_the_home_dashboard() -> None:
    component = next(each for each in compile_stack(plan()).components if each.name == "grafana")
    first = component.environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert first.endswith(f"/grafana/dashboards/{grafana().home}.json")


def test_a_mixin_s_dashboard_joins_the_others() -> None:
    mixin = MixinPlan("m.libsonnet", {}, {}, {"disks": {"title": "Disks", "panels": []}})
    joined = compile_grafana(replace(plan(), mixins=(mixin,)))
    assert [(each.uid, each.title) for each in joined.foreign] == [("disks", "Disks")]
    assert set(emit(joined)) - set(emit(grafana())) == {"grafana/dashboards/disks.json"}


def test_a_dashboard_of_the_spec_adds_rows_to_a_core_one_or_stands_for_itself() -> None:
    words = {"zh-CN": "行", "en": "row"}
    own = Planned(words, words, "stat", (PanelQuery("sum(up)"),), "short", "detail")
    added = DashboardPlan("api", words, words, ((words, (own,)),))
    alone = DashboardPlan("mine", words, words, ((words, (own,)),))
    boards = {each.uid: each for each in compile_grafana(replace(plan(), dashboards=(added, alone))).dashboards}
    assert boards["api"].rows[:-1] == dashboard("api").rows
    assert boards["api"].rows[-1].title == boards["mine"].rows[0].title == "行 / row"
    assert boards["mine"].title == "行 / row"


def test_the_goals_are_the_thresholds_of_coverage() -> None:
    goals = plan().goals
    steps = {
        panel.title.split(" / ")[-1]: [step.value for step in panel.thresholds][-1]
        for panel in panels("coverage")
        if panel.thresholds
    }
    assert steps["API coverage"] == goals.api_coverage
    assert steps["Trace coverage"] == goals.trace_coverage
    assert steps["Business coverage"] == goals.business_coverage


SMALLER: dict[str, dict[str, Any]] = {
    "no objectives": {"slos": ()},
    "no tracing": {"tracing": None},
    "no panels": {"kind_panels": ()},
    "no alerts": {"alerts": ()},
    "one language": {"project": replace(plan().project, locales=("en",), locale="en")},
}


@pytest.mark.parametrize("what", [name for name in SMALLER if "language" not in name])
def test_a_smaller_plan_compiles_into_dashboards_without_fault(what: str) -> None:
    smaller = replace(plan(), **SMALLER[what])
    built = compile_grafana(smaller)
    rules = compile_rules(smaller)
    compiled = cast(Compiled, _Part(built, with_recorded(smaller.contract, rules), compile_scrape(smaller), ()))
    families = (dashboards, dashboard_links, dashboard_queries)
    faults = [fault for family in families for check in family.CHECKS for fault in check(compiled)]
    assert faults == []
    assert {each.uid for each in built.dashboards} >= {"overview", "alerts", "coverage", "trends"}


@dataclass(frozen=True)
class _Part:
    """What the checks of dashboards read of a compilation."""

    grafana: Grafana
    contract: Contract
    prometheus: Prometheus
    rule_files: tuple[RuleFile, ...]


def test_who_calls_whom_is_drawn_only_where_traced_services_call_one_another() -> None:
    alone = replace(plan(), services=tuple(replace(one, depends_on=("postgres",)) for one in plan().services))
    kinds = [
        {panel.kind for each in built.dashboards if each.uid == "tracing" for row in each.rows for panel in row.panels}
        for built in (grafana(), compile_grafana(alone))
    ]
    assert "nodegraph" in kinds[0]
    assert kinds[1] == kinds[0] - {"nodegraph"}


def test_one_language_says_everything_once() -> None:
    built = compile_grafana(replace(plan(), **SMALLER["one language"]))
    overview = next(each for each in built.dashboards if each.uid == "overview")
    assert overview.title == "APM overview"
    assert not any("\u4e00" <= character <= "\u9fff" for row in overview.rows for character in row.title)
