"""Deploying with the real Prometheus and Alertmanager under the local engine: forward, unchanged, and back."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import urllib.request

import pytest

from generators.ir.compiled import Compiled
from generators.ir.rules import AlertingRule
from operate.deploy import Run, activate
from operate.engines import EngineError
from operate.live import alertmanager, http
from operate.proving import Refused
from operate.release import read
from operate.verify import verify
from tests.operate.conftest import Bench
from tests.ports import free_ports

pytestmark = pytest.mark.engine
DIVISION = "groups: [{name: api, rules: [{record: x, expr: 'sum('}]}]\n"


def with_bound(whole: Compiled, bound: str) -> Compiled:
    """The same with another bound of HighLatency."""
    file = whole.rule_files[0]
    group = file.groups[0]
    rules = tuple(
        dataclasses.replace(r, expr=r.expr.replace("> 2", f"> {bound}")) if isinstance(r, AlertingRule) else r
        for r in group.rules
    )
    groups = (dataclasses.replace(group, rules=rules), *file.groups[1:])
    return dataclasses.replace(whole, rule_files=(dataclasses.replace(file, groups=groups),))


def expression(bench: Bench) -> str:
    groups = http.get(f"{bench.address('prometheus')}/api/v1/rules")["data"]["groups"]
    return next(r["query"] for g in groups for r in g["rules"] if r["name"] == "HighLatency")


def phases(bench: Bench) -> list[str]:
    return [entry.phase for entry in bench.site.journal.entries()]


def test_a_first_deploy_runs_what_was_compiled_and_says_which_target_is_down(bench: Bench) -> None:
    outcome = bench.deploy()
    assert outcome.failure == ""
    assert outcome.report is not None
    assert outcome.report.findings == ()
    assert [(d.job, d.address) for d in outcome.report.down] == [("api", "127.0.0.1:9")]
    assert os.readlink(bench.site.state.current) == outcome.running
    assert phases(bench) == ["build", "test", "release", "switch", "reload", "verify", "done"]


def test_a_port_of_somebody_else_is_told_before_anything_is_touched(bench: Bench) -> None:
    first = bench.deploy()
    before = bench.idents()
    (free,) = free_ports(1)
    stack = bench.whole.stack
    moved = tuple(
        dataclasses.replace(one, ports=tuple(dataclasses.replace(port, host_port=free) for port in one.ports))
        if one.name == "alertmanager"
        else one
        for one in stack.components
    )
    with socket.create_server(("127.0.0.1", free)), pytest.raises(EngineError, match=rf"port {free} \(alertmanager, http\)"):
        bench.deploy(dataclasses.replace(bench.whole, stack=dataclasses.replace(stack, components=moved)))
    assert bench.idents() == before
    assert bench.site.state.release() == first.running
    assert phases(bench)[-1] == "failed"


def test_the_same_again_touches_nothing(bench: Bench) -> None:
    first = bench.deploy()
    before = bench.idents()
    again = bench.deploy()
    assert (again.running, again.failure) == (first.running, "")
    assert bench.idents() == before
    assert phases(bench)[-2:] == ["release", "done"]


def test_a_change_is_a_reload_and_silences_survive_it_and_the_way_back(bench: Bench) -> None:
    first = bench.deploy()
    before = bench.idents()
    silence = {
        "matchers": [{"name": "severity", "value": "critical", "isRegex": False, "isEqual": True}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "somebody",
        "comment": "maintenance",
    }
    http.post(f"{bench.address('alertmanager')}/api/v2/silences", silence)
    second = bench.deploy(with_bound(bench.whole, "1.5"))
    assert second.failure == ""
    assert expression(bench).endswith("> 1.5")
    with bench.site.state.locked("rollback"):
        back = activate(Run(bench.site, "rollback"), read(bench.site.state, first.running), unsure=False)
    assert (back.running, back.failure) == (first.running, "")
    assert expression(bench).endswith("> 2")
    assert bench.idents() == before
    assert [one["comment"] for one in http.get(f"{bench.address('alertmanager')}/api/v2/silences")] == ["maintenance"]


def test_a_rule_that_prometheus_refuses_is_the_users_and_touches_nothing(bench: Bench) -> None:
    first = bench.deploy()
    with pytest.raises(Refused, match=r"api\.yml"):
        bench.deploy(prometheus__rules__api_yml=DIVISION)
    assert bench.site.state.release() == first.running
    assert verify(bench.site, read(bench.site.state, first.running)).good
    assert list(bench.site.state.releases.glob(".new-*")) == []


def test_a_reload_that_fails_half_way_ends_with_all_engines_on_the_last_release(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prometheus takes the new release first; Alertmanager then refuses its part, which the tools let pass here."""
    first = bench.deploy()
    monkeypatch.setattr("operate.deploy.prove", lambda place, proven, show: 0)
    broken = "route: {receiver: nobody_knows}\nreceivers: [{name: somebody}]\n"
    outcome = bench.deploy(with_bound(bench.whole, "1.5"), alertmanager__alertmanager_yml=broken)
    assert "nobody_knows" in outcome.failure
    assert outcome.running == first.running == bench.site.state.release()
    assert expression(bench).endswith("> 2")
    assert verify(bench.site, read(bench.site.state, first.running)).findings == ()
    assert phases(bench)[-2:] == ["going-back", "rolled-back"]


def test_rules_that_prometheus_refuses_at_reload_alone_go_back_as_well(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scrape configuration is applied before the rules are found to be wrong: a reload that has failed has changed things."""
    first = bench.deploy()
    monkeypatch.setattr("operate.deploy.prove", lambda place, proven, show: 0)
    labels = dataclasses.replace(bench.whole.prometheus, external_labels={"cluster": "another"})
    outcome = bench.deploy(dataclasses.replace(bench.whole, prometheus=labels), prometheus__rules__api_yml=DIVISION)
    assert outcome.failure
    assert outcome.running == first.running
    assert verify(bench.site, read(bench.site.state, first.running)).findings == ()


def test_a_first_deploy_that_fails_leaves_nothing_running(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operate.deploy.prove", lambda place, proven, show: 0)
    outcome = bench.deploy(alertmanager__alertmanager_yml="route: {receiver: a}\nreceivers: [{name: b}]\n")
    assert (outcome.running, bench.site.state.release()) == ("", "")
    assert {one.health for one in bench.site.engine("local").status(bench.whole.stack)} == {"stopped"}


def test_a_killed_engine_is_noticed_and_started_again(bench: Bench) -> None:
    first = bench.deploy()
    os.kill(int(bench.idents()["alertmanager"]), signal.SIGKILL)
    assert bench.deploy().failure == ""
    assert alertmanager.receivers(bench.address("alertmanager"), ["oncall", "mail", "night"]) == []
    assert bench.site.state.release() == first.running


def test_what_was_changed_behind_our_back_is_brought_back(bench: Bench) -> None:
    first = bench.deploy()
    rules = bench.site.state.releases / first.running / "prometheus/rules/api.yml"
    rules.write_text(rules.read_text().replace("> 2", "> 3"))
    reload = urllib.request.Request(f"{bench.address('prometheus')}/-/reload", method="POST")
    urllib.request.urlopen(reload).close()
    assert expression(bench).endswith("> 3")
    assert not verify(bench.site, read(bench.site.state, first.running)).good
    outcome = bench.deploy()
    assert (outcome.running, outcome.failure) == (first.running, "")
    assert expression(bench).endswith("> 2")


def test_the_manifest_brings_back_the_same_compilation(bench: Bench) -> None:
    outcome = bench.deploy()
    release = read(bench.site.state, outcome.running)
    assert json.dumps(sorted(release.files)) == json.dumps(sorted(bench.built().files))
    assert dataclasses.replace(release.compiled, contract=bench.whole.contract) == bench.whole
    assert release.compiled.contract.metrics.keys() == bench.whole.contract.metrics.keys()


def test_a_release_that_no_engine_has_taken_is_noticed_and_left_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every engine says it has reloaded, and none has: only verify can tell."""
    first = bench.deploy()
    monkeypatch.setattr("operate.deploy.SETTLING", 2.0)
    monkeypatch.setattr("operate.engines.local.LocalEngine.reload", lambda engine, stack, components, say: None)
    outcome = bench.deploy(with_bound(bench.whole, "1.5"))
    assert "HighLatency: runs `" in outcome.failure
    assert outcome.running == first.running == bench.site.state.release()
    assert phases(bench)[-3:] == ["verify", "going-back", "rolled-back"]
