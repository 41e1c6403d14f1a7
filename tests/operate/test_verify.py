"""Verify notices one changed field of a running engine, whatever it is: each change is made in the files the engine reads, behind
Touchline's back, and the engine is told to load them. Then verify must name it; once it is undone, verify must be content."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from operate.live import jaeger, prometheus
from operate.release import Release, read
from operate.verify import Check, answers, questions, verify
from tests.operate.conftest import Bench

pytestmark = pytest.mark.engine
RULES, SCRAPE, ROUTES = "prometheus/rules/api.yml", "prometheus/prometheus.yml", "alertmanager/alertmanager.yml"
STOWAWAY = "      - record: stowaway\n        expr: vector(1)\n      - record: one\n"

# (what, file, old text, new text, what verify says of it)
CHANGES = [
    ("the bound of an alert", RULES, "> 2", "> 2.5", "HighLatency: runs `"),
    ("its for", RULES, "for: 2m", "for: 3m", "HighLatency: for runs as 180 s, the release says 120 s"),
    ("its keep_firing_for", RULES, "keep_firing_for: 1m", "keep_firing_for: 2m", "HighLatency: keep_firing_for runs as 120 s"),
    ("a label", RULES, "severity: critical", "severity: warning", "HighLatency: labels.severity runs as 'warning'"),
    ("an annotation", RULES, "summary: down", "summary: up", "TargetDown: annotations.summary runs as 'up'"),
    ("a matcher of a recording", RULES, 'up{job!=""}', 'up{job!="a"}', "job:up:sum: runs `"),
    ("the interval of a group", RULES, "interval: 5s", "interval: 6s", "group api: runs every 6 s, the release says 5 s"),
    ("the name of a rule", RULES, "record: one", "record: two", "one does not run (group self)"),
    ("a rule more", RULES, "      - record: one\n", STOWAWAY, "stowaway runs and is not in the release"),
    ("the scrape interval", SCRAPE, "  scrape_interval: 1s", "  scrape_interval: 4s", "global.scrape_interval: runs with 4s"),
    ("a target", SCRAPE, "127.0.0.1:9'", "127.0.0.1:10'", "target 127.0.0.1:9 of job api is not scraped"),
    ("a label of a target", SCRAPE, "tier: critical", "tier: standard", "target 127.0.0.1:9 of job api: has labels"),
    ("an external label", SCRAPE, "cluster: test", "cluster: other", "global.external_labels.cluster: runs with other"),
    ("a limit of a job", SCRAPE, "sample_limit: 5000", "sample_limit: 6000", "scrape_configs[api].sample_limit: runs with 6000"),
    ("a setting we say nothing of", SCRAPE, "job_name: api", "job_name: api\n    honor_labels: true", "[api].honor_labels: runs"),
    ("the receiver of a route", ROUTES, "- receiver: mail", "- receiver: night", "route.routes[1].receiver: runs with night"),
    ("the group_wait of a route", ROUTES, "  group_wait: 2s", "  group_wait: 3s", "route.group_wait: runs with 3s"),
    ("a matcher of a route", ROUTES, 'warning|critical', 'warning', "route.routes[mail].matchers[0]: runs with"),
    ("an inhibition", ROUTES, 'alertname="TargetDown"', 'alertname="Other"', "inhibit_rules[down].source_matchers[0]: runs with"),
    ("a time interval", ROUTES, "'2001'", "'2002'", "time_intervals[never].time_intervals[0].years[0]: runs with 2002"),
    ("a secret address", ROUTES, "/slack/oncall", "/slack/elsewhere", "another file is loaded"),
]  # fmt: skip


@contextmanager
def changed(bench: Bench, release: Release, name: str, old: str, new: str) -> Iterator[None]:
    """The engine has loaded the file in another form while the block runs; on disk it is as it was."""
    file, engine = release.path / name, name.partition("/")[0]
    text = file.read_text()
    assert old in text, f"{name} holds no {old!r}:\n{text}"
    file.write_text(text.replace(old, new, 1))
    try:
        reload(bench, engine)
    finally:
        file.write_text(text)
    try:
        yield
    finally:
        reload(bench, engine)


def reload(bench: Bench, engine: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{bench.address(engine)}/-/reload", method="POST")).close()


def asked(bench: Bench, release: Release, settling: float = 0.0) -> dict[str, Check]:
    """What the engines alone were found to have: the release's own files are another check."""
    every = questions(bench.site, release, bench.site.engine("local"), frozenset())
    checks = answers([one for one in every if one.component in ("prometheus", "alertmanager")], settling)
    return {f"{check.component} {check.what}": check for check in checks}


def findings(checks: dict[str, Check]) -> list[str]:
    return [finding for check in checks.values() for finding in check.findings]


@pytest.mark.parametrize(("what", "file", "old", "new", "said"), CHANGES, ids=[change[0] for change in CHANGES])
def test_one_changed_field_is_noticed(whole_bench: Bench, what: str, file: str, old: str, new: str, said: str) -> None:
    release = read(whole_bench.site.state, whole_bench.site.state.release())
    with changed(whole_bench, release, file, old, new):
        # Prometheus takes changed targets over within some seconds of a reload, so the change is waited for as well.
        found = findings(asked(whole_bench, release))
        for _ in range(20):
            if any(said in line for line in found):
                break
            time.sleep(0.5)
            found = findings(asked(whole_bench, release))
        assert any(said in line for line in found), found
    assert findings(asked(whole_bench, release, settling=30)) == []


def test_a_changed_file_of_the_release_is_noticed_before_anybody_loads_it(whole_bench: Bench) -> None:
    release = read(whole_bench.site.state, whole_bench.site.state.release())
    file = release.path / RULES
    text = file.read_text()
    file.write_text(text + "\n")
    try:
        assert f"changed: {RULES} in release {release.hash}" in verify(whole_bench.site, release).findings[0]
    finally:
        file.write_text(text)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("status_codes: [ERROR]", "status_codes: [UNSET]", "traces with an error: sent over OTLP, not found"),
        ("threshold_ms: 2000", "threshold_ms: 20000", "traces slower than 2000 ms: sent over OTLP, not found"),
    ],
)
def test_a_changed_sampling_policy_of_jaeger_is_noticed(
    whole_bench: Bench, old: str, new: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = read(whole_bench.site.state, whole_bench.site.state.release())
    engine = whole_bench.site.engine("local")
    file = release.path / "jaeger/config.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    try:
        engine.reload(release.compiled.stack, ["jaeger"], whole_bench.site.say)
        with monkeypatch.context() as hasty:
            hasty.setattr(jaeger, "SPARE", 5.0)  # what never comes need not be waited for as long as what must come
            assert any(said in line for line in verify(whole_bench.site, release).findings)
    finally:
        file.write_text(text)
        engine.reload(release.compiled.stack, ["jaeger"], whole_bench.site.say)
    assert verify(whole_bench.site, release).findings == ()


def test_a_stopped_engine_is_noticed_in_words(whole_bench: Bench) -> None:
    release = read(whole_bench.site.state, whole_bench.site.state.release())
    engine = whole_bench.site.engine("local")
    stopped = next(one for one in engine.status(release.compiled.stack) if one.component == "inbox")
    assert stopped.health == "running"
    engine.down(release.compiled.stack, whole_bench.site.say)
    try:
        found = verify(whole_bench.site, release).findings
        assert any("prometheus: " in line and "refused" in line for line in found)
        assert any("inbox is stopped" in line for line in found)
    finally:
        engine.up(release.compiled.stack, whole_bench.site.say)
    assert verify(whole_bench.site, release, 30).findings == ()


def test_a_flag_that_is_otherwise_is_noticed(whole_bench: Bench) -> None:
    base = whole_bench.address("prometheus")
    given = ("--storage.tsdb.retention.time=840h", "--storage.tsdb.retention.size=20GB", "--web.enable-lifecycle")
    assert prometheus.flags(base, given) == []
    assert prometheus.flags(base, ("--storage.tsdb.retention.time=36d",)) == [
        "--storage.tsdb.retention.time runs as 5w, the release says 36d"
    ]
