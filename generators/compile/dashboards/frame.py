"""What every dashboard has. In: a uid, rows and variables. Out: the dashboard with words, links to all others, alert states and
deployments as annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generators import conventions as name
from generators.compile.dashboards.words import DASHBOARDS, explain, say, text
from generators.ir.dashboards import Annotation, Dashboard, Link, Row, Variable
from generators.plan import Plan, Text

OF_SERVICE = f'{name.SERVICE}=~"$service"'
FIRING = f'alertstate="firing", {name.SIGNAL}!~"heartbeat|{name.ECHO}"'
"""Alerts that fire, but for the one that always does and those that only hold others back."""


def joined(*matchers: str) -> str:
    """Matchers between braces; the empty ones left out."""
    return "{" + ", ".join(matcher for matcher in matchers if matcher) + "}"


def services(plan: Plan, kinds: Iterable[str] = ()) -> Variable:
    """$service: one, several or all of the services of these kinds; of all kinds without any."""
    of = joined(f'kind=~"{"|".join(kinds)}"') if kinds else ""
    return Variable("service", say(plan, text("服务", "Service")), f"label_values(up{of}, service)")


def events(plan: Plan, scope: str) -> tuple[Annotation, ...]:
    """Alerts as they fire, and where processes start or the monitoring itself was changed."""
    by = f"alertname, {name.SERVICE}, {name.SEVERITY}"
    found = [
        Annotation(
            name=say(plan, title),
            expr=f"max by ({by}) (ALERTS{joined(FIRING, matcher, scope)})",
            color=color,
            title="{{alertname}}",
            tags=(name.SERVICE, name.SEVERITY),
        )
        for title, matcher, color in (
            (text("严重告警", "Critical alerts"), f'{name.SEVERITY}="critical"', "red"),
            (text("其他告警", "Other alerts"), f'{name.SEVERITY}!="critical"', "orange"),
        )
    ]
    if "process_start_time_seconds" in plan.contract.metrics:
        starts = f"max by ({name.SERVICE}, instance) (process_start_time_seconds{joined(scope) if scope else ''}) * 1000"
        found.append(
            Annotation(
                name=say(plan, text("部署与重启", "Deployments and restarts")),
                expr=starts,
                color="blue",
                title=say(plan, text("{{service}} 启动", "{{service}} started")),
                tags=(name.SERVICE, "instance"),
                value_is_time=True,
            )
        )
    if "prometheus_config_last_reload_success_timestamp_seconds" in plan.contract.metrics:
        found.append(
            Annotation(
                name=say(plan, text("监控配置发布", "Monitoring released")),
                expr=f"max by ({name.SERVICE}) (prometheus_config_last_reload_success_timestamp_seconds) * 1000",
                color="purple",
                title=say(plan, text("监控配置已重新加载", "The monitoring's rules were reloaded")),
                value_is_time=True,
            )
        )
    return tuple(found)


def links(plan: Plan) -> tuple[Link, ...]:
    """Where to go on from any dashboard."""
    overview = Link(say(plan, DASHBOARDS["overview"][0]), "/d/overview")
    alerts = Link(say(plan, DASHBOARDS["alerts"][0]), "/d/alerts")
    every = Link(say(plan, text("全部仪表板", "All dashboards")), tags=(plan.project.name,))
    return (overview, alerts, every)


def dashboard(
    plan: Plan,
    uid: str,
    rows: Iterable[Row],
    variables: Sequence[Variable] = (),
    words: tuple[Text, Text] | None = None,
    refresh: str = "30s",
    since: str = "now-3h",
) -> Dashboard:
    """A dashboard of this project; its words are those of the core unless given."""
    title, description = words or DASHBOARDS[uid]
    scope = OF_SERVICE if any(variable.name == "service" for variable in variables) else ""
    return Dashboard(
        uid=uid,
        title=say(plan, title),
        description=explain(plan, description),
        rows=tuple(row for row in rows if row.panels),
        tags=(plan.project.name, uid),
        variables=tuple(variables),
        annotations=events(plan, scope),
        links=links(plan),
        refresh=refresh,
        since=since,
    )
