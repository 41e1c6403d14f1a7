"""Runbooks: the pages as text, and the pages of the shipped spec."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from generators.compile.runbooks import compile_runbooks, plain
from generators.emit import runbooks
from generators.ir.runbooks import Runbook, Section, Step
from generators.slo import TIERS
from tests.routing.plans import shipped

SECTION = Section(
    locale="zh-CN",
    title="下单失败",
    facts=(("级别", "严重 | 立即"), ("服务", "商店")),
    meaning="下单请求失败。",
    impact="用户无法下单。",
    steps=(Step('rate(errors_total{path="`"}[5m])', "哪个接口", "https://p.example.com/query?g0.expr=x"), Step("up", "在不在")),
    causes=("数据库 [DatabaseDown](DatabaseDown.md)",),
    tests=("单元测试",),
)
PAGE = Runbook(
    alert="OrdersFail",
    expr="errors > 1  # ```",
    sections=(SECTION, dataclasses.replace(SECTION, locale="en", title="Orders fail")),
    silence_url="https://a.example.com/#/silences/new?filter=x",
    silence_command="amtool silence add alertname=OrdersFail",
    test_command="make test",
    dashboard_url="https://g.example.com/d/shop",
)


def test_a_page_says_everything_in_each_language_the_project_s_first() -> None:
    text = runbooks.emit((PAGE,))["docs/runbooks/OrdersFail.md"]
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    chinese = ["下单失败", "含义", "影响", "触发条件", "先查什么", "可能的原因", "如何静默", "如何测试"]
    english = ["Orders fail", "Meaning", "Impact", "Condition", "Look at this first", "Likely causes"]
    assert headings == ["OrdersFail", *chinese, *english, "How to silence it", "How to test it"]
    assert "| 级别 | 严重 \\| 立即 |" in text
    assert "````promql\nerrors > 1  # ```\n````" in text  # a fence longer than what it holds
    assert (
        '1. 哪个接口\n\n   ```promql\n   rate(errors_total{path="`"}[5m])\n   ```\n\n   [在 Prometheus 中打开](https://p' in text
    )
    assert "2. 在不在\n\n   ```promql\n   up\n   ```\n\n###" in text
    assert text.endswith("make test\n```\n")


def test_what_people_wrote_comes_first_word_for_word() -> None:
    note = "Ask *Wang* first.\n\n- then `restart`\n"
    text = runbooks.emit((dataclasses.replace(PAGE, note=note),))["docs/runbooks/OrdersFail.md"]
    assert "## 补充说明（人工撰写）\n\nAsk *Wang* first.\n\n- then `restart`\n\n## 下单失败" in text
    assert "人工撰写" not in runbooks.emit((PAGE,))["docs/runbooks/OrdersFail.md"]


def test_the_list_leads_to_every_page() -> None:
    other = dataclasses.replace(PAGE, alert="Another")
    text = runbooks.emit((PAGE, other))["docs/runbooks/README.md"]
    assert "| [OrdersFail](OrdersFail.md) | 下单失败 / Orders fail |" in text
    assert "[Another](Another.md)" in text
    assert runbooks.emit(()) == {}


def test_a_language_without_headings_of_its_own_has_english_ones() -> None:
    page = dataclasses.replace(PAGE, sections=(dataclasses.replace(SECTION, locale="de"),))
    assert "### Meaning" in runbooks.emit((page,))["docs/runbooks/OrdersFail.md"]


@pytest.mark.parametrize(
    ("summary", "heading"),
    [
        ("{{ $labels.service }} fails", "`service` fails"),
        ("{{$labels.a}} at {{ $value | humanize }}", "`a` at …"),
        ("plain", "plain"),
    ],
)
def test_a_summary_s_templates_become_words(summary: str, heading: str) -> None:
    assert plain(summary) == heading


def test_every_alert_has_a_page_with_words_links_and_causes() -> None:
    plan = shipped()
    pages = {page.alert: page for page in compile_runbooks(plan)}
    assert set(pages) == {alert.name for alert in plan.alerts} | {tier.name for tier in TIERS}
    files = runbooks.emit(tuple(pages.values()))
    for name, page in pages.items():
        assert [section.locale for section in page.sections] == list(plan.project.locales)
        text = files[f"docs/runbooks/{name}.md"]
        assert "{{" not in "".join(section.title for section in page.sections)
        for link in re.findall(r"\]\((\w+)\.md\)", text):
            assert link in pages, f"{name} leads to {link}, which is nowhere"
        for section in page.sections:
            assert section.meaning
            assert section.impact
            for step in section.steps:
                assert parse_qs(urlsplit(step.link).query)["g0.expr"] == [step.expr]
    api = pages["HighErrorRatio"].sections[1]
    assert any("[PostgresDown](PostgresDown.md)" in cause for cause in api.causes)
    assert not any("HighErrorRatio" in cause for cause in api.causes)


def test_notes_reach_their_page_and_no_other() -> None:
    plan = dataclasses.replace(shipped(), notes={"PostgresDown": "Call the DBA."})
    assert {page.alert: page.note for page in compile_runbooks(plan) if page.note} == {"PostgresDown": "Call the DBA."}


def test_a_page_stays_short_when_a_thousand_services_are_watched() -> None:
    plan = shipped()
    service = plan.service("postgres")
    many = tuple(dataclasses.replace(service, name=f"pg-{index}") for index in range(1000))
    alerts = tuple(dataclasses.replace(one, services=many) if one.name == "PostgresDown" else one for one in plan.alerts)
    pages = {
        page.alert: page for page in compile_runbooks(dataclasses.replace(plan, alerts=alerts, services=(*plan.services, *many)))
    }
    facts = dict(pages["PostgresDown"].sections[1].facts)
    assert facts["Services"].endswith(", … (1000)")
    assert facts["Services"].count("pg-") == 12
