"""Mixins that are none: whatever a Jsonnet file of somebody else holds, it ends in faults at the line that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from generators.build import build

BASE = Path(__file__).parents[1] / "refusals" / "base" / "whole.yaml"
ALERT = "alert: 'ShopGone', expr: 'up == 0', labels: { severity: 'critical', signal: 'outage', service: 'web' }"


def groups(*rules: str) -> str:
    return f"{{ groups: [{{ name: 'g', rules: [{', '.join(rules)}] }}] }}"


RECORDING = "{ prometheusRules:: " + groups("{ record: 'shop:up:sum', expr: 'EXPR' }") + " }"


def refused(tmp_path: Path, mixin: str) -> list[tuple[str, int, int]]:
    (tmp_path / "own.libsonnet").write_text(mixin, encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(f"include: ['{BASE}']\nmixins: [own.libsonnet]\n", encoding="utf-8")
    result = build(tmp_path / "spec.yaml")
    return [(fault.id, fault.where.line, fault.where.column) for fault in result.faults if fault.severity == "error"]


SOUND = {
    "an alert": f"{{ prometheusAlerts:: {groups('{' + ALERT + '}')} }}",
    "a recording": RECORDING.replace("EXPR", "sum by (service, instance) (up)"),
    "nothing": "{}",
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_mixin_is_accepted(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, SOUND[name]) == []


BROKEN = {
    "no Jsonnet": ("{", "jsonnet"),
    "an error inside": ("{ prometheusAlerts:: error 'no' }", "jsonnet"),
    "a list": ("[]", "jsonnet"),
    "alerts that are a list": ("{ prometheusAlerts:: [] }", "mixin"),
    "groups that are a mapping": ("{ prometheusAlerts:: { groups: {} } }", "mixin"),
    "a group that is a text": ("{ prometheusAlerts:: { groups: ['x'] } }", "mixin"),
    "rules that are a text": ("{ prometheusAlerts:: { groups: [{ rules: 'x' }] } }", "mixin"),
    "a rule that is a number": (f"{{ prometheusAlerts:: {groups('1')} }}", "mixin"),
    "a rule without an expression": (f"{{ prometheusAlerts:: {groups('''{ alert: 'A' }''')} }}", "mixin"),
    "a rule of both kinds": (f"{{ prometheusAlerts:: {groups('{ record: 1, ' + ALERT + '}')} }}", "mixin"),
    "labels that are a list": (f"{{ prometheusAlerts:: {groups('{' + ALERT + ', labels+: []}')} }}", "jsonnet"),
    "annotations that are a text": (f"{{ prometheusAlerts:: {groups('{' + ALERT + ''', annotations: 'x'}''')} }}", "mixin"),
    "no such severity": (f"{{ prometheusAlerts:: {groups('{' + ALERT.replace('critical', 'page') + '}')} }}", "mixin"),
    "a time that is none": (f"{{ prometheusAlerts:: {groups('{' + ALERT + ''', 'for': 'soon'}''')} }}", "mixin"),
    "an unknown metric": (f"{{ prometheusAlerts:: {groups('{' + ALERT.replace('up ==', 'upp ==') + '}')} }}", "unknown-metric"),
    "no PromQL": (f"{{ prometheusAlerts:: {groups('{' + ALERT.replace('up ==', 'up =') + '}')} }}", "promql"),
    "an alert twice": (f"{{ prometheusAlerts:: {groups('{' + ALERT + '}', '{' + ALERT + '}')} }}", "duplicate-name"),
    "a recording of no PromQL": (RECORDING.replace("EXPR", "sum("), "promql"),
    "dashboards that are a list": ("{ grafanaDashboards:: [] }", "mixin"),
    "a dashboard that is a text": ("{ grafanaDashboards:: { 'a.json': 'x' } }", "mixin"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_mixin_is_told_where_it_is_named(tmp_path: Path, name: str) -> None:
    text, id = BROKEN[name]
    assert refused(tmp_path, text) == [(id, 2, 10)]


def test_a_mixin_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(f"include: ['{BASE}']\nmixins: [none.libsonnet]\n", encoding="utf-8")
    assert [(fault.id, fault.where.line) for fault in build(tmp_path / "spec.yaml").faults] == [("mixin", 2)]
