"""Does the real Alertmanager do in real time what its code does in virtual time? In: nothing; both specs. Every node of both graphs
fails and recovers once, each in an Alertmanager process of its own, unscaled; what a webhook hears is held against the answer of
alertmanager-clock to the same scenario. Out: a line for each node; exit code 1 where both differ. It takes about seven minutes."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from generators.compile.alerting import compile_alerting
from generators.emit import alertmanager
from generators.ir.scenarios import ScenarioFile
from generators.proof.inhibitions import inhibition_file
from operate import tools
from operate.clock import Message, Played, Sent, ask
from operate.scenarios import CONFIG, promises
from tests.crosscheck.recorder import Recorder, Told
from tests.emit.tools import write
from tests.routing.played import PRODUCTION, plan_of

OVER = 240
"""Seconds after which the root's alert is over: the failure is cut short so that its end is seen, nothing is sped up."""
LASTS = 380
APART = 3.0
"""Seconds that a message may be apart in both: a process, a network and two cores lie between."""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="touchline-crosscheck-") as folder, contextlib.closing(Recorder()) as recorder:
        runs = [run for name in PRODUCTION for run in _runs(Path(folder), name, recorder)]
        print(f"{len(runs)} Alertmanagers for {LASTS} s", file=sys.stderr, flush=True)
        with ThreadPoolExecutor(len(runs)) as pool:
            results = list(pool.map(lambda run: run.result(recorder), runs))
    for run, (messages, wrong) in zip(runs, results, strict=True):
        print(f"{'ok' if not wrong else 'DIFFERS'}\t{run.name}\t{messages} messages" + "".join(f"\n\t{line}" for line in wrong))
    return 1 if any(wrong for _, wrong in results) else 0


@dataclasses.dataclass(frozen=True)
class Run:
    """One failure of one node."""

    name: str
    home: Path
    played: Played

    def result(self, recorder: Recorder) -> tuple[int, list[str]]:
        """How many messages were sent, and what is not the same in both."""
        with _process(self.home) as base:
            started = time.time()
            _send(base, started, self.played)
        told = [dataclasses.replace(one, at=one.at - started) for one in recorder.told[self.home.name]]
        starts = datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        harness = tools.path("alertmanager-clock")
        (answer,) = ask(harness, self.home / "real.yml", [dataclasses.replace(self.played, starts=starts)])
        return len(told), _differences(list(answer.messages), told)


def _runs(folder: Path, name: str, recorder: Recorder) -> Iterator[Run]:
    """One for each root failure of the spec's scenarios, with a configuration whose receivers are the recorder's."""
    plan = plan_of(name)
    file: ScenarioFile = inhibition_file(plan)
    files = alertmanager.emit(compile_alerting(plan), (), (file,))
    write(folder / name, files)
    for promise in promises(folder / name / "alertmanager/tests/inhibition.yml"):
        if " fails (" in promise.played.name:
            root = promise.played.name.partition(" fails")[0]
            home = folder / f"{name}-{root}"
            home.mkdir()
            config = yaml.safe_load((folder / name / CONFIG).read_text(encoding="utf-8"))
            _listening(config, recorder.port, home)
            yield Run(f"{name}: {promise.played.name}", home, _shortened(promise.played, root))


def _listening(config: dict[str, Any], port: int, home: Path) -> None:
    for receiver in config["receivers"]:
        integrations = [one for kind, entries in receiver.items() if kind != "name" for one in entries]
        for kind in [kind for kind in receiver if kind != "name"]:
            del receiver[kind]
        if integrations:
            url = f"http://127.0.0.1:{port}/{home.name}/{receiver['name']}"
            receiver["webhook_configs"] = [{"url": url, "send_resolved": integrations[0]["send_resolved"]}]
    del config["templates"]
    (home / "real.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def _shortened(played: Played, root: str) -> Played:
    """The same, but the failure ends sooner: all ends move by so much that the root's alert is over after `OVER` seconds."""
    of_root = next(a for a in played.alerts if a.labels["service"] == root and a.labels["alertname"] in played.name)
    assert of_root.ends is not None
    by = of_root.ends - OVER
    alerts = tuple(dataclasses.replace(a, ends=max((a.ends or 0) - by, a.fires + 30)) for a in played.alerts if a.fires < LASTS)
    return dataclasses.replace(played, alerts=alerts, lasts=LASTS)


@contextlib.contextmanager
def _process(home: Path) -> Iterator[str]:
    """A real Alertmanager on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(tools.path("alertmanager")), f"--config.file={home}/real.yml", f"--storage.path={home}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"]
    with subprocess.Popen(command) as process:
        try:
            base = f"http://127.0.0.1:{port}"
            _ready(base)
            yield base
        finally:
            process.terminate()


def _ready(base: str) -> None:
    for _ in range(300):
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{base}/-/ready", timeout=5):
            return
        time.sleep(0.1)
    raise SystemExit(f"{base} did not become ready")


def _send(base: str, started: float, played: Played) -> None:
    """Post as Prometheus does: when an alert fires, again while it does, and when it is over; in the order of time."""
    posts = sorted((at, index, ends) for index, one in enumerate(played.alerts) for at, ends in _times(one, played.lasts))
    for at, index, ends in posts:
        time.sleep(max(started + at - time.time(), 0))
        one = played.alerts[index]
        alert = {"labels": dict(one.labels), "startsAt": _at(started + one.fires), "endsAt": _at(started + ends)}
        body = json.dumps([alert]).encode()
        request = urllib.request.Request(f"{base}/api/v2/alerts", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()
    time.sleep(max(started + played.lasts - time.time(), 0))


def _times(one: Sent, lasts: float) -> Iterator[tuple[float, float]]:
    assert one.ends is not None
    at = one.fires
    while at < min(one.ends, lasts):
        yield at, at + one.valid
        at += one.resend
    if one.ends <= lasts:
        yield one.ends, one.ends


def _at(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _differences(virtual: list[Message], real: list[Told]) -> list[str]:
    """Messages that only one of both sent, or at another time; by receiver and content, in the order of time."""
    left = sorted((one.receiver, one.at, *_content(one)) for one in virtual)
    right = sorted((one.receiver, one.at, one.firing, one.resolved) for one in real)
    wrong: list[str] = []
    for first in left:
        same = next((o for o in right if o[0] == first[0] and o[2:] == first[2:] and abs(o[1] - first[1]) < APART), None)
        if same:
            right.remove(same)
        else:
            wrong.append(f"only in virtual time: {_said(first)}")
    return wrong + [f"only in real time: {_said(one)}" for one in right]


def _content(one: Message) -> tuple[Any, Any]:
    firing, resolved = (
        tuple(sorted(tuple(sorted(labels.items())) for labels in labelled)) for labelled in (one.firing, one.resolved)
    )
    return firing, resolved


def _said(one: tuple[Any, ...]) -> str:
    receiver, at, firing, resolved = one
    names = [dict(labels)["alertname"] + " of " + dict(labels)["service"] for labels in firing]
    over = [dict(labels)["alertname"] + " of " + dict(labels)["service"] for labels in resolved]
    return f"{receiver} after {at:.1f} s: firing {', '.join(names) or 'nothing'}; over {', '.join(over) or 'nothing'}"


if __name__ == "__main__":
    sys.exit(main())
