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

from football_demo.missing import missing, remedy
from football_demo.places import table, to_try
from football_demo.stack import Stack, StackError, await_targets

ENVIRONMENT = "local"
OTLP = "http://127.0.0.1:4318"
USUAL = ("--drills", "--workers", "2")


def up(stack: Stack, options: Sequence[str]) -> int:
    """Start what does not run yet; where to look, on standard output."""
    if packages := missing():
        say(remedy(packages))
        return 2
    watched = ("--monitor-password-file", str(_password(Path(stack.status()["state"]))))
    say("1/4 databases and services")
    _servers("up", *USUAL, *watched, *options, "--until", "football-api")
    say("2/4 the stack; the first time its engines are built and every generated test runs, which takes minutes")
    stack.deploy()
    say("3/4 users")
    _servers("up", *USUAL, *watched, *options)
    say("4/4 is everything scraped?")
    seen = stack.status()
    addresses = {f"{one['component']} {one['port']}": str(one["address"]) for one in seen["addresses"]}
    await_targets(addresses["prometheus http"])
    told = subprocess.run(_command("status", "--format", "json"), capture_output=True, text=True, check=False)
    services = {f"{one['name']} http": str(one["address"]) for one in json.loads(told.stdout)["servers"] if one["address"]}
    absent = {one["component"]: str(one["because"]) for one in seen["absent"]}
    options_of = "" if stack.environment == ENVIRONMENT else f" --environment {stack.environment}"
    print("去哪里看 / Where to look", *table(addresses | services, stack.engine, absent), sep="\n")
    print("试一试 / What to try", *to_try(".venv/bin/touchline", ".venv/bin/python", options_of, "make demo-down"), sep="\n")
    return 0


def down(stack: Stack) -> int:
    """Stop users, services and databases, and the stack; data stay."""
    stack.down()
    _servers("down")
    return 0


def say(line: str) -> None:
    """How the work goes."""
    print(f"demo: {line}", file=sys.stderr, flush=True)


def _password(state: Path) -> Path:
    """Where the exporter reads the password of PostgreSQL's role `monitoring`; made up unless a deploy, or somebody, has done so before."""
    file = state / "secrets" / "postgres_password"
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    return file


def _command(verb: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "football_servers", verb, *words]


def _servers(verb: str, *words: str) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": OTLP, **os.environ}
    if subprocess.run(_command(verb, *words), env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise StackError(f"`football_servers {verb}` has failed, for the reason above")
