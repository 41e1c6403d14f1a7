"""`touchline ping`: send a test alert through every channel, and show what arrived in the inbox, when."""

from __future__ import annotations

import argparse
import datetime
import secrets
import time
from collections.abc import Mapping
from typing import Any

from operate import pinging
from operate.commands import ENVIRONMENTS_FAULT, FINE, Call, UserFault, at_work, demand_running
from operate.live import alertmanager, http
from operate.pinging import Delivery, Ping
from operate.release import Release
from operate.site import Site

SPARE = 30.0
"""Seconds after group_wait that a delivery may take."""
LASTS = datetime.timedelta(minutes=3)

Arrival = tuple[str, float | None]
"""What became of a delivery, and after how many seconds it arrived."""


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Exit code 2 when something that should have arrived did not."""
    site = call.site()
    with at_work(site, "ping"):
        release = site.current()
    if release is None:
        raise UserFault("nothing is released here; `touchline deploy` does that")
    demand_running(site, release)
    stack, engine = release.compiled.stack, site.engine(release.engine)
    base = f"http://{engine.address('alertmanager', 'http', stack)}"
    inbox = engine.address("inbox", "http", stack)
    token = secrets.token_hex(3)
    pings, missed = pinging.pings(release.compiled.alerting, token)
    started = time.monotonic()
    begin = datetime.datetime.now(datetime.UTC)
    alertmanager.send(base, [pinging.alert(p, token, begin.isoformat(), (begin + LASTS).isoformat()) for p in pings])
    call.show.note(f"sent {len(pings)} test alerts ({token}) to {base}", "ok")
    if not inbox:
        call.show.line("There is no inbox in this environment: look at the channels themselves.")
        return FINE
    limit = max((p.wait for p in pings), default=0) + SPARE
    with call.show.phase("ping", f"wait for them in the inbox, {limit:.0f} s at most"):
        found = _wait(pings, token, base, f"http://{inbox}", started, limit)
    return _conclude(site, release, found, missed)


def _wait(pings: tuple[Ping, ...], token: str, base: str, inbox: str, started: float, limit: float) -> dict[Delivery, Arrival]:
    found: dict[Delivery, Arrival] = {}
    wanted = [delivery for ping in pings for delivery in ping.deliveries]
    while len(found) < len(wanted) and time.monotonic() - started < limit:
        time.sleep(0.5)
        messages: list[Mapping[str, Any]] = http.get(f"{inbox}/api/messages", {"limit": "200"})["messages"]
        for delivery in wanted:
            if delivery not in found and pinging.arrived(delivery, token, messages):
                found[delivery] = ("arrived", time.monotonic() - started)
    refusals = http.get(f"{inbox}/api/refusals")["refusals"]
    for ping in pings:
        why = alertmanager.held_back(base, "ping", token, ping.labels)
        for delivery in ping.deliveries:
            turned = [one["reason"] for one in refusals if one["kind"] == delivery.kind]
            said = why or (f"refused by the inbox: {turned[0]}" if turned else "did not arrive")
            found.setdefault(delivery, (said, None))
    return found


def _conclude(site: Site, release: Release, found: dict[Delivery, Arrival], missed: tuple[str, ...]) -> int:
    rows: list[tuple[str, str, str, str]] = [
        (d.receiver, d.kind, d.channel, said if after is None else f"{said} after {after:.1f} s")
        for d, (said, after) in found.items()
    ]
    rows += [(name, "", "", "no alert of ours reaches it") for name in missed]
    site.show.table("Channels", ("receiver", "kind", "channel", "what became of it"), rows)
    site.show.json(
        {
            "release": release.hash,
            "deliveries": [
                {"receiver": d.receiver, "kind": d.kind, "channel": d.channel, "result": said, "seconds": after}
                for d, (said, after) in found.items()
            ],
            "unreached": list(missed),
        }
    )
    lost = [d for d, (said, after) in found.items() if after is None and not said.startswith(("outside its hours", "silenced"))]
    return ENVIRONMENTS_FAULT if lost else FINE
