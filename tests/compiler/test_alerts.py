"""What every alert of either spec owes to whoever it wakes: labels that route it, words, links, and a test on both sides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from generators.ir.rules import AlertingRule
from generators.promql import parse
from generators.promql.labels import labels_of
from tests.compiler.specs import ROOT, SHIPPED, SHOP, UNTRACED, built, called

SPECS = pytest.mark.parametrize("spec", [SHIPPED, SHOP, UNTRACED], ids=called)
SIGNALS = {"outage", "absence", "burn", "saturation", "degradation", "business", "heartbeat"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _alerts(spec: Path) -> Iterator[AlertingRule]:
    """Those that wake somebody: an echo of an outage is told to nobody."""
    compiled = built(spec).compiled
    assert compiled is not None
    for file in compiled.rule_files:
        for group in file.groups:
            yield from (r for r in group.rules if isinstance(r, AlertingRule) and r.labels["signal"] != "echo")


@SPECS
def test_there_are_about_forty_alerts_with_names_of_their_own(spec: Path) -> None:
    names = [rule.alert for rule in _alerts(spec)]
    assert len(names) == len(set(names)) >= 30


@SPECS
def test_every_alert_says_how_urgent_it_is_and_whose(spec: Path) -> None:
    for rule in _alerts(spec):
        assert rule.labels["severity"] in {"critical", "warning", "info"}, rule.alert
        assert rule.labels["signal"] in SIGNALS, rule.alert
        if rule.labels["signal"] == "heartbeat":
            continue
        left = labels_of(parse(rule.expr))
        for label in ("service", "tier", "owner"):
            assert rule.labels.get(label) or left.may_have(label), f"{rule.alert} loses {label}"


@SPECS
def test_every_alert_has_words_and_links(spec: Path) -> None:
    for rule in _alerts(spec):
        for annotation in ("summary", "description", "runbook_url", "dashboard_url"):
            assert rule.annotations.get(annotation), f"{rule.alert} has no {annotation}"
        assert rule.annotations["runbook_url"].startswith("https://")
        assert rule.annotations["dashboard_url"].startswith("https://")
        assert f"docs/runbooks/{rule.alert}.md" in built(spec).files


def test_the_shipped_alerts_speak_both_languages() -> None:
    for rule in _alerts(SHIPPED):
        for annotation in ("summary", "description"):
            assert CHINESE.search(rule.annotations[annotation]), rule.alert
            assert rule.annotations[f"{annotation}_en"].isascii() or not CHINESE.search(rule.annotations[f"{annotation}_en"])


@pytest.mark.parametrize("spec", [SHOP, UNTRACED], ids=called)
def test_a_project_in_english_alone_reads_english_alone(spec: Path) -> None:
    wrong = [path for path, text in built(spec).files.items() if path != "spec/schema.json" and CHINESE.search(text)]
    assert wrong == []


def test_links_to_traces_are_there_only_with_tracing() -> None:
    assert any("trace_url" in rule.annotations for rule in _alerts(SHOP))
    assert not any("trace_url" in rule.annotations for rule in _alerts(UNTRACED))


@SPECS
def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_quiet(spec: Path) -> None:
    compiled = built(spec).compiled
    assert compiled is not None
    fires, quiet = set(), set()
    for file in compiled.test_files:
        for test in file.tests:
            for told in test.alerts:
                (fires if told.expected else quiet).add(told.alert)
            for case in test.exprs:
                for name in re.findall(r'alertname="(\w+)"', case.expr):
                    (fires if case.samples else quiet).add(name)
    for rule in _alerts(spec):
        assert rule.alert in fires, f"nobody has seen {rule.alert} fire"
        if rule.labels["signal"] != "heartbeat":
            assert rule.alert in quiet, f"nobody has seen {rule.alert} stay quiet"


@SPECS
def test_the_dead_man_s_switch_always_fires(spec: Path) -> None:
    beats = [rule for rule in _alerts(spec) if rule.labels["signal"] == "heartbeat"]
    assert [(rule.expr, rule.hold) for rule in beats] == [("vector(1)", 0)]


def test_the_catalogue_speaks_both_languages() -> None:
    """Texts of any kind, also of those that the shipped spec does not use."""
    from generators.catalogue import catalogue

    for name, entry in catalogue().kinds.items():
        for alert, words in entry.kind.alerts.items():
            for text in (words.summary, words.description or {}, words.runbook.meaning, words.runbook.impact):
                assert set(text) == {"zh-CN", "en"}, f"{name}: {alert}"


WORDS = re.compile(r"football|soccer|predict(?!_linear)|kick-?off|league|\belo\b|poisson|/match(es)?\b", re.IGNORECASE)


def test_the_compiler_knows_no_word_of_what_it_serves() -> None:
    files = [path for path in (ROOT / "generators").rglob("*") if path.suffix in {".py", ".yaml", ".tmpl", ".jinja", ".json"}]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WORDS.search(line)
    ]
    assert len(files) > 60
    assert found == []
