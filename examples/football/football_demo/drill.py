"""`python -m football_demo drill`: the faults of `faults.py`, one round after the other, into a demo that runs. In: the stack, the way it
runs, which faults. Out: a table on standard output: after how many seconds the alert that must notice each has fired, and after how many
it was quiet again when the fault had ended; then whether everything that is asked has met something meanwhile (`touchline coverage
--selectors`). All of it takes most of an hour."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from football_demo.faults import ROUNDS, Fault
from football_demo.stack import Stack, StackError
from football_demo.words import say

PATIENCE = 1200.0
"""Seconds in which an alert must fire, and in which it must be quiet again: the longest waits ten minutes after a window of five."""
BEFORE = 600
"""Seconds before the first fault that still count as live when it is asked what has met something: the slowest rules have run in them."""
LOOK = 2.0
TELL = 30.0


class Way(Protocol):
    """What the demo runs in, as far as faults are concerned."""

    def api(self, stack: Stack) -> str: ...
    def stop(self, stack: Stack, server: str) -> None: ...
    def start(self, stack: Stack, server: str) -> None: ...


def drill(stack: Stack, way: Way, titles: Sequence[str]) -> int:
    """All faults, or those that are named. Exit code 1 when one is not noticed, or not over, or something asked meets nothing."""
    known = {fault.title: fault for faults in ROUNDS for fault in faults}
    if unknown := [title for title in titles if title not in known]:
        raise StackError(f"no fault is called {', '.join(unknown)}; there are {', '.join(known)}")
    rounds = [chosen for faults in ROUNDS if (chosen := [one for one in faults if not titles or one.title in titles])]
    begun, session = time.monotonic(), Session(stack, way)
    for number, faults in enumerate(rounds, start=1):
        say(f"round {number} of {len(rounds)}: {', '.join(fault.title for fault in faults)}")
        session.play(faults)
    session.calm()
    print(*session.table(), sep="\n")
    met = stack.meets(int(time.monotonic() - begun) + BEFORE)
    return 0 if met and session.good else 1


@dataclass
class Session:
    """Seconds from a fault's begin to its alert, and from its end until that was quiet; `ended` is by the monotonic clock."""

    stack: Stack
    way: Way
    fired: dict[Fault, float] = field(default_factory=dict)
    ended: dict[Fault, float] = field(default_factory=dict)
    quiet: dict[Fault, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prometheus = self.stack.places()[0]["prometheus http"]

    @property
    def good(self) -> bool:
        """Whether every fault was noticed, and every alert is over."""
        return self.ended.keys() == self.fired.keys() == self.quiet.keys()

    def play(self, faults: Sequence[Fault]) -> None:
        """Inject them; end them when all are noticed. StackError where one of their alerts fires before."""
        alerts = {fault.alert for fault in faults}
        if loud := self._wait(lambda firing: firing & alerts, "still"):
            raise StackError(f"before its fault begins this fires already: {', '.join(sorted(loud))}")
        try:
            for fault in faults:
                _begin(self.way, self.stack, fault)
            begun = time.monotonic()
            self._wait(lambda firing: alerts - firing, "not yet", lambda firing: self._notice(faults, firing, begun))
        finally:
            for fault in faults:
                _end(self.way, self.stack, fault)
                self.ended[fault] = time.monotonic()

    def calm(self) -> None:
        """Until every alert that has fired is quiet again."""
        alerts = {fault.alert for fault in self.ended}
        self._wait(lambda firing: firing & alerts, "still")

    def table(self) -> list[str]:
        """A line for each fault, in columns."""
        rows = [("fault", "alert", "fires after", "quiet after")]
        rows += [(one.title, one.alert, _seconds(self.fired.get(one)), _seconds(self.quiet.get(one))) for one in self.ended]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

    def _notice(self, faults: Sequence[Fault], firing: set[str], begun: float) -> None:
        for fault in faults:
            if fault.alert in firing:
                self.fired.setdefault(fault, time.monotonic() - begun)

    def _wait(
        self, left: Callable[[set[str]], set[str]], how: str, see: Callable[[set[str]], None] = lambda firing: None
    ) -> set[str]:
        """Look at what fires, until no alert is `left`; those that are when PATIENCE is over."""
        begun = told = time.monotonic()
        while True:
            firing = self._firing()
            see(firing)
            waiting, now = left(firing), time.monotonic()
            if not waiting or now - begun > PATIENCE:
                return waiting
            if now - told > TELL:
                say(f"{now - begun:4.0f} s: {', '.join(sorted(waiting))} {how} firing")
                told = now
            time.sleep(LOOK)

    def _firing(self) -> set[str]:
        """The alerts that fire now; what has ended and does not is quiet."""
        query = urllib.parse.urlencode({"query": 'group by (alertname) (ALERTS{alertstate="firing"})'})
        try:
            with urllib.request.urlopen(f"http://{self.prometheus}/api/v1/query?{query}", timeout=10) as answer:
                firing = {str(one["metric"]["alertname"]) for one in json.load(answer)["data"]["result"]}
        except (OSError, ValueError) as error:
            raise StackError(f"Prometheus on {self.prometheus} does not answer: {error}") from None
        for fault, ended in self.ended.items():
            if fault in self.fired and fault.alert not in firing:
                self.quiet.setdefault(fault, time.monotonic() - ended)
        return firing


def _begin(way: Way, stack: Stack, fault: Fault) -> None:
    if fault.drill:
        of = ("--of", fault.of) if fault.of else ()
        _drills(way.api(stack), "on", fault.drill, "--seconds", f"{PATIENCE:.0f}", *of)
    else:
        way.stop(stack, fault.outage)


def _end(way: Way, stack: Stack, fault: Fault) -> None:
    if fault.drill:
        _drills(way.api(stack), "off", fault.drill)
    else:
        way.start(stack, fault.outage)


def _drills(api: str, *words: str) -> None:
    command = [sys.executable, "-m", "football_drills", "--api", f"http://{api}", *words]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise StackError(f"`football_drills {words[0]} {words[1]}` has failed, for the reason above")


def _seconds(taken: float | None) -> str:
    return "NOT SEEN" if taken is None else f"{taken:.0f} s"
