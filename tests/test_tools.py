"""The real engines: one release everywhere, found where they are, obtained once, and refused when they are another release."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from operate import obtain, tools

ROOT = Path(__file__).resolve().parent.parent
TABLE = tomllib.loads((ROOT / "tools" / "releases.toml").read_text(encoding="utf-8"))
OWN = ("alertmanager-clock", "cadvisor")
"""Programs of our own on an engine's packages: copied out of no image."""
IN_NO_STACK = ("alertmanager-clock", "docker-compose")


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache, and a PATH that holds nothing but what a test puts into the returned directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(tools, "COMPOSE_PLUGINS", ())
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def script(file: Path, body: str) -> Path:
    file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def fake_go(folder: Path, release: str) -> Path:
    """A `go` that notes each call and leaves a binary which says it is `release`."""
    return script(
        folder / "go",
        f'echo called >> "{folder}/calls"\nwhile [ "$1" != -o ]; do shift; done\n'
        f'sleep 0.3\nprintf "#!/bin/sh\\necho promtool, version {release}\\n" > "$2"\nchmod +x "$2"',
    )


def wrap_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("wrap", ROOT / "tools" / "wrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- one release, everywhere ---


@pytest.mark.parametrize("engine", TABLE)
def test_go_module_is_the_release(engine: str) -> None:
    text = (ROOT / "tools" / engine / "go.mod").read_text(encoding="utf-8")
    module, version = TABLE[engine]["module"], TABLE[engine]["version"]
    assert re.findall(rf"^require {re.escape(module)} (\S+)$", text, re.MULTILINE) == [version]
    assert f"{module} {version} h1:" in (ROOT / "tools" / engine / "go.sum").read_text(encoding="utf-8")
    for binary in TABLE[engine]["binaries"].values() if engine not in OWN else ():
        assert f"\t{module}/{binary['package']}".removesuffix("/.") in text.splitlines()


def test_our_own_program_is_built_on_the_release_that_runs() -> None:
    """What is proved in virtual time is proved of the Alertmanager that is deployed, with the same dependencies to the byte."""
    one, other = TABLE["alertmanager-clock"], TABLE["alertmanager"]
    assert {key: one[key] for key in ("release", "module", "version")} == {
        key: other[key] for key in ("release", "module", "version")
    }
    sums = [(ROOT / "tools" / name / "go.sum").read_bytes() for name in ("alertmanager-clock", "alertmanager")]
    assert sums[0] == sums[1]


@pytest.mark.parametrize(("name", "source"), [("alertmanager-clock", "clock_test.go"), ("cadvisor", "main.go")])
def test_our_own_program_is_built_anew_when_it_changes(
    name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    monkeypatch.setattr(tools, "TOOLS", tmp_path / "tools")
    read = tools.releases.__wrapped__
    before = read()[name].cached
    assert read()[name].cached == before
    (tmp_path / "tools" / name / source).write_text("package main\n", encoding="utf-8")
    assert read()[name].cached != before


@pytest.mark.parametrize("engine", TABLE)
def test_an_image_is_named_for_all_but_our_own(engine: str) -> None:
    assert ("image" in TABLE[engine]) == (engine not in OWN)


MODULE_VERSION: dict[str, Callable[[int, int, int], str]] = {
    # https://github.com/prometheus/prometheus/blob/main/RELEASE.md: 3.Y.Z is tagged v0.3YY.Z for Go
    "prometheus": lambda major, minor, patch: f"v0.{major * 100 + minor}.{patch}",
    # https://github.com/jaegertracing/jaeger/blob/main/CHANGELOG.md: v1.76.0 / v2.13.0, the two rise together
    "jaeger": lambda _, minor, patch: f"v1.{minor + 63}.{patch}",
}


@pytest.mark.parametrize("engine", TABLE)
def test_module_version_and_release_are_the_same_release(engine: str) -> None:
    major, minor, patch = (int(part) for part in TABLE[engine]["release"].split("."))
    named = MODULE_VERSION.get(engine, lambda *parts: "v" + ".".join(map(str, parts)))
    assert TABLE[engine]["version"] == named(major, minor, patch)


@pytest.mark.parametrize("engine", [name for name in TABLE if name not in OWN])
def test_image_is_the_release(engine: str) -> None:
    assert TABLE[engine]["image"].rpartition(":")[2].removeprefix("v") == TABLE[engine]["release"]


@pytest.mark.parametrize("engine", [name for name in TABLE if name not in IN_NO_STACK])
def test_the_spec_runs_the_release_that_is_built(engine: str) -> None:
    spec = yaml.safe_load((ROOT / "spec" / "football.yaml").read_text(encoding="utf-8"))
    assert spec["stack"]["versions"][engine] == TABLE[engine]["release"]


@pytest.mark.parametrize("engine", [name for name in TABLE if name not in (*OWN, *IN_NO_STACK)])
def test_the_catalogue_names_the_image_that_is_built(engine: str) -> None:
    images = []
    for file in (ROOT / "generators" / "catalogue").glob("*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        parts = [*content.get("parts", {}).values(), content.get("exporter") or {}]
        images += [part["image"].format(version=TABLE[engine]["release"]) for part in parts if "image" in part]
    assert TABLE[engine]["image"] in images


def test_constraints_hold_every_pin_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = [*project["dependencies"], *(pin for extra in project["optional-dependencies"].values() for pin in extra)]
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    held = {line.lower() for line in text.splitlines() if not line.startswith("#")}
    plain = [re.sub(r"\[.*\]", "", pin).lower() for pin in pins]  # a constraint has no extras, and names have no case
    assert [pin for pin in plain if pin not in held] == []


@pytest.mark.engine
@pytest.mark.parametrize("name", tools.releases())
def test_what_is_used_says_it_is_the_pinned_minor_release(name: str) -> None:
    pinned = tools.releases()[name]
    said = obtain.asked(pinned, tools.path(name))
    assert said.split(".")[:2] == pinned.release.split(".")[:2]


def test_raising_a_release_changes_that_tool_alone() -> None:
    text = (ROOT / "tools" / "releases.toml").read_text(encoding="utf-8")
    raised = wrap_script().raised(text, "jaeger", "2.99.1", "v1.162.1")
    before, after = text.splitlines(), raised.splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert tomllib.loads(raised)["jaeger"]["image"] == "docker.io/jaegertracing/jaeger:2.99.1"
    assert tomllib.loads(raised)["jaeger"]["version"] == "v1.162.1"
    assert {name for name in TABLE if tomllib.loads(raised)[name] != TABLE[name]} == {"jaeger"}
    assert len(changed) == 3


# --- found ---


def test_a_missing_tool_says_how_to_mend_it(empty_machine: Path) -> None:
    with pytest.raises(tools.ToolMissing, match=r"promtool 3\.\d+\.\d+ is not here\. Run `make tools`"):
        tools.path("promtool")


def test_an_unknown_tool_lists_those_there_are() -> None:
    with pytest.raises(tools.ToolMissing, match="There are: alertmanager, alertmanager-clock, amtool"):
        tools.path("promtol")


def test_the_cache_comes_before_path(empty_machine: Path) -> None:
    pinned = tools.releases()["promtool"]
    script(empty_machine / "promtool", f"echo promtool, version {pinned.release}")
    pinned.home.mkdir(parents=True)
    script(pinned.cached, "exit 0")
    assert tools.path("promtool") == pinned.cached


@pytest.mark.parametrize(("patch", "taken"), [("{minor}.7", True), ("2.55.1", False), ("{minor}0.0", False)])
def test_path_counts_in_the_pinned_minor_release_only(empty_machine: Path, patch: str, taken: bool) -> None:
    minor = tools.releases()["promtool"].release.rpartition(".")[0]
    script(empty_machine / "promtool", f"echo promtool, version {patch.format(minor=minor)}")
    if taken:
        assert tools.path("promtool") == empty_machine / "promtool"
    else:
        with pytest.raises(tools.ToolMissing):
            tools.path("promtool")


# --- obtained ---


def test_go_builds_what_is_nowhere(empty_machine: Path) -> None:
    pinned, told = tools.releases()["promtool"], list[str]()
    fake_go(empty_machine, pinned.release)
    assert tools.ensure(["promtool"], told.append) == {"promtool": pinned.cached}
    assert tools.path("promtool") == pinned.cached
    assert f"usually about {pinned.takes} s" in told[0]
    assert sorted(file.name for file in pinned.home.iterdir()) == [".lock", "promtool"]


def test_a_build_of_another_release_is_not_taken(empty_machine: Path) -> None:
    fake_go(empty_machine, "3.1.0")
    with pytest.raises(tools.ToolMissing, match=r"calls itself 3\.1\.0"):
        tools.ensure(["promtool"], lambda _: None)
    assert not tools.releases()["promtool"].cached.exists()


def test_a_failed_build_shows_what_go_said_and_leaves_nothing(empty_machine: Path) -> None:
    script(empty_machine / "go", "echo go: requires go 9.9; exit 1")
    with pytest.raises(tools.ToolMissing, match=r"`\S*go build` failed: go: requires go 9\.9"):
        tools.ensure(["promtool"], lambda _: None)
    assert [file.name for file in tools.releases()["promtool"].home.iterdir()] == [".lock"]


def test_nothing_to_obtain_with_names_each_closed_way(empty_machine: Path) -> None:
    with pytest.raises(tools.ToolMissing, match=r"no Docker engine answers; go is not installed\. Install Go"):
        tools.ensure(["promtool"], lambda _: None)


@pytest.mark.skipif(sys.platform != "linux", reason="the official images hold Linux binaries")
def test_the_official_image_comes_before_go(empty_machine: Path) -> None:
    pinned = tools.releases()["promtool"]
    fake_go(empty_machine, pinned.release)
    script(
        empty_machine / "docker",
        f'echo "$*" >> "{empty_machine}/docker-calls"\ncase "$1" in\n'
        f"image) exit 1 ;;\ncreate) echo c0ffee ;;\n"
        f'cp) printf "#!/bin/sh\\necho promtool, version {pinned.release}\\n" > "$3"; chmod +x "$3" ;;\nesac',
    )
    tools.ensure(["promtool"], lambda _: None)
    calls = (empty_machine / "docker-calls").read_text(encoding="utf-8")
    assert f"pull --quiet {pinned.image}" in calls
    assert f"cp c0ffee:{pinned.in_image} " in calls
    assert "rm --force c0ffee" in calls
    assert not (empty_machine / "calls").exists()


def test_an_engine_that_cannot_pull_leaves_it_to_go(empty_machine: Path) -> None:
    fake_go(empty_machine, tools.releases()["promtool"].release)
    script(empty_machine / "docker", '[ "$1" = version ]')
    tools.ensure(["promtool"], lambda _: None)
    assert (empty_machine / "calls").read_text(encoding="utf-8") == "called\n"


def test_two_processes_build_once(empty_machine: Path) -> None:
    fake_go(empty_machine, tools.releases()["promtool"].release)
    command = [sys.executable, "-m", "operate.tools", "build", "promtool"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert (empty_machine / "calls").read_text(encoding="utf-8") == "called\n"
    assert {out for out, _ in said} == {f"{tools.releases()['promtool'].cached}\n"}


def test_the_command_line_says_two_where_the_machine_lacks_something(
    empty_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tools.main(["path", "amtool"]) == 2
    assert tools.main(["build", "amtool"]) == 2
    assert capsys.readouterr().out == ""
