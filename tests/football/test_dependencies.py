"""What football-api does when something behind it is away: models and database are a 503 in time, the cache is passed by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

import football_api.app
from football_api.settings import REQUIRED, Settings, from_environment
from tests.football.databases import Databases
from tests.football.serving import Api, served, until
from tests.ports import free_ports

SOON = timedelta(minutes=10)


@contextmanager
def with_settings(settings: Settings, data: Databases) -> Iterator[Api]:
    """An API of other settings."""
    with served(football_api.app.create(settings)) as address, Api(address, data) as api:
        yield api


def nowhere() -> str:
    """A port where nobody listens."""
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_without_models_no_prediction_is_made_and_the_rest_is_served(settings: Settings, data: Databases) -> None:
    with with_settings(replace(settings, models=f"http://{nowhere()}"), data) as api:
        token, match = api.user("guest"), api.match(SOON)
        assert api.predict(token, match).status_code == 503
        assert api.get("/models", token).status_code == 503
        assert data.ask("SELECT count(*) AS n FROM predictions")[0]["n"] == 0
        assert api.get(f"/matches/{match}", token).status_code == 200
        assert api.get("/readyz").json()["football-models"] == "unavailable"
        assert api.get("/readyz").status_code == 200


def test_without_its_cache_it_serves_from_the_tables(settings: Settings, data: Databases) -> None:
    with with_settings(replace(settings, redis=f"redis://{nowhere()}/0"), data) as api:
        token, match = api.user("guest"), api.match(SOON)
        made = api.predict(token, match)
        assert made.status_code == 201
        assert api.get(f"/predictions/{made.json()['id']}", token).json() == made.json()
        assert api.get("/readyz").json()["redis"] == "ConnectionError"
        assert api.get("/readyz").status_code == 200


def test_without_its_database_it_says_so(settings: Settings, data: Databases) -> None:
    away = data.url.rpartition("@")[0] + f"@{nowhere()}/football"
    with with_settings(replace(settings, database=away), data) as api:
        token = api.user("guest")
        answer = api.get("/matches", token)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "database" in answer.json()["detail"]
        assert api.get("/readyz").status_code == 503
        assert api.get("/healthz").status_code == 200


def test_connections_that_the_server_closed_are_made_anew(settings: Settings, data: Databases) -> None:
    with with_settings(settings, data) as api:
        token = api.user("guest")
        assert api.get("/matches", token).status_code == 200
        data.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'football'")
        answers = [api.get("/matches?state=settled", token).status_code for _ in range(8)]
        assert set(answers) <= {200, 503}
        assert answers[-1] == 200


def test_a_server_without_a_free_connection_is_away(settings: Settings, data: Databases) -> None:
    with with_settings(settings, data) as api:
        token = api.user("guest")
        data.administer("ALTER ROLE football CONNECTION LIMIT 0")
        try:
            data.administer(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'football'"
            )
            until(lambda: api.get("/matches?state=settled", token).status_code == 503)
            assert {api.get("/matches?state=settled", token).status_code for _ in range(4)} == {503}
        finally:
            data.administer("ALTER ROLE football CONNECTION LIMIT -1")


def test_a_faulty_statement_stays_a_fault_of_ours(settings: Settings, data: Databases) -> None:
    with with_settings(settings, data) as api:
        token = api.user("guest")
        data.ask("ALTER TABLE matches RENAME TO lost")
        try:
            assert api.get("/matches", token).status_code == 500
        finally:
            data.ask("ALTER TABLE lost RENAME TO matches")


def test_what_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FOOTBALL_DATABASE_URL", "FOOTBALL_REDIS_URL", "FOOTBALL_FEED_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOOTBALL_MODELS_URL", "http://127.0.0.1:1")
    with pytest.raises(SystemExit, match="not set: FOOTBALL_DATABASE_URL, FOOTBALL_REDIS_URL, FOOTBALL_FEED_TOKEN"):
        from_environment()


def test_a_pace_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in REQUIRED:
        monkeypatch.setenv(name, "something")
    monkeypatch.setenv("FOOTBALL_ROUND_SECONDS", "soon")
    with pytest.raises(SystemExit, match="FOOTBALL_ROUND_SECONDS is 'soon'; a number of seconds is needed"):
        from_environment()
    monkeypatch.setenv("FOOTBALL_ROUND_SECONDS", "5")
    assert from_environment().every == timedelta(seconds=5)
