"""Where to look. In: the addresses of what runs, and on which engine. Out: lines for people, in Chinese and English: every page and what it
shows, what to try, how to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from football_demo.stack import EngineName, Stack

NO_PAGE = "本机构建无网页，只有接口 / built here: no page, the API alone"


@dataclass(frozen=True)
class Place:
    """Something to look at. `at` is a component with its port, `path` what to open there, `api` what to ask where the engine has no
    pages."""

    title: str
    at: str
    path: str
    shows: str
    api: str = ""


PLACES = (
    Place("football-api", "football-api http", "/openapi.json", "应用自己的接口 / the application's own operations"),
    Place("Grafana", "grafana http", "/", "仪表盘：先看总览 / dashboards, the overview first; user admin"),
    Place(
        "Prometheus", "prometheus http", "/alerts", "指标、告警、抓取目标 / metrics, alerts, targets",
        "/api/v1/query?query=up",
    ),
    Place("Alertmanager", "alertmanager http", "/", "正在告警的、静默 / what fires, silences"),
    Place(
        "Inbox", "inbox http", "/",
        "每条通知的原貌：Slack、钉钉、PagerDuty、邮件 / every message as its receiver gets it",
    ),
    Place(
        "Jaeger", "jaeger query", "/search?service=football-api",
        "跨两个服务直到数据库的链路 / traces through both services into the databases",
        "/api/traces?service=football-api&limit=5",
    ),
)  # fmt: skip

TRY = (
    (".venv/bin/touchline coverage{options}", "监控覆盖率与缺口 / how much is watched, and every gap"),
    (".venv/bin/python -m football_drills on errors", "打开故障，一分钟内看收件箱 / a fault: look at the inbox within a minute"),
    (
        ".venv/bin/python -m football_drills on latency",
        "变慢：看 P95 与被保留的慢链路 / slow: P95, and the slow traces that are kept",
    ),
    (".venv/bin/python -m football_drills list", "正在进行的故障；它们会自行结束 / what is switched on; it ends by itself"),
    (".venv/bin/touchline explain HighErrorRatio", "一条告警的全貌 / all about one alert"),
    ("make demo-down", "停止 / stop"),
)


def table(addresses: Mapping[str, str], engine: EngineName, absent: Mapping[str, str]) -> list[str]:
    """Each place that is here, then those that are not, with the reason."""
    lines = []
    for place in PLACES:
        component = place.at.split()[0]
        if place.at in addresses:
            here = engine == "local" and place.api
            lines.append(f"  {place.title:13} http://{addresses[place.at]}{place.api if here else place.path}")
            lines.append(f"  {'':13} {place.shows}" + (f"; {NO_PAGE}" if here else ""))
        elif component in absent:
            lines.append(f"  {place.title:13} - {absent[component]}")
    return lines


def to_try(environment: str) -> list[str]:
    """What to do next, as commands."""
    options = "" if environment == "local" else f" --environment {environment}"
    return [line for command, why in TRY for line in (f"  {command.format(options=options)}", f"  {'':13} {why}")]


def show(stack: Stack, services: Mapping[str, str]) -> None:
    """All of it, on standard output; `services` are the addresses of the application's own."""
    addresses, absent = stack.places()
    print("去哪里看 / Where to look", *table(addresses | dict(services), stack.engine, absent), sep="\n")
    print("试一试 / What to try", *to_try(stack.environment), sep="\n")
