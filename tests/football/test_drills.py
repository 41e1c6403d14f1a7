"""Each drill does what its name says, to the real thing, and ends by itself; without FOOTBALL_DRILLS=1 there are none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import football_api.app
from football_api.settings import Settings
from football_drills import __main__ as command
from football_drills import apps
from football_drills.board import AMOUNTS, NAMES, Board, Drill
from tests.football.databases import Databases
from tests.football.serving import Api, served, until
from tests.ports import free_ports

SOON = timedelta(minutes=10)
MIB = 2**20


@pytest.fixture(scope="module")
def drilled(settings: Settings, data: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of football-api and football-models, both with drills around them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOOTBALL_DRILLS", "1")
        patch.setenv("FOOTBALL_DRILLS_FILE", str(tmp_path_factory.mktemp("drills") / "drills.json"))
        with served(apps.models()) as models, served(apps.api(settings)) as api:
            yield api, models


@pytest.fixture
def api(drilled: tuple[str, str], data: Databases) -> Iterator[Api]:
    with Api(drilled[0], data) as found:
        yield found
        for name in NAMES:
            found.call("DELETE", f"/drills/{name}")


def begin(api: Api, name: str, **order: Any) -> None:
    """For a minute, unless said otherwise."""
    answer = api.call("POST", f"/drills/{name}", json={"seconds": 60} | order)
    assert answer.status_code == 200, answer.text


def end(api: Api, name: str) -> None:
    assert api.call("DELETE", f"/drills/{name}").status_code == 200


def taken(api: Api, path: str, token: str) -> float:
    """Seconds until the answer."""
    begun = time.perf_counter()
    assert api.get(path, token).status_code == 200
    return time.perf_counter() - begun


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_without_the_variable_there_are_no_drills(settings: Settings, data: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOOTBALL_DRILLS", raising=False)
    for make in (apps.api, football_api.app.create):
        with served(make(settings)) as address:
            assert httpx.get(f"{address}/drills").status_code == 404
            assert httpx.post(f"{address}/drills/latency", json={"seconds": 1}).status_code == 404


def test_drills_are_in_no_schema(api: Api) -> None:
    assert not [path for path in api.get("/openapi.json").json()["paths"] if "drills" in path]


def test_drills_need_the_file_that_workers_share(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTBALL_DRILLS", "1")
    monkeypatch.delenv("FOOTBALL_DRILLS_FILE", raising=False)
    with pytest.raises(SystemExit, match="FOOTBALL_DRILLS_FILE"):
        apps.api(settings)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("flood", {"seconds": 1}),
        ("latency", {"seconds": 0}),
        ("latency", {"seconds": 7200}),
        ("latency", {"seconds": 1, "of": "x"}),
    ],
)
def test_orders_that_make_no_sense_are_refused(api: Api, name: str, order: dict[str, Any]) -> None:
    assert api.call("POST", f"/drills/{name}", json=order).status_code == 422


def test_every_drill_ends_by_itself(tmp_path: Path) -> None:
    board, other = Board(tmp_path / "drills.json"), Board(tmp_path / "drills.json")
    for name in NAMES:
        board.begin(Drill(name, time.time() + 0.4))
    assert set(other.running()) == set(NAMES), "another process sees them"
    until(lambda: not other.running())
    board.begin(Drill("leak", time.time() + 60))
    assert list(other.running()) == ["leak"], "those that are over are not written again"


def test_latency_is_waited_for(api: Api) -> None:
    token = api.user("guest")
    begin(api, "latency", seconds=1, amount=1.5)
    assert taken(api, "/matches", token) >= 1.5
    until(lambda: taken(api, "/matches", token) < 1.5)


def test_health_is_spared(api: Api) -> None:
    begin(api, "errors", amount=1)
    assert api.get("/healthz").status_code == 200
    assert api.get("/drills").json()[0]["name"] == "errors"


def test_errors_are_unhandled_exceptions(api: Api) -> None:
    token = api.user("guest")
    begin(api, "errors", amount=1)
    assert {api.get("/matches", token).status_code for _ in range(5)} == {500}
    end(api, "errors")
    assert api.get("/matches", token).status_code == 200


def test_a_leak_is_resident_memory_that_is_given_back(api: Api) -> None:
    before = resident()
    begin(api, "leak", amount=300)
    until(lambda: resident() > before + 100 * MIB)
    end(api, "leak")
    until(lambda: resident() < before + 50 * MIB)


def test_an_exhausted_pool_holds_every_connection(api: Api, data: Databases) -> None:
    token = api.user("guest")
    begin(api, "pool_exhaustion")
    until(lambda: api.get("/matches", token).status_code == 503)
    held = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = 'football' AND pid <> pg_backend_pid()"
    assert data.ask(held)[0]["n"] >= 4
    end(api, "pool_exhaustion")
    until(lambda: api.get("/matches", token).status_code == 200)


def test_a_bad_model_confuses_the_sides(api: Api, drilled: tuple[str, str]) -> None:
    def picked(model_type: str) -> str:
        question = {"model_type": model_type, "home": "Alder", "away": "Amber"}
        return str(httpx.post(f"{drilled[1]}/predict", json=question).json()["pick"])

    kinds = ("elo", "poisson", "logistic")
    assert [picked(kind) for kind in kinds] == ["home"] * 3
    begin(api, "bad_model")
    assert [picked(kind) for kind in kinds] == ["away"] * 3
    end(api, "bad_model")
    assert [picked(kind) for kind in kinds] == ["home"] * 3


def test_stale_data_are_as_old_as_the_drill(api: Api, data: Databases) -> None:
    newest = "SELECT max(imported_at) AS at, count(*) AS n FROM matches"
    begin(api, "stale_data")
    (begun,) = data.ask("SELECT now() AS at")
    data.ask("DELETE FROM matches")
    until(lambda: data.ask(newest)[0]["n"] == 30)  # the calendar has had its turn
    assert data.ask(newest)[0]["at"] < begun["at"]
    end(api, "stale_data")
    until(lambda: data.ask(newest)[0]["at"] > begun["at"])


def test_a_slow_query_is_slow_in_the_database(api: Api, data: Databases) -> None:
    token, answers = api.user("guest"), list[int]()
    api.match(SOON)
    begin(api, "slow_query", amount=1.5)
    asking = threading.Thread(target=lambda: answers.append(api.get("/matches", token).status_code))
    asking.start()
    until(lambda: data.ask("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%FROM matches%'"))
    asking.join()
    assert answers == [200]
    end(api, "slow_query")
    until(lambda: taken(api, "/matches", token) < 1.5)


def test_a_bypassed_cache_misses_every_time(api: Api, data: Databases) -> None:
    token, match = api.user("guest"), api.match(SOON)

    def missed() -> int:
        with data.redis() as client:
            before = int(client.info("stats")["keyspace_misses"])  # type: ignore[index]
            for _ in range(5):
                assert api.get(f"/matches/{match}", token).status_code == 200
            return int(client.info("stats")["keyspace_misses"]) - before  # type: ignore[index]

    assert missed() <= 1
    begin(api, "cache_bypass")
    assert missed() == 5
    end(api, "cache_bypass")
    assert missed() <= 1


def test_cut_from_its_models_it_predicts_nothing(api: Api) -> None:
    token, match = api.user("member"), api.match(SOON)
    begin(api, "dependency_cut")
    until(lambda: api.get("/readyz").json()["football-models"] == "unavailable")
    assert api.predict(token, match).status_code == 503
    end(api, "dependency_cut")
    until(lambda: api.predict(token, match).status_code == 201)


def test_cut_from_its_cache_it_serves_on(api: Api) -> None:
    token, match = api.user("guest"), api.match(SOON)
    begin(api, "dependency_cut", of="redis")
    until(lambda: api.get("/readyz").json()["redis"] == "ConnectionError")
    assert api.get(f"/matches/{match}", token).status_code == 200
    end(api, "dependency_cut")
    until(lambda: api.get("/readyz").json()["redis"] == "ok")


def test_cut_from_its_database_it_is_not_ready(api: Api) -> None:
    token = api.user("guest")
    begin(api, "dependency_cut", of="postgres")
    until(lambda: api.get("/readyz").status_code == 503)
    assert api.get("/models", token).status_code == 503
    begin(api, "dependency_cut", of="redis")
    until(lambda: api.get("/models", token).status_code == 200, 10)
    end(api, "dependency_cut")
    until(lambda: set(api.get("/readyz").json().values()) == {"ok"})


def test_the_command_gives_orders(api: Api, drilled: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    def order(*words: str) -> int:
        return command.main(["--api", drilled[0], *words])

    assert order("on", "errors", "--seconds", "60") == 0
    (drill,) = api.get("/drills").json()
    assert (drill["name"], drill["amount"]) == ("errors", AMOUNTS["errors"])
    assert order("list") == 0
    assert "errors: " in capsys.readouterr().out
    assert order("off", "errors") == 0
    assert api.get("/drills").json() == []
    assert order("on", "errors", "--seconds", "7200") == 1
    assert "less than or equal to 3600" in capsys.readouterr().err


def test_the_command_says_why_it_cannot(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--api", f"http://127.0.0.1:{free_ports(1)[0]}", "list"]) == 2
    assert "does not answer" in capsys.readouterr().err
    with served(football_api.app.create(settings)) as address:
        assert command.main(["--api", address, "on", "errors"]) == 1
    assert "up --drills" in capsys.readouterr().err
