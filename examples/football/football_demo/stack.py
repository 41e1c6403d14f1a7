"""The stack that watches the demo, by its command line. In: a spec, an environment, an engine. Out: it is deployed, asked, stopped; what
`touchline` says goes to whoever looks on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

EngineName = Literal["local", "compose"]
PATIENCE = 90.0
"""Seconds until every target has been scraped once."""


class StackError(Exception):
    """The stack does not do what was asked; `touchline` has said why."""


class Way(Protocol):
    """A module that runs the demo in one of the two ways; `undo` is the command that starts a stopped server again."""

    ENVIRONMENT: str

    def runs(self, stack: Stack) -> bool: ...
    def up(self, stack: Stack, options: Sequence[str]) -> int: ...
    def down(self, stack: Stack) -> int: ...
    def api(self, stack: Stack) -> str: ...
    def stop(self, server: str) -> None: ...
    def start(self, server: str) -> None: ...
    def undo(self, server: str) -> str: ...


@dataclass(frozen=True)
class Stack:
    """One environment of a spec on one engine."""

    spec: Path
    environment: str
    engine: EngineName

    def deploy(self) -> None:
        """Build, test, start, verify. The first time the engines are obtained and every generated test runs: minutes."""
        self._touchline("deploy", "--engine", self.engine)

    def down(self) -> None:
        """Stop it; its data stay."""
        self._touchline("down")

    def status(self) -> dict[str, Any]:
        """What `touchline status --format json` says, whether all runs or not."""
        told = subprocess.run(self._command("status", "--format", "json"), capture_output=True, text=True, check=False)
        try:
            found = dict(json.loads(told.stdout))
        except ValueError:
            found = {}
        if "state" not in found:
            self._touchline("status")  # says for people what the matter is
            raise StackError("`touchline status` says what nobody understands here")
        return found

    def runs(self) -> bool:
        """Whether any part of it does."""
        return any(one["health"] == "running" for one in self.status().get("components", []))

    def covered(self, last: int) -> int:
        """Whether coverage is what it should be, which is recorded; and every selector and condition has met something within so many
        seconds, or says why not: the worse exit code of `touchline coverage`, which tells people."""
        asked = (("--record",), ("--selectors", "--last", f"{last}s"))
        return max(subprocess.run(self._command("coverage", *words), check=False).returncode for words in asked)

    def told_within(self, alert: str) -> float:
        """The seconds, at worst, until somebody is told of an alert: `touchline explain`."""
        command = self._command("explain", alert, "--engine", self.engine, "--format", "json")
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise StackError(f"`touchline explain {alert}` has failed: {told.stderr.strip()}")
        return float(json.loads(told.stdout)["alerts"][0]["late"]["worst"])

    def build(self, out: Path) -> None:
        """Write the files of the stack's own part there."""
        self._touchline("build", "--engine", self.engine, "--only", "stack", "--out", str(out), passing=subprocess.DEVNULL)

    def password_file(self) -> Path:
        """Where postgres_exporter reads the password of its role: made up by a deploy that finds none."""
        return Path(self.status()["state"]) / "secrets" / "postgres_password"

    def places(self) -> tuple[dict[str, str], dict[str, str]]:
        """`prometheus http` -> host:port, of what can be reached; and component -> why it does not run here."""
        found = self.status()
        if "addresses" not in found:
            raise StackError("no stack was deployed here: `make demo` does that")
        addresses = {f"{one['component']} {one['port']}": str(one["address"]) for one in found["addresses"]}
        return addresses, {one["component"]: str(one["because"]) for one in found["absent"]}

    def _command(self, verb: str, *words: str) -> list[str]:
        return [sys.executable, "-m", "operate", verb, "--spec", str(self.spec), "--environment", self.environment, *words]

    def _touchline(self, verb: str, *words: str, passing: int | None = None) -> None:
        if subprocess.run(self._command(verb, *words), stdout=passing, check=False).returncode != 0:
            raise StackError(f"`touchline {verb}` has failed, for the reason above")


def unseen(prometheus: str, absent: Collection[str]) -> list[str]:
    """Targets that Prometheus does not reach, those of absent components apart: job, address, why."""
    with urllib.request.urlopen(f"http://{prometheus}/api/v1/targets?state=active", timeout=5) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    down = [one for one in targets if one["health"] != "up" and urlsplit(one["scrapeUrl"]).hostname not in absent]
    return [f"{one['scrapePool']} {one['scrapeUrl']}: {one['lastError'] or 'not asked yet'}" for one in down]


def await_targets(stack: Stack) -> None:
    """Until every target is up; StackError names those that are not in time."""
    addresses, absent = stack.places()
    prometheus = addresses["prometheus http"]
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            down = unseen(prometheus, absent)
        except (OSError, ValueError) as error:
            down = [f"Prometheus on {prometheus} does not answer: {error}"]
        if not down:
            return
        if time.monotonic() > limit:
            raise StackError(f"not reached within {PATIENCE:.0f} s: " + "; ".join(down))
        time.sleep(1)
