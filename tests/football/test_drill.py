"""How a drill goes when things go wrong: who watches does not answer, an alert is active already, or another service's, a fault cannot be
begun or ended, somebody kills it. Faults and witnesses are scripted here; `test_demo.py` drills what really runs."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from football_demo import drill as module
from football_demo import witness as seen
from football_demo.course import Course, table
from football_demo.drill import Session, drill
from football_demo.faults import FAULTS
from football_demo.stack import StackError
from football_demo.witness import Key, Unanswered, Witness
from football_servers.servers import ORDER

REDIS, POSTGRES, MODELS = (FAULTS[f"{name}-stopped"] for name in ("redis", "postgres", "football-models"))
DOWN: Key = ("RedisDown", "redis")


class Servers:
    """The way: what was ordered, and orders that fail."""

    def __init__(self, failing: tuple[str, ...] = ()) -> None:
        self.orders: list[str] = []
        self.failing = failing

    def stop(self, server: str) -> None:
        self._order(f"stop {server}")

    def start(self, server: str) -> None:
        self._order(f"start {server}")

    def undo(self, server: str) -> str:
        return f"start {server}"

    def _order(self, order: str) -> None:
        self.orders.append(order)
        if order in self.failing:
            raise StackError(f"{order} fails")


class Stack:
    """What `touchline` would say."""

    def __init__(self, within: float = 60.0) -> None:
        self.within = within

    def told_within(self, alert: str) -> float:
        return self.within

    def places(self) -> tuple[dict[str, str], dict[str, str]]:
        return {f"{name} http": "127.0.0.1:1" for name in ("prometheus", "alertmanager", "inbox")}, {}


class Script:
    """The witness: answers in their order, the last for ever; an exception is raised."""

    fired_lately: frozenset[str] = frozenset()

    def __init__(
        self, *looks: dict[Key, str] | Unanswered, told: frozenset[Key] = frozenset({DOWN}), held: frozenset[Key] = frozenset()
    ) -> None:
        self.looks, self.tells, self.held = list(looks), told, held

    def active(self) -> dict[Key, str]:
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Unanswered):
            raise look
        return look

    def last_message(self) -> int:
        return 7

    def told(self, since: int) -> frozenset[Key]:
        assert since == 7
        return self.tells

    def lately(self) -> frozenset[str]:
        return self.fired_lately

    def inhibited(self) -> frozenset[Key]:
        return self.held


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK", 0.0)
    monkeypatch.setattr(module, "PATIENCE", 0.2)


def played(script: Script, way: Any, *faults: Any, within: float = 60.0) -> Session:
    session = Session(Stack(within), way, script)  # type: ignore[arg-type]
    session.play(faults or (REDIS,))
    session.settle()
    return session


def last_row(session: Session) -> str:
    return " ".join(table(session.courses)[-1].split())


FIRES = {DOWN: "firing"}


def test_a_fault_that_is_noticed_and_over() -> None:
    way = Servers()
    session = played(Script({}, {DOWN: "pending"}, FIRES, FIRES, {}), way)
    assert way.orders == ["stop redis", "start redis"]
    assert [course.good for course in session.courses] == [True]
    assert last_row(session) == "redis-stopped RedisDown 0 s 0 s 60 s 0 s"


def test_who_does_not_answer_for_a_while_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    gone = Unanswered("127.0.0.1:1 does not answer: refused")
    session = played(Script({}, gone, gone, FIRES, gone, FIRES, {}), Servers())
    assert [course.good for course in session.courses] == [True]
    assert capsys.readouterr().err.count("does not answer") == 2  # once each time


@pytest.mark.parametrize("state", ["pending", "firing"])
def test_nothing_is_injected_while_its_alert_is_active(state: str) -> None:
    way = Servers()
    session = played(Script({DOWN: state}), way)
    assert way.orders == []
    assert not session.courses[0].good
    assert last_row(session) == "redis-stopped RedisDown NOT INJECTED"


def test_the_alert_of_another_service_does_not_count() -> None:
    session = played(Script({}, {("RedisDown", "sessions"): "firing"}), Servers())
    assert last_row(session) == "redis-stopped RedisDown NOT SEEN 0 s 60 s"
    assert not session.courses[0].good


def test_an_alert_that_nobody_is_told_of_is_not_noticed() -> None:
    session = played(Script({}, *[FIRES] * 3, FIRES, told=frozenset({("RedisDown", "sessions")})), Servers())
    assert not session.courses[0].noticed
    assert "NOT SEEN" in last_row(session)
    assert "STILL ACTIVE" in last_row(session)


def test_one_that_is_held_back_need_not_be_told() -> None:
    session = played(Script({}, FIRES, {}, told=frozenset(), held=frozenset({DOWN})), Servers())
    assert session.courses[0].good
    assert "inhibited" in last_row(session)


def test_told_later_than_the_worst_case_is_late() -> None:
    session = played(Script({}, FIRES, {}), Servers(), within=0.0)
    assert not session.courses[0].good
    assert "LATE" in last_row(session)


def test_where_something_was_told_already_the_next_message_may_wait() -> None:
    script = Script({}, FIRES, {})
    script.fired_lately = frozenset({"redis"})
    session = played(script, Servers(), within=0.0)
    assert session.courses[0].good
    assert last_row(session) == "redis-stopped RedisDown 0 s 0 s 0 s"


def test_an_alert_that_comes_back_is_not_over() -> None:
    session = Session(Stack(), Servers(), Script({}, FIRES, {}, FIRES))  # type: ignore[arg-type]
    session.play((REDIS,))
    session._look()
    assert session.courses[0].resolved is not None
    session._look()
    assert session.courses[0].resolved is None


def test_what_comes_back_with_the_next_fault_is_of_that() -> None:
    down: Key = ("PostgresDown", "postgres")
    script = Script({}, FIRES, {}, {down: "firing", **FIRES}, {}, told=frozenset({DOWN, down}))
    session = Session(Stack(), Servers(), script)  # type: ignore[arg-type]
    session.play((REDIS,))
    session.play((POSTGRES,))
    assert session.courses[0].resolved is not None
    session.settle()
    assert all(course.good for course in session.courses)


def test_each_is_ended_whatever_becomes_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    way = Servers(failing=("start redis",))
    played(Script({}, FIRES, {}), way, REDIS, POSTGRES)
    assert way.orders == ["stop redis", "stop postgres", "start redis", "start postgres"]
    assert "redis-stopped is not ended: start redis fails" in capsys.readouterr().err


def test_what_could_not_be_begun_is_not_ended() -> None:
    way = Servers(failing=("stop postgres",))
    with pytest.raises(StackError, match="stop postgres fails"):
        played(Script({}, FIRES), way, REDIS, POSTGRES)
    assert way.orders == ["stop redis", "stop postgres", "start redis"]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Script], None]]:
    monkeypatch.setattr(module, "folder", lambda: tmp_path)
    return lambda script: monkeypatch.setattr(module, "Witness", lambda *_: script)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_whoever_kills_it_ends_the_fault(
    scripted: Callable[[Script], None], number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    class Killed(Servers):
        def stop(self, server: str) -> None:
            super().stop(server)
            os.kill(os.getpid(), number)

    scripted(Script({}))
    way = Killed()
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        drill(Stack(), way, ["redis-stopped"])  # type: ignore[arg-type]
    assert way.orders == ["stop redis", "start redis"]
    assert signal.getsignal(number) == before
    told = capsys.readouterr()
    assert "should this be killed meanwhile: `start redis`" in told.err
    assert "redis-stopped  RedisDown  NOT SEEN" in told.out


def test_two_at_once_would_end_each_others_faults(scripted: Callable[[Script], None], tmp_path: Path) -> None:
    scripted(Script({}))
    way = Servers()
    with (tmp_path / "drill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StackError, match="another drill runs here"):
            drill(Stack(), way, [])  # type: ignore[arg-type]
    assert way.orders == []


def test_no_answer_is_one_line() -> None:
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1:1 does not answer: .*refused"):
        Witness("127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1").active()
    assert seen.LIMIT > 0


def test_servers_that_are_stopped_are_among_those_that_are_started() -> None:
    assert {fault.title.removesuffix("-stopped") for fault in (REDIS, POSTGRES, MODELS)} <= set(ORDER)
    assert Course(REDIS).key == DOWN
