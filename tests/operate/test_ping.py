"""A test alert through every channel: which labels reach whom is the real amtool's judgement, what arrives is the inbox's."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from generators.build import build
from generators.ir.alerting import Alerting, Matcher, Receiver, Route, WebhookIntegration
from operate import pinging, tools
from operate.live import alertmanager, http
from tests.operate import sample
from tests.operate.conftest import Bench

ROOT = Path(__file__).resolve().parents[2]


def routed(config: Path, labels: dict[str, str]) -> list[str]:
    """Where the real Alertmanager's own tool routes these labels."""
    command = [str(tools.path("amtool")), "config", "routes", "test", f"--config.file={config}"]
    answer = subprocess.run([*command, *(f"{k}={v}" for k, v in labels.items())], capture_output=True, text=True, check=True)
    return answer.stdout.strip().split(",")


@pytest.mark.engine
@pytest.mark.parametrize("spec", ["sample", "spec/football.yaml"])
def test_every_receiver_is_reached_as_amtool_routes(tmp_path: Path, spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    if spec == "sample":
        whole = sample.compiled(sample.stack_of(sample.NAMES))
        text = sample.files(whole)["alertmanager/alertmanager.yml"]
    else:
        built = build(ROOT / spec, "local", "local")
        assert built.compiled is not None
        whole, text = built.compiled, built.files["alertmanager/alertmanager.yml"]
    config = tmp_path / "alertmanager.yml"
    config.write_text(text)
    pings, missed = pinging.pings(whole.alerting, "abc")
    assert missed == ()
    reached = set()
    for ping in pings:
        names = routed(config, dict(ping.labels))
        reached |= set(names)
        assert {delivery.receiver for delivery in ping.deliveries} <= set(names)
    assert reached >= {receiver.name for receiver in whole.alerting.receivers if receiver.integrations}


def test_a_receiver_behind_a_route_that_takes_everything_is_named() -> None:
    hook = (WebhookIntegration(url="http://127.0.0.1/webhook/x"),)
    first = Route("first", (Matcher("severity", "=~", ".*"),))
    second = Route("second", (Matcher("severity", "=", "info"),))
    whole = Alerting(Route("first", routes=(first, second)), (Receiver("first", hook), Receiver("second", hook)))
    pings, missed = pinging.pings(whole, "abc")
    assert [delivery.receiver for ping in pings for delivery in ping.deliveries] == ["first"]
    assert missed == ("second",)


def test_an_alert_that_joins_a_group_is_waited_for_until_that_group_is_sent_again() -> None:
    hook = (WebhookIntegration(url="http://127.0.0.1/webhook/x"),)
    beat = Route("beat", (Matcher("signal", "=", "heartbeat"),), (), group_wait=0, group_interval=90)
    whole = Alerting(Route("all", (), ("service",), 10, 300, routes=(beat,)), (Receiver("all", hook), Receiver("beat", hook)))
    waits = {delivery.receiver: ping.wait for ping in pinging.pings(whole, "abc")[0] for delivery in ping.deliveries}
    assert waits == {"all": 10, "beat": 90}


@pytest.mark.engine
def test_alerts_arrive_in_the_inbox_through_every_channel_or_it_is_said_why_not(whole_bench: Bench) -> None:
    pings, _ = pinging.pings(whole_bench.whole.alerting, "f00ba4")
    base, inbox = whole_bench.address("alertmanager"), whole_bench.address("inbox")
    start, end = "2026-01-01T00:00:00Z", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 120))
    alertmanager.send(base, [pinging.alert(ping, "f00ba4", start, end) for ping in pings])
    wanted = {d: p for p in pings for d in p.deliveries if d.receiver != "night"}
    limit = time.monotonic() + 60
    while not all(pinging.arrived(d, "f00ba4", http.get(f"{inbox}/api/messages")["messages"]) for d in wanted):
        assert time.monotonic() < limit, http.get(f"{inbox}/api/messages")
        time.sleep(0.2)
    night = next(p for p in pings for d in p.deliveries if d.receiver == "night")
    while "outside its hours: never" not in alertmanager.held_back(base, "ping", "f00ba4", night.labels):
        assert time.monotonic() < limit
        time.sleep(0.2)
