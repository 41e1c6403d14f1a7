"""The launcher, whole: up, status and down with real processes; what it leaves alone, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from football_servers import __main__ as command
from football_servers import launch, postgres, processes, servers, state
from football_servers.processes import Process
from tests.football import databases
from tests.football.serving import until
from tests.ports import free_ports

PORTS = ("--api-port", "--models-port", "--postgres-port", "--redis-port")


def run(folder: Path, *words: str) -> int:
    return command.main(["--state", str(folder), *words])


def ports() -> list[str]:
    return [word for name, port in zip(PORTS, free_ports(4), strict=True) for word in (name, str(port))]


@pytest.fixture
def installed() -> None:
    if (lacking := databases.missing()) is not None:
        pytest.skip(lacking)


@pytest.mark.usefixtures("installed")
def test_up_status_down(
    state_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTBALL_ROUND_SECONDS", "5")
    chosen = ports()
    password = tmp_path / "postgres_password"
    password.write_text('it\'s \\a "secret"\n')
    up = [*chosen, "--workers", "2", "--drills", "--load-peak", "6", "--monitor-password-file", str(password)]
    try:
        assert run(state_folder, "up", *up, "--until", "redis") == 0
        begun = _status(state_folder, capsys, 1)["servers"]
        assert [one["name"] for one in begun if one["state"] == "running"] == ["postgres", "redis"]
        assert run(state_folder, "up", *up) == 0
        first = _status(state_folder, capsys)
        assert first["servers"][:2] == begun[:2]
        assert {one["name"]: one["state"] for one in first["servers"]} == dict.fromkeys(
            ("postgres", "redis", "football-models", "football-api", "load"), "running"
        )
        assert run(state_folder, "up", *up) == 0
        assert _status(state_folder, capsys)["servers"] == first["servers"], "what runs is left alone"
        assert run(state_folder, "up", *ports()) == 1
        assert "it runs already, with other options" in capsys.readouterr().err
        api = f"http://127.0.0.1:{chosen[1]}"
        assert httpx.get(f"{api}/drills").json() == []
        assert _as_monitor(int(chosen[5]), 'it\'s \\a "secret"') == [True, False], "it sees the server, and no row"
        assert run(state_folder, "stop", "redis") == 0
        stopped = {one["name"]: one for one in _status(state_folder, capsys, 1)["servers"]}
        assert [name for name, one in stopped.items() if one["state"] == "stopped"] == ["redis"]
        assert run(state_folder, "stop", "redis") == 1
        assert "redis does not run here" in capsys.readouterr().err
        assert run(state_folder, "start", "redis") == 0
        again = {one["name"]: one for one in _status(state_folder, capsys)["servers"]}
        assert [name for name, one in again.items() if one["pid"] != stopped[name]["pid"]] == ["redis"]
        token = json.loads((state_folder / "tokens.json").read_text())["premium"][0]
        until(lambda: _judged(api, token), 90)
    finally:
        assert run(state_folder, "down") == 0
    capsys.readouterr()
    assert run(state_folder, "status") == 1
    assert capsys.readouterr().out.count("stopped") == 5
    assert not [one for one in first["servers"] if Path(f"/proc/{one['pid']}/cmdline").exists() and _ours(one["pid"])]
    assert run(state_folder, "down", "--wipe") == 0
    assert not (state_folder / "servers.json").exists()


def _status(folder: Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run(folder, "status", "--format", "json") == code
    return dict(json.loads(capsys.readouterr().out))


def _judged(api: str, token: str) -> bool:
    """Whether users predicted, the feed settled, and the models are judged by it."""
    found = httpx.get(f"{api}/models", headers={"Authorization": f"Bearer {token}"}).json()
    return any(one["settled"] > 0 and one["accuracy"] > 0.5 for one in found if one["model_type"] == "elo")


def _as_monitor(port: int, password: str) -> list[bool]:
    """Whether the exporter's role may read the statistics, and the users."""

    async def asked() -> list[bool]:
        connection = await asyncpg.connect(host="127.0.0.1", port=port, user="monitoring", password=password, database="football")
        try:
            return [
                bool(await connection.fetchval(f"SELECT {question}"))
                for question in ("pg_has_role('pg_monitor', 'MEMBER')", "has_table_privilege('users', 'SELECT')")
            ]
        finally:
            await connection.close()

    return asyncio.run(asked())


def _ours(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.usefixtures("installed")
def test_a_port_that_is_taken_is_named_with_its_option(state_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ports()
    with socket.create_server(("127.0.0.1", int(chosen[5]))):
        assert run(state_folder, "up", *chosen) == 1
    assert f"port {chosen[5]}, meant for PostgreSQL, is taken" in (said := capsys.readouterr().err)
    assert "--postgres-port" in said
    assert run(state_folder, "down", "--wipe") == 0


def test_who_ends_at_its_start_shows_its_last_words(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", "raise SystemExit('the reason')"]
    process = processes.start(argv, os.environ, tmp_path / "log")
    with pytest.raises(launch.LaunchError, match=r"nobody ended at its start; the end of .*log:\n  the reason"):
        launch.wait(servers.Server("nobody", "nobody", argv, lambda: False), process, tmp_path / "log")


def test_who_does_not_become_ready_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "PATIENCE", 0.3)
    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = processes.start(argv, os.environ, tmp_path / "log")
    with pytest.raises(launch.LaunchError, match=r"not ready within 0"):
        launch.wait(servers.Server("nobody", "nobody", argv, lambda: False), process, tmp_path / "log")
    assert not processes.alive(process)


@pytest.mark.parametrize(
    ("lacking", "package"), [("postgres", "install-recommends postgresql"), ("redis", "install-recommends redis-server")]
)
def test_what_is_not_installed_is_named_with_its_package(
    state_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lacking: str, package: str
) -> None:
    if lacking == "postgres":
        monkeypatch.setattr(postgres, "KEPT", state_folder)
    elif (lacks := databases.missing()) is not None and "postgresql" in lacks:
        pytest.skip(lacks)
    monkeypatch.setenv("PATH", str(state_folder))
    assert run(state_folder, "up") == 2
    assert package in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_spans_go_where_the_environment_says_or_where_someone_listens(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, name = state.fresh(state_folder, state.Options()).save(), "OTEL_EXPORTER_OTLP_ENDPOINT"
    monkeypatch.delenv(name, raising=False)
    (port,) = free_ports(1)
    monkeypatch.setattr(servers, "OTLP", ("127.0.0.1", port))
    assert name not in servers.environment(told)
    with socket.create_server(("127.0.0.1", port)):
        assert servers.environment(told)[name] == f"http://127.0.0.1:{port}"
        monkeypatch.setenv(name, "http://collector:4318")
        assert servers.environment(told)[name] == "http://collector:4318"


@pytest.mark.usefixtures("installed")
def test_drills_are_for_those_who_ask_for_them(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTBALL_DRILLS", "1")
    plain = state.fresh(state_folder, state.Options()).save()
    assert "FOOTBALL_DRILLS" not in servers.environment(plain)
    assert not [one for one in servers.all_servers(plain) if "football_drills" in " ".join(one.argv)]
    drilled = replace(plain, options=state.Options(drills=True))
    assert servers.environment(drilled)["FOOTBALL_DRILLS"] == "1"


def test_a_stranger_with_an_old_id_is_never_stopped(state_folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        try:
            told = replace(state.fresh(state_folder, state.Options()), processes={"redis": Process(stranger.pid, "long ago")})
            assert not processes.alive(told.processes["redis"])
            processes.stop(told.processes["redis"], servers.signal.SIGTERM, 1)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_who_does_not_end_when_asked_is_ended(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    process = processes.start([sys.executable, "-c", deaf], os.environ, tmp_path / "log")
    until(lambda: "deaf" in (tmp_path / "log").read_text())
    processes.stop(process, servers.signal.SIGTERM, 0.2)
    assert not processes.alive(process)


def test_only_its_owner_reads_the_state(state_folder: Path) -> None:
    told = state.fresh(state_folder, state.Options(workers=3)).running("redis", Process(1, "x")).save()
    assert (state_folder / "servers.json").stat().st_mode & 0o077 == 0
    assert state.load(state_folder) == told


def test_status_before_the_first_up(state_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state_folder, "status") == 1
    assert "never started here" in capsys.readouterr().out
    assert run(state_folder, "down") == 0
