"""The demo on a Docker engine: containers beside those of the stack, in its network. In: the stack, and options for `docker compose up`
(`--no-build`, …). Out: databases and services, then the stack, then users, as without Docker."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from football_demo.places import show
from football_demo.stack import Stack, StackError, await_targets
from football_demo.words import say
from football_servers.state import folder

ENVIRONMENT = "staging"
FILE = Path(__file__).resolve().parents[1] / "compose.yaml"
PROJECT = "FOOTBALL_PROJECT"
"""What compose calls the containers of the demo, where not touchline-football."""
API_PORT = "FOOTBALL_API_PORT"
SECRETS = ("superuser", "password", "feed_token")
WITHOUT_LOAD = "football-api"


def answers() -> bool:
    """Whether a Docker engine answers here."""
    docker = shutil.which("docker")
    return (
        docker is not None and subprocess.run([docker, "version"], capture_output=True, timeout=20, check=False).returncode == 0
    )


def runs(_: Stack) -> bool:
    """Whether a container of the demo is here."""
    if not answers():
        return False
    listed = ["docker", "ps", "--quiet", "--filter", f"label=com.docker.compose.project={_project()}"]
    return bool(subprocess.run(listed, capture_output=True, text=True, check=False).stdout.strip())


def up(stack: Stack, options: Sequence[str]) -> int:
    """Start what does not run yet; where to look, on standard output."""
    told = _told(stack)
    say("1/4 databases and services; the first time their images are pulled and built, which takes minutes")
    _network(told["TOUCHLINE_NETWORK"])
    building = () if "--no-build" in options else ("--build",)
    _compose(told, "up", "--detach", "--wait", *building, *options, WITHOUT_LOAD)
    say("2/4 the stack; the first time its images are pulled and every generated test runs, which takes minutes")
    stack.deploy()
    say("3/4 users")
    _compose(told, "up", "--detach", "--no-build", "load")
    say("4/4 is everything scraped?")
    await_targets(stack)
    show(stack, {"football-api http": api(stack)})
    return 0


def api(_: Stack) -> str:
    """Where the prediction API answers."""
    return f"127.0.0.1:{os.environ.get(API_PORT, '8000')}"


def stop(server: str) -> None:
    """Stop one service; those that need it run on. It needs no spec: that may be changing."""
    _compose_project("stop", server)


def start(server: str) -> None:
    """Start it again."""
    _compose_project("start", server)


def undo(server: str) -> str:
    """The command that starts it again."""
    return f"docker compose --project-name {_project()} start {server}"


def _compose_project(verb: str, server: str) -> None:
    command = [*_plugin(), "--project-name", _project(), verb, server]
    if subprocess.run(command, check=False, start_new_session=True).returncode != 0:
        raise StackError(f"`docker compose {verb} {server}` has failed, for the reason above")


def down(stack: Stack) -> int:
    """Stop users, services and databases, and the stack; volumes stay."""
    _compose(_told(stack), "down")
    stack.down()
    return 0


def _project() -> str:
    return os.environ.get(PROJECT, "touchline-football")


def _told(stack: Stack) -> dict[str, str]:
    """What compose.yaml asks for."""
    own = folder() / "containers"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {name: _secret(own / name) for name in SECRETS}
    watching = stack.password_file()
    _secret(watching)
    return {
        "TOUCHLINE_NETWORK": f"{_unit(stack)}_monitoring",
        "TOUCHLINE_SECRETS": str(watching.parent),
        "FOOTBALL_SECRETS": str(own),
        "FOOTBALL_PASSWORD": made["password"],
        "FOOTBALL_FEED_TOKEN": made["feed_token"],
    }


def _secret(file: Path) -> str:
    """A secret of a closed folder, made up the first time; readable for users inside containers."""
    if not file.exists():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(secrets.token_hex(24), encoding="utf-8")
        file.chmod(0o644)
    return file.read_text(encoding="utf-8").strip()


def _unit(stack: Stack) -> str:
    """The name of the stack's compose project, from the file that would be deployed."""
    with tempfile.TemporaryDirectory() as out:
        stack.build(Path(out))
        name = re.search(
            r"^name: (\S+)$", (Path(out) / "compose" / "docker-compose.yml").read_text(encoding="utf-8"), re.MULTILINE
        )
    if name is None:
        raise StackError("the stack's compose file has no name")
    return name[1]


def _network(name: str) -> None:
    """The stack's network, before the stack: labelled as compose labels its own, so that compose takes it for the stack's."""
    if subprocess.run(["docker", "network", "inspect", name], capture_output=True, check=False).returncode == 0:
        return
    labels = (f"com.docker.compose.project={name.removesuffix('_monitoring')}", "com.docker.compose.network=monitoring")
    command = ["docker", "network", "create", *(word for label in labels for word in ("--label", label)), name]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise StackError(f"no network for the demo: {made.stderr.strip()}")


def _compose(told: Mapping[str, str], *words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")} | dict(told)
    command = [*_plugin(), "--file", str(FILE), "--project-name", _project(), *words]
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise StackError(f"`docker compose {words[0]}` has failed, for the reason above; `--engine local` needs no containers")


def _plugin() -> list[str]:
    """`docker compose`, or the build of it that `touchline` keeps."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    command = [sys.executable, "-m", "operate.tools", "build", "docker-compose"]
    built = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if built.returncode != 0:
        raise StackError("there is no `docker compose`, for the reason above")
    return [built.stdout.strip()]
