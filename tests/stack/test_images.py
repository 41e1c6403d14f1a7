"""The stand-ins are what the official images are: each line of the table against the official Dockerfile, and what a Docker
engine makes of it. The Dockerfiles come with the Go modules that the engines are built from: those of the very release."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from operate.obtain import TOOLS
from operate.tools import releases
from tests.stack import images
from tests.stack.images.table import STAND_INS, StandIn, repository_and_tag

ROOT = Path(__file__).resolve().parents[2]
HERE = [one for one in STAND_INS.values() if not one.dockerfile.startswith("https://")]


def dockerfile(stand_in: StandIn) -> str:
    if not stand_in.engine:
        return (ROOT / stand_in.dockerfile).read_text(encoding="utf-8")
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed, and the official Dockerfile comes with the Go module")
    required = re.search(r"^require (\S+) (\S+)$", (TOOLS / stand_in.engine / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    assert required is not None
    answer = subprocess.run(
        [go, "mod", "download", "-json", "@".join(required.groups())], cwd=TOOLS, capture_output=True, text=True, check=True
    )
    return (Path(json.loads(answer.stdout)["Dir"]) / stand_in.dockerfile).read_text(encoding="utf-8")


def instructions(text: str, stage: str) -> list[tuple[str, str]]:
    """The instructions of one stage (the last one when it has no name), arguments put in."""
    lines = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    said = [(word.upper(), rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines) if word]
    starts = [i for i, (word, rest) in enumerate(said) if word == "FROM" and (not stage or rest.endswith(f" AS {stage}"))]
    mine = said[starts[-1] + 1 :]
    ends = [i for i, (word, _) in enumerate(mine) if word == "FROM"]
    mine = mine[: ends[0]] if ends else mine
    arguments = dict(rest.partition("=")[::2] for word, rest in mine if word == "ARG")
    return [(word, re.sub(r"\$\{(\w+)\}", lambda m: arguments.get(m[1], m[0]), rest)) for word, rest in mine]


def last(said: list[tuple[str, str]], word: str) -> str:
    return next((rest for name, rest in reversed(said) if name == word), "")


@pytest.mark.parametrize("stand_in", HERE, ids=lambda one: one.repository)
def test_the_table_says_what_the_official_dockerfile_says(stand_in: StandIn) -> None:
    said = instructions(dockerfile(stand_in), stand_in.stage)
    assert stand_in.user == last(said, "USER")
    assert list(stand_in.entrypoint) == json.loads(last(said, "ENTRYPOINT") or "[]")
    assert list(stand_in.command) == json.loads(last(said, "CMD") or "[]")
    assert stand_in.workdir == last(said, "WORKDIR")
    assert list(stand_in.volumes) == json.loads(last(said, "VOLUME") or "[]")
    assert list(stand_in.ports) == sorted(int(port) for word, rest in said if word == "EXPOSE" for port in rest.split())
    set_there = [pair for word, rest in said if word == "ENV" for pair in shlex.split(rest)]
    assert [f"{name}={value}" for name, value in stand_in.environment] == set_there


@pytest.mark.parametrize("stand_in", [one for one in HERE if one.engine], ids=lambda one: one.repository)
def test_binaries_and_owned_folders_stand_where_the_official_dockerfile_puts_them(stand_in: StandIn) -> None:
    said = instructions(dockerfile(stand_in), stand_in.stage)
    copied = {rest.split()[-1] for word, rest in said if word == "COPY"}
    assert {path for path, _ in stand_in.tools} <= copied
    given = [folders.split() for _, rest in said for folders in re.findall(r"chown -R nobody:nobody ([^&]+)", rest)]
    assert [folder.path for folder in stand_in.folders] == [path for paths in given for path in paths]
    group_writes = [path for word, rest in said if word == "RUN" for path in re.findall(r"chmod (?:-R )?g\+w (\S+)", rest)]
    assert [folder.path for folder in stand_in.folders if folder.mode & 0o020] == group_writes


@pytest.mark.parametrize(
    ("image", "short"),
    [
        ("docker.io/prom/prometheus:v3.16.0", ("prom/prometheus", "v3.16.0")),
        ("docker.io/library/busybox:1.37", ("busybox", "1.37")),
        ("localhost:5000/a/b", ("localhost:5000/a/b", "latest")),
        ("prom/prometheus:v3@sha256:00", ("prom/prometheus", "v3")),
    ],
)
def test_names_of_images(image: str, short: tuple[str, str]) -> None:
    assert repository_and_tag(image) == short


ENGINES = ("prometheus", "alertmanager", "jaeger", "node_exporter")
CADVISOR = releases()["cadvisor"]
ASK = {
    **{repository_and_tag(one.image)[0]: (one.image, list(one.ask), one.release) for one in map(releases().__getitem__, ENGINES)},
    "ghcr.io/google/cadvisor": (f"ghcr.io/google/cadvisor:v{CADVISOR.release}", list(CADVISOR.ask), CADVISOR.release),
    "touchline/inbox": ("touchline/inbox:0.1.0", ["--help"], "--smtp"),
    "quay.io/prometheuscommunity/postgres-exporter": (
        "quay.io/prometheuscommunity/postgres-exporter:v0.17.1",
        ["--version"],
        "postgres_exporter, version",
    ),
    "oliver006/redis_exporter": ("docker.io/oliver006/redis_exporter:v1.74.0", ["-version"], "Redis Metrics Exporter"),
    "touchline/football": ("touchline/football:0.1.0", ["python", "-c", "import football_demo.prepare; print('here')"], "here"),
    "postgres": ("docker.io/library/postgres:15.19-bookworm", ["postgres", "--version"], "PostgreSQL) 15."),
    "redis": ("docker.io/library/redis:7.0.15-bookworm", ["redis-server", "--version"], "v=7.0.15"),
    "busybox": ("docker.io/library/busybox:1.37.0", ["sh", "-c", "id -u"], "0"),
}


def run(*command: str) -> str:
    """What a command says, on either stream; it must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout.strip()


@pytest.mark.stack
@pytest.mark.parametrize("repository", ASK)
def test_an_engine_runs_it_as_the_official_user(docker: None, repository: str) -> None:
    image, question, answer = ASK[repository]
    assert images.provide([image]) == {}
    locked = ("--rm", "--read-only", "--cap-drop", "ALL", "--network", "none", "--tmpfs", "/tmp")
    assert answer in run("docker", "run", *locked, image, *question)
    if images.is_stand_in(image):
        assert run("docker", "image", "inspect", "--format", "{{.Config.User}}", image) == STAND_INS[repository].user


@pytest.mark.stack
def test_a_fresh_volume_belongs_to_the_official_user(docker: None) -> None:
    """A named volume takes its owner from the image's folder: Prometheus can write its own, Jaeger's /badger is root's."""
    prometheus, jaeger, busybox = (ASK[name][0] for name in ("prom/prometheus", "jaegertracing/jaeger", "busybox"))
    assert images.provide([prometheus, jaeger, busybox]) == {}
    for image, folder, owner in ((prometheus, "/prometheus", "65534"), (jaeger, "/badger", "0")):
        volume = run("docker", "volume", "create")
        # Creating the container fills the volume; it need not run.
        container = run("docker", "create", "--volume", f"{volume}:{folder}", image)
        asked = ("docker", "run", "--rm", "--volume", f"{volume}:{folder}", busybox, "stat", "-c", "%u", folder)
        try:
            assert run(*asked) == owner
        finally:
            run("docker", "rm", "--force", "--volumes", container)
            run("docker", "volume", "rm", volume)


@pytest.mark.stack
def test_what_cannot_be_had_is_named(docker: None) -> None:
    missing = images.provide(["touchline.invalid/nothing:1.0.0"])
    assert missing == {"touchline.invalid/nothing:1.0.0": "it cannot be pulled, and no stand-in of it is described"}


WORKER = """
import pathlib, sys
from tests.stack import images
with images.kept(pathlib.Path(sys.argv[1])):
    print(images.provide([sys.argv[2]]), flush=True)
    input()
"""


@pytest.mark.stack
def test_stand_ins_stay_until_the_last_worker_is_done(docker: None, tmp_path: Path) -> None:
    """Also those of a worker that was killed."""
    image = f"docker.io/library/busybox:shared-{os.getpid()}"

    def there() -> bool:
        return subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode == 0

    command = [sys.executable, "-c", WORKER, str(tmp_path), image]
    workers = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "{}\n"
        first, last = workers
        first.kill()
        first.wait(60)
        assert there()
        last.communicate("done\n", timeout=60)
        assert not there()
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
