"""`python -m football_demo drill`: the faults of `faults.py`, one round after the other, into a demo that runs. In: the stack, the way it
runs, which faults. Out: a line for whatever is seen; then a table on standard output: for each fault, seconds from its begin until its
alert fired and until somebody was told, and from its end until the alert was over. When all faults were injected, `touchline coverage` is
recorded, and it is asked whether every selector and condition has met something, or says why not. All of it takes most of an hour."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from football_demo.course import Course, table
from football_demo.faults import FAULTS, ROUNDS, Drill, Fault
from football_demo.stack import Stack, StackError, Way
from football_demo.witness import Key, Unanswered, Witness
from football_demo.words import say
from football_servers.state import folder

PATIENCE = 1200.0
"""Seconds for an alert to fire, or to be over: the longest waits ten minutes after a window of five."""
BEFORE = 600
"""Seconds before the first fault that still count as live when it is asked what has met something: the slowest rules have run in them."""
LOOK = 2.0
TELL = 30.0


def unknown(titles: Sequence[str]) -> str:
    """What is wrong with the faults that were asked for; "" where nothing is."""
    wrong = ", ".join(title for title in titles if title not in FAULTS)
    return f"no fault is called {wrong}; there are {', '.join(FAULTS)}" if wrong else ""


def drill(stack: Stack, way: Way, titles: Sequence[str]) -> int:
    """All faults, or those that are named. Exit code 1 when one is not noticed, not told in time, or not over."""
    rounds = [chosen for faults in ROUNDS if (chosen := [one for one in faults if not titles or one.title in titles])]
    addresses, _ = stack.places()
    witness = Witness(*(addresses[name] for name in ("prometheus http", "alertmanager http", "inbox http")))
    session = Session(stack, way, witness)
    begun = time.monotonic()
    with _alone(), _ending_on_signals():
        try:
            for number, faults in enumerate(rounds, start=1):
                say(f"round {number} of {len(rounds)}: {', '.join(fault.title for fault in faults)}")
                session.play(faults)
            session.settle()
        finally:
            if session.courses:
                print(*table(session.courses), sep="\n", flush=True)
    good = all(course.good for course in session.courses)
    covered = 0 if titles else stack.covered(int(time.monotonic() - begun) + BEFORE)
    return covered if good else 1


class Session:
    """`courses` is what became of each fault, in their order. `active` is what is known of alerts now: None where nobody answers."""

    def __init__(self, stack: Stack, way: Way, witness: Witness) -> None:
        self.stack, self.way, self.witness = stack, way, witness
        self.courses: list[Course] = []
        self.active: dict[Key, str] | None = None
        self.since, self.lately = 0, frozenset[str]()

    def play(self, faults: Sequence[Fault]) -> None:
        """Inject them; end them when all are noticed and told, or PATIENCE is over."""
        keys = {(fault.alert, fault.service) for fault in faults}
        courses = [Course(fault) for fault in faults]
        self.courses += courses
        if not self._until(lambda: self._over(keys), lambda: self._ready(keys)):
            say(f"not injected: {', '.join(fault.title for fault in faults)}")
            return
        for course in self.courses:
            course.closed = course.resolved is not None  # what fires from now on may be of the next
        for course in courses:
            course.limit = self._limit(course.fault)
        try:
            for course in courses:
                self._begin(course)
            self._until(
                lambda: f"for {_names({one.key for one in courses if not one.noticed})} to fire and be told",
                lambda: self._noticed(courses),
            )
        finally:
            self._end([course for course in courses if course.begun is not None])

    def settle(self) -> None:
        """Until every alert that has fired is over."""
        fired = {course.key for course in self.courses if course.fired is not None}
        self._until(lambda: self._over(fired), lambda: self._quiet(fired))

    def _limit(self, fault: Fault) -> float | None:
        """The worst case of `touchline explain`, for what begins in a moment: a server that is gone. It is that of a service of which
        nothing was told; where something was, the next message of the same group waits for its interval."""
        return None if fault.service in self.lately or isinstance(fault.what, Drill) else self.stack.told_within(fault.alert)

    def _quiet(self, keys: set[Key]) -> bool:
        return self.active is not None and not keys & self.active.keys()

    def _over(self, keys: set[Key]) -> str:
        """What is waited for: those of the alerts that are active."""
        return f"for {_names(keys & (self.active or {}).keys())} to be over"

    def _ready(self, keys: set[Key]) -> bool:
        """None of the alerts is active, and what is told from now on is known."""
        if not self._quiet(keys):
            return False
        self.since, self.lately = self.witness.last_message(), self.witness.lately()
        return True

    def _noticed(self, courses: Sequence[Course]) -> bool:
        told, held = self.witness.told(self.since), self.witness.inhibited()
        for course in courses:
            alert, service = course.key
            course.see_told({(alert, service), (alert, "")} & told != set(), course.key in held)
        return all(course.noticed for course in courses)

    def _until(self, what: Callable[[], str], done: Callable[[], bool]) -> bool:
        """Look until that is so, or PATIENCE is over. Whoever does not answer may do so the next time."""
        begun = said = time.monotonic()
        silent = False
        while time.monotonic() - begun < PATIENCE:
            try:
                self._look()
                if done():
                    return True
                silent = False
            except Unanswered as error:
                if not silent:
                    say(str(error))
                silent = True
            if time.monotonic() - said > TELL:
                say(f"{time.monotonic() - begun:4.0f} s: waiting {what()}")
                said = time.monotonic()
            time.sleep(LOOK)
        return False

    def _look(self) -> None:
        self.active = None
        self.active = dict(self.witness.active())
        last = {course.key: course for course in self.courses if course.begun is not None}
        for key, course in last.items():
            course.see(self.active.get(key))

    def _begin(self, course: Course) -> None:
        what, course.begun = course.fault.what, time.monotonic()
        try:
            if isinstance(what, Drill):
                of = ("--of", what.of) if what.of else ()
                _drills(self.way.api(self.stack), "on", what.name, "--seconds", f"{PATIENCE:.0f}", *of)
            else:
                say(f"stopping {what.server}; should this be killed meanwhile: `{self.way.undo(what.server)}`")
                self.way.stop(what.server)
        except StackError:
            course.begun = None
            raise
        course.in_place = time.monotonic()

    def _end(self, courses: Sequence[Course]) -> None:
        """All of them, whatever becomes of the others; a second Ctrl-C waits."""
        failed = []
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for course in courses:
                course.ended = time.monotonic()
                what = course.fault.what
                try:
                    if isinstance(what, Drill):
                        _drills(self.way.api(self.stack), "off", what.name)
                    else:
                        self.way.start(what.server)
                except StackError as error:
                    failed.append(f"{course.fault.title} is not ended: {error}")
        finally:
            signal.signal(signal.SIGINT, before)
        for line in failed:
            say(line)


def _names(keys: set[Key]) -> str:
    return ", ".join(f"{alert} of {service}" for alert, service in sorted(keys))


def _drills(api: str, *words: str) -> None:
    """In a session of its own: Ctrl-C is for us, who end what has begun."""
    command = [sys.executable, "-m", "football_drills", "--api", f"http://{api}", *words]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False, start_new_session=True).returncode != 0:
        raise StackError(f"`football_drills {words[0]} {words[1]}` has failed, for the reason above")


@contextmanager
def _alone() -> Iterator[None]:
    """One drill at a time: a second would end what the first has begun."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder() / "drill.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("another drill runs here; its faults and ours would be taken for each other's") from None
        yield


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """A closed terminal or a `kill` ends as Ctrl-C does: faults are ended first."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
