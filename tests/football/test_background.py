"""Background work on real tables: the calendar is kept ahead, models are told of settled matches once, and gauges are measured."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from football_api.accounts import register
from football_api.jobs import Lock, alone, every
from football_api.jobs import gauges as gauges_module
from football_api.jobs.calendar import Calendar
from football_api.jobs.gauges import Gauges, measure_quality
from football_api.jobs.scores import Scores
from football_api.models import ModelsError
from football_api.resources import Resources, open_resources
from football_api.settings import Settings
from football_league import League
from tests.football.databases import Databases
from tests.ports import free_ports


@pytest.fixture(autouse=True)
def _empty(data: Databases) -> None:
    data.empty()


@pytest.fixture
def told() -> Iterator[tuple[str, list[Any]]]:
    """A football-models that only takes down what it is told."""
    (port,), heard = free_ports(1), list[Any]()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # as http.server wants it
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", port), Listener)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{port}", heard
    server.shutdown()
    thread.join()
    server.server_close()


def within(settings: Settings, work: Callable[[Resources], Awaitable[Any]]) -> Any:
    """What it answers, on resources of its own."""

    async def whole() -> Any:
        found = open_resources(settings)
        try:
            return await work(found)
        finally:
            await found.close()

    return asyncio.run(whole())


def fetch(settings: Settings, told_at: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
    within(settings, lambda found: Calendar(found.sessions, settings, told_at).fetch())


def quality(settings: Settings, later: timedelta = timedelta()) -> dict[str, float]:
    async def measured(found: Resources) -> dict[str, float]:
        async with found.sessions() as session:
            return dict(await measure_quality(session, datetime.now(UTC) + later))

    return dict(within(settings, measured))


def played(data: Databases, count: int = 1, pick: str = "home") -> None:
    """Settled matches, all 2:0, with one prediction each by the user 1."""
    data.ask(
        "INSERT INTO matches (round, home, away, kickoff_at, imported_at, home_goals, away_goals, settled_at) "
        "SELECT n, 'A', 'B', now() - interval '1 minute', now(), 2, 0, now() FROM generate_series("
        "(SELECT count(*) + 1 FROM matches), (SELECT count(*) FROM matches) + $1) n",
        count,
    )
    data.ask(
        "INSERT INTO predictions (user_id, match_id, model_type, pick, home, draw, away, created_at) "
        "SELECT 1, id, 'elo', $1, 1, 0, 0, now() FROM matches WHERE id NOT IN (SELECT match_id FROM predictions)",
        pick,
    )


def test_the_calendar_holds_the_rounds_ahead_however_often_it_is_fetched(data: Databases, settings: Settings) -> None:
    for _ in range(2):
        fetch(settings)
    rows = data.ask("SELECT round, home, away, kickoff_at FROM matches ORDER BY id")
    first = rows[0]["round"]
    expected = [(one.round, one.home, one.away) for number in range(first, first + 3) for one in League().fixtures(number)]
    assert [tuple(row)[:3] for row in rows] == expected
    assert all(row["kickoff_at"].timestamp() == row["round"] * 3600 for row in rows)


def test_many_workers_fetch_one_calendar(data: Databases, settings: Settings) -> None:
    async def together(found: Resources) -> None:
        await asyncio.gather(*(Calendar(found.sessions, settings).fetch() for _ in range(4)))

    within(replace(settings, pool_size=4), together)
    assert data.ask("SELECT count(*) AS n FROM matches")[0]["n"] == 30


def test_a_lock_keeps_others_out_until_the_transaction_ends(settings: Settings) -> None:
    async def tried(found: Resources) -> list[bool]:
        got = []
        async with alone(found.sessions, Lock.SCORES) as mine, alone(found.sessions, Lock.SCORES) as others:
            got += [mine is not None, others is not None]
        async with alone(found.sessions, Lock.SCORES) as again:
            return [*got, again is not None]

    assert within(settings, tried) == [True, False, True]


def test_work_goes_on_after_a_failure() -> None:
    turns = []

    async def fails() -> None:
        turns.append(None)
        if len(turns) == 3:
            raise asyncio.CancelledError
        raise RuntimeError("this turn")

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(every(0, fails))
    assert len(turns) == 3


def test_models_are_told_of_each_settled_match_once(data: Databases, settings: Settings, told: tuple[str, list[Any]]) -> None:
    address, heard = told
    asyncio.run(register(data.url, {"guest": 1}))
    played(data, 2)
    for _ in range(2):
        within(replace(settings, models=address), lambda found: Scores(found.sessions, found.models).tell())
    assert len(heard) == 1, "there was nothing new the second time"
    ((window,),) = heard
    assert (window["model_type"], window["new"], len(window["settled"])) == ("elo", 2, 2)
    assert window["settled"][0] == {"match_id": 1, "pick": "home", "home_goals": 2, "away_goals": 0}
    played(data)
    within(replace(settings, models=address), lambda found: Scores(found.sessions, found.models).tell())
    assert (heard[1][0]["new"], len(heard[1][0]["settled"])) == (1, 3)


def test_models_that_do_not_answer_are_told_later(data: Databases, settings: Settings, told: tuple[str, list[Any]]) -> None:
    asyncio.run(register(data.url, {"guest": 1}))
    played(data)
    (nobody,) = free_ports(1)
    with pytest.raises(ModelsError):
        within(replace(settings, models=f"http://127.0.0.1:{nobody}"), lambda found: Scores(found.sessions, found.models).tell())
    within(replace(settings, models=told[0]), lambda found: Scores(found.sessions, found.models).tell())
    assert told[1][0][0]["new"] == 1


def test_a_match_counts_once_with_what_was_said_last(data: Databases, settings: Settings, told: tuple[str, list[Any]]) -> None:
    asyncio.run(register(data.url, {"guest": 2}))
    played(data)
    data.ask(
        "INSERT INTO predictions (user_id, match_id, model_type, pick, home, draw, away, created_at) "
        "VALUES (2, 1, 'elo', 'away', 0, 0, 1, now())"
    )
    within(replace(settings, models=told[0]), lambda found: Scores(found.sessions, found.models).tell())
    (window,) = told[1][0]
    assert [one["pick"] for one in window["settled"]] == ["away"]


def test_a_model_is_judged_by_the_last_hundred(data: Databases, settings: Settings, told: tuple[str, list[Any]]) -> None:
    asyncio.run(register(data.url, {"guest": 1}))
    played(data, 130)
    within(replace(settings, models=told[0]), lambda found: Scores(found.sessions, found.models).tell())
    (window,) = told[1][0]
    assert (len(window["settled"]), window["settled"][-1]["match_id"]) == (100, 130)


def test_a_fresh_calendar_is_of_good_quality(settings: Settings) -> None:
    fetch(settings)
    assert quality(settings) == {"completeness": 1, "freshness": 1, "accuracy": 1}


def test_what_was_not_imported_lately_is_not_fresh(data: Databases, settings: Settings) -> None:
    assert quality(settings)["freshness"] == 0, "nothing is known of what lies ahead"
    fetch(settings)
    assert quality(settings, timedelta(seconds=40))["freshness"] == 0
    old = datetime.now(UTC)
    fetch(settings, lambda: old + timedelta(seconds=30))
    assert quality(settings, timedelta(seconds=40))["freshness"] == 1, "an import makes it fresh again"
    data.ask("UPDATE matches SET imported_at = now() - interval '1 hour', kickoff_at = now() - interval '1 second' WHERE id = 1")
    assert quality(settings, timedelta(seconds=40))["freshness"] == 1, "what has begun needs no news"


def test_what_lacks_is_not_complete(data: Databases, settings: Settings) -> None:
    fetch(settings)
    data.ask("UPDATE matches SET referee = NULL WHERE id <= 3")
    assert quality(settings)["completeness"] == pytest.approx(0.9)
    data.ask("UPDATE matches SET kickoff_at = now() - interval '2 minutes' WHERE id = 30")
    assert quality(settings)["completeness"] == pytest.approx(26 / 30), "its result is due"
    data.ask("UPDATE matches SET home_goals = 1, away_goals = 1 WHERE id = 30")
    assert quality(settings)["completeness"] == pytest.approx(0.9)


def test_what_cannot_be_is_not_accurate(data: Databases, settings: Settings) -> None:
    asyncio.run(register(data.url, {"guest": 1}))
    played(data, 4)
    assert quality(settings)["accuracy"] == 1
    data.ask("UPDATE matches SET home_goals = 77 WHERE id = 1")
    assert quality(settings)["accuracy"] == 0.75
    data.ask("UPDATE matches SET settled_at = kickoff_at - interval '1 second' WHERE id = 2")
    assert quality(settings)["accuracy"] == 0.5


def test_active_users_are_those_seen_within_the_window(
    data: Databases, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(register(data.url, {"guest": 4}))
    for number, ago in ((1, "1 minute"), (2, "30 minutes"), (3, "5 hours")):
        data.ask("UPDATE users SET last_seen_at = now() - $1::text::interval WHERE id = $2", ago, number)
    seen: dict[str, float] = {}

    class Taken:
        def set(self, value: float, *, window: str) -> None:
            seen[window] = value

    monkeypatch.setattr(gauges_module, "active_users", Taken())
    within(settings, lambda found: Gauges(found.sessions).measure())
    assert seen == {"5m": 1, "1h": 2, "1d": 3}
