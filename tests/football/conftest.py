"""What the example's tests run on: real databases, both services over HTTP. In: what is installed. Out: fixtures; a test that needs
the databases is skipped, naming the package, where they are missing (with TOUCHLINE_REQUIRE_STACK=1 that is a failure)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import football_api.app
import football_models.app
from football_api import migrations
from football_api.settings import Settings
from football_servers import launch, state
from tests.football import databases
from tests.football.databases import Databases
from tests.football.serving import Api, served

FEED = "the-feeds-own-token"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for the databases is marked so: skipped in our own CI, it would be a failure."""
    for item in items:
        if {"data", "installed"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("databases")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """PostgreSQL and Redis of this process, the tables made."""
    if (lacking := databases.missing()) is not None:
        pytest.skip(lacking)
    with databases.running(tmp_path_factory.mktemp("databases") / "state") as found:
        migrations.upgrade(found.url)
        yield found


@pytest.fixture(scope="session")
def models() -> Iterator[str]:
    """The address of football-models."""
    with served(football_models.app.create()) as address:
        yield address


@pytest.fixture(scope="session")
def settings(data: Databases, models: str) -> Settings:
    """A round an hour: no match begins while a test runs, unless the test says so."""
    return Settings(
        data.url, data.redis_url, models, FEED, every=timedelta(hours=1), pool_size=2, pool_overflow=2, pool_timeout=0.5
    )


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    """Where football-api listens."""
    with served(football_api.app.create(settings)) as found:
        yield found


@pytest.fixture
def api(address: str, data: Databases) -> Iterator[Api]:
    """football-api with empty tables and an empty cache."""
    with Api(address, data) as found:
        yield found


@pytest.fixture
def state_folder(tmp_path: Path) -> Iterator[Path]:
    """For a launcher of its own. Whatever the test left running is stopped, and its data, which root keeps elsewhere, removed."""
    yield tmp_path / "state"
    if databases.missing() is None and (left := state.load(tmp_path / "state")) is not None:
        launch.wipe(launch.down(left, lambda _: None))
