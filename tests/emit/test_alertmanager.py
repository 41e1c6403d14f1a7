"""The Alertmanager configuration and its messages, as amtool takes and renders them."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml as pyyaml

from generators.emit import alertmanager
from generators.ir.alerting import PagerDutyIntegration, Receiver, RouteTest, SlackIntegration
from tests.emit.samples import ALERTING, HOSTILE, alert, group
from tests.emit.tools import need, run, write

TEMPLATES = (
    "email.html",
    "email.text",
    "slack.title",
    "slack.text",
    "slack.color",
    "title",
    "pagerduty.firing",
    "pagerduty.resolved",
)
ANNOTATIONS = {
    "summary": "下单失败 > 1%",
    "summary_en": "Orders fail",
    "description": "失败率 5%",
    "description_en": "5% fail",
    "runbook_url": "https://runbooks.example.com/ShopFails.md",
    "dashboard_url": "https://grafana.example.com/d/shop?var-service=shop",
    "trace_url": "https://jaeger.example.com/search?service=shop&tags=%7B%22error%22%3A%22true%22%7D",
}


class Page(HTMLParser):
    """The tags and links of a page, as a reader's browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


class Renderer:
    """Renders our templates with amtool."""

    def __init__(self, root: Path, locale: str) -> None:
        self.root = root
        write(root, alertmanager.emit(dataclasses.replace(ALERTING, locale=locale)))

    def __call__(self, template: str, data: dict[str, Any]) -> str:
        (self.root / "data.json").write_text(json.dumps(data), encoding="utf-8")
        kind = "html" if template == "email.html" else "text"
        arguments = [f"--template.glob={self.root}/alertmanager/templates/*.tmpl", f"--template.type={kind}"]
        arguments += [f"--template.data={self.root}/data.json", f'--template.text={{{{ template "touchline.{template}" . }}}}']
        ran = run([need("amtool"), "template", "render", *arguments])
        assert ran.returncode == 0, ran.stderr
        assert not ran.stderr
        return ran.stdout


@pytest.fixture
def render(tmp_path: Path) -> Renderer:
    return Renderer(tmp_path, "zh-CN")


def silences(text: str) -> list[dict[str, tuple[str, str]]]:
    """The matchers of every silence link, read as Alertmanager's page reads them (ui/app/src/Utils/Filter.elm in 0.31.1): %XX is
    decoded, + is not, and a backslash keeps the character after it but stays."""
    found = []
    for link in re.findall(r"#/silences/new\?filter=([^\s|<>\"]*)", text):
        body = unquote(link)
        assert re.fullmatch(r'\{\w+=~?"(?:[^"\\]|\\.)*"(,\w+=~?"(?:[^"\\]|\\.)*")*\}', body, re.DOTALL), body
        matchers = re.findall(r'(\w+)(=~?)"((?:[^"\\]|\\.)*)"', body, re.DOTALL)
        found.append({label: (operator, value) for label, operator, value in matchers})
    return found


def matches(matchers: dict[str, tuple[str, str]], labels: dict[str, str]) -> bool:
    """Whether a silence with these matchers holds an alert with these labels."""
    return all(
        re.fullmatch(value, labels.get(label, "")) if operator == "=~" else labels.get(label, "") == value
        for label, (operator, value) in matchers.items()
    )


@pytest.mark.engine
@pytest.mark.parametrize("locale", ["zh-CN", "en", "xx"])
def test_amtool_takes_the_configuration(tmp_path: Path, locale: str) -> None:
    write(tmp_path, alertmanager.emit(dataclasses.replace(ALERTING, locale=locale)))
    checked = run([need("amtool"), "check-config", str(tmp_path / "alertmanager/alertmanager.yml")])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "5 receivers" in checked.stdout
    assert "1 inhibit rules" in checked.stdout
    assert "SUCCESS" in checked.stdout


@pytest.mark.engine
@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"signal": "heartbeat"}, "heartbeat"),
        ({"severity": "critical"}, "oncall,bridge"),
        ({"severity": "warning"}, "bridge"),
        ({"severity": "warning", "note": 'a "b" \\ c'}, "slack"),
        ({"severity": "info"}, "reports"),
    ],
)
def test_routes_lead_where_the_tree_says(tmp_path: Path, labels: dict[str, str], receivers: str) -> None:
    write(tmp_path, alertmanager.emit(ALERTING))
    told = [f"--config.file={tmp_path}/alertmanager/alertmanager.yml", f"--verify.receivers={receivers}"]
    quoted = [f"{name}={json.dumps(value)}" for name, value in labels.items()]
    ran = run([need("amtool"), "config", "routes", "test", *told, *quoted])
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, receivers)


def test_secrets_are_files_and_inbox_addresses_are_plain() -> None:
    config = pyyaml.safe_load(alertmanager.emit(ALERTING)["alertmanager/alertmanager.yml"])
    slack, oncall, mail, bridge, heartbeat = config["receivers"]
    assert slack["slack_configs"][0]["api_url_file"] == "/touchline/secrets/slack_url"
    assert oncall["pagerduty_configs"][0]["routing_key_file"] == "/touchline/secrets/pagerduty_key"
    assert mail["email_configs"][0]["auth_password_file"] == "/touchline/secrets/smtp_password"
    assert bridge["webhook_configs"] == [{"send_resolved": True, "url": "http://bridge:8060/team", "max_alerts": 10}]
    assert heartbeat["webhook_configs"] == [{"send_resolved": False, "url_file": "/touchline/secrets/heartbeat_url"}]
    inbox = Receiver(
        "inbox",
        (
            SlackIntegration("#a", url="http://inbox:9099/slack/a"),
            PagerDutyIntegration(routing_key="k", url="http://inbox:9099/p"),
        ),
    )
    config = pyyaml.safe_load(
        alertmanager.emit(dataclasses.replace(ALERTING, receivers=(inbox,)))["alertmanager/alertmanager.yml"]
    )
    assert config["receivers"][0]["slack_configs"][0]["api_url"] == "http://inbox:9099/slack/a"
    assert config["receivers"][0]["pagerduty_configs"][0]["routing_key"] == "k"
    assert all(one["send_resolved"] for kind in ("slack_configs", "pagerduty_configs") for one in config["receivers"][0][kind])


def test_route_tests_are_data() -> None:
    files = alertmanager.emit(ALERTING, (RouteTest("critical", (("severity", "critical"),), ("oncall", "slack")),))
    assert pyyaml.safe_load(files["alertmanager/tests/routes.yml"]) == {
        "tests": [{"name": "critical", "labels": {"severity": "critical"}, "receivers": ["oncall", "slack"]}]
    }


@pytest.mark.engine
def test_a_message_says_what_since_when_and_where_to_look(render: Renderer) -> None:
    labels = {"alertname": "ShopFails", "severity": "critical", "service": "shop", "owner": "platform"}
    data = group(alert(labels, **ANNOTATIONS))
    assert render("title", data) == "[FIRING:1] ShopFails · shop · 严重 · 下单失败 > 1%"
    assert render("slack.title", data) == "[FIRING:1] ShopFails · shop · 严重 · 下单失败 &gt; 1%"
    assert render("slack.color", data) == "danger"
    slack, plain, page, firing = (render(name, data) for name in ("slack.text", "email.text", "email.html", "pagerduty.firing"))
    for text in (slack, plain, page, firing):
        for said in ("ShopFails", "shop", "严重", "Orders fail", "失败率 5%", "5% fail", "开始于 2026-11-23 18:00:00 CST"):
            assert said in text
        assert matches(silences(text)[0], labels)
        assert not matches(silences(text)[0], labels | {"service": "cart"})
    for url in (ANNOTATIONS["runbook_url"], ANNOTATIONS["dashboard_url"], ANNOTATIONS["trace_url"]):
        assert f"<{url}|" in slack
        assert url in plain
        assert url in firing
        assert url in Page(page).links
    assert render("pagerduty.resolved", data) == ""


@pytest.mark.engine
def test_a_resolved_message_says_how_long_it_lasted(render: Renderer) -> None:
    data = group(alert({"alertname": "ShopFails", "severity": "critical"}, status="resolved", summary="下单失败"))
    assert render("title", data).startswith("[RESOLVED] ShopFails")
    assert render("slack.color", data) == "good"
    for name in ("slack.text", "email.text", "email.html", "pagerduty.resolved"):
        assert "恢复于 2026-11-23 18:01:30 CST, 持续 1m 30s" in render(name, data)
    assert render("pagerduty.firing", data) == ""
    assert not silences(render("slack.text", data))


@pytest.mark.engine
def test_english_is_spoken_where_the_project_speaks_it(tmp_path: Path) -> None:
    data = group(alert({"alertname": "ShopFails", "severity": "critical", "service": "shop"}, **ANNOTATIONS))
    text = Renderer(tmp_path, "en")("slack.text", data)
    assert "Severity: critical · Service: shop · Since 2026-11-23 18:00:00 CST" in text
    assert "|Runbook>" in text


@pytest.mark.engine
def test_hostile_labels_stay_words(render: Renderer) -> None:
    data = group(alert(HOSTILE, summary="<img src=x onerror=alert(1)> {{ .Nope }}", runbook_url="javascript:alert(1)"))
    html = render("email.html", data)
    page = Page(html)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "<script>alert(1)</script>" in page.words
    assert not any(link.startswith("javascript:") for link in page.links)
    slack = render("slack.text", data)
    assert "<!channel>" not in slack
    assert "<img" not in slack
    assert "&lt;!channel&gt;" in slack
    assert "\n" not in render("title", group(alert(HOSTILE | {"alertname": "a\nb"}, summary="c\nd")))
    links = [link for link in page.links if "silences/new" in link]
    for text in ("\n".join(links), slack, render("email.text", data), render("pagerduty.firing", data)):
        found = silences(text)
        assert found
        assert all(matches(one, HOSTILE) for one in found)
        assert not any(matches(one, HOSTILE | {"path": "other"}) for one in found)


@pytest.mark.engine
def test_a_storm_stays_readable(render: Renderer) -> None:
    """Forty alerts, each with far too much to say: ten are told, the rest counted, and all fits what the receivers take."""
    long = {"summary": "长" * 5000, "description": "话" * 20000, "runbook_url": "https://runbooks.example.com/" + "x" * 100}
    firing = [alert({"alertname": f"A{n:02}", "severity": "critical", "path": "/" + "p" * 200}, **long) for n in range(40)]
    resolved = [alert({"alertname": f"R{n:02}", "severity": "critical"}, status="resolved", **long) for n in range(12)]
    data = group(*firing, *resolved)
    slack = render("slack.text", data)
    assert "A09" in slack
    assert "A10" not in slack
    assert "另有 30 条未列出" in slack
    assert "另有 2 条未列出" in slack
    assert len(slack) < 40_000  # what Slack keeps of a message
    assert len(render("slack.title", data)) <= 1024
    assert len(render("title", group(firing[0]))) <= 1024  # PagerDuty's summary
    assert "长" * 300 + "…" in slack
    assert len(render("pagerduty.firing", data).encode()) < 400_000  # an event may have 512,000 bytes
    mail = render("email.text", data)
    assert mail.count("开始于") == 10
    assert "另有 42 条未列出" in mail
    assert Page(render("email.html", data)).words.count("开始于") == 10


@pytest.mark.engine
def test_nothing_but_a_name_is_needed(render: Renderer) -> None:
    """An alert somebody else wrote, without our labels and annotations, is told all the same."""
    data = group(alert({"alertname": "Foreign", "severity": "sev-1<x>"}))
    for name in TEMPLATES:
        text = render(name, data)
        assert "<no value>" not in text
        assert "ZgotmplZ" not in text
    assert render("pagerduty.severity", data) == "critical"
    assert render("pagerduty.source", data) == "https://alerts.example.com"
