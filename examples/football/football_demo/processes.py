"""The demo without Docker: processes of this machine. In: the stack, and options for the servers (`--api-port 8000`, …). Out: databases and
services, then the stack, then users, in that order: whoever watches finds everything alive, so that no alert tells of a start."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from football_demo.missing import missing, remedy
from football_demo.places import show
from football_demo.stack import Stack, StackError, await_targets
from football_demo.words import say

ENVIRONMENT = "local"
OTLP = "http://127.0.0.1:4318"
USUAL = ("--drills", "--workers", "2")
OF_A_DRILL = ("stop", "start")
"""Verbs that run in a session of their own: Ctrl-C is for the drill, which ends what has begun."""


def runs(stack: Stack) -> bool:
    """Whether a server of the demo is here, or a part of the stack."""
    return any(one["state"] != "stopped" for one in _rows()) or stack.runs()


def up(stack: Stack, options: Sequence[str]) -> int:
    """Start what does not run yet; where to look, on standard output."""
    if packages := missing():
        say(remedy(packages))
        return 2
    watched = ("--monitor-password-file", str(_password(stack.password_file())))
    say("1/4 databases and services")
    _servers("up", *USUAL, *watched, *options, "--until", "football-api")
    say("2/4 the stack; the first time its engines are built and every generated test runs, which takes minutes")
    stack.deploy()
    say("3/4 users")
    _servers("up", *USUAL, *watched, *options)
    say("4/4 is everything scraped?")
    await_targets(stack)
    show(stack, {f"{one['name']} http": str(one["address"]) for one in _rows() if one["address"]})
    return 0


def down(stack: Stack) -> int:
    """Stop users, services and databases, and the stack; data stay."""
    stack.down()
    _servers("down")
    return 0


def api(_: Stack) -> str:
    """Where the prediction API answers."""
    found = next((str(one["address"]) for one in _rows() if one["name"] == "football-api"), "")
    if not found:
        raise StackError("football-api was never started here: `make demo` first")
    return found


def stop(server: str) -> None:
    """Stop one server; those that need it run on."""
    _servers("stop", server)


def start(server: str) -> None:
    """Start it again."""
    _servers("start", server)


def undo(server: str) -> str:
    """The command that starts it again."""
    return f"python -m football_servers start {server}"


def _password(file: Path) -> Path:
    """The password of PostgreSQL's role `monitoring`, made up unless a deploy, or somebody, has done so before."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return file


def _rows() -> list[dict[str, Any]]:
    """What `football_servers status` knows; nothing where it was never started."""
    told = subprocess.run(_command("status", "--format", "json"), capture_output=True, text=True, check=False)
    return list(json.loads(told.stdout)["servers"]) if told.stdout.startswith("{") else []


def _command(verb: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "football_servers", verb, *words]


def _servers(verb: str, *words: str) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP, **os.environ}
    done = subprocess.run(
        _command(verb, *words), env=environment, stdout=subprocess.DEVNULL, check=False, start_new_session=verb in OF_A_DRILL
    )
    if done.returncode != 0:
        raise StackError(f"`football_servers {verb}` has failed, for the reason above")
