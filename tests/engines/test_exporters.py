"""PostgreSQL's and Redis's exporters as a distribution packages them, under the `local` engine: what they really export of real servers is
what the catalogue says, by a role that may only look; and a machine without them is told how to get them."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generators.build import build
from generators.emit import supervisord
from generators.ir.stack import Stack
from operate import packaged
from operate.engines.local import LocalEngine
from tests.compiler.specs import SHIPPED
from tests.databases import postgres, redis, sql
from tests.engines.test_local import eventually
from tests.ports import free_offset, free_ports
from tests.stack.plans import OTHER_RELEASES, ROOT, inside_ports
from tests.stack.releases import write_files

KINDS = ("postgres", "redis")
NAMES = {"prometheus", "postgres-exporter", "redis-exporter"}
SINCE_0_12 = {"usename", "application_name", "backend_type", "wait_event", "wait_event_type"}


@dataclasses.dataclass
class Watched:
    """A stack that looks at a PostgreSQL and a Redis of its own."""

    engine: LocalEngine
    stack: Stack
    said: list[str]
    database: int

    def ask(self, path: str, **parameters: str) -> Any:
        address = self.engine.address("prometheus", "http", self.stack)
        with urllib.request.urlopen(f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=5) as answer:
            return json.loads(answer.read())["data"]

    def value(self, query: str) -> str:
        found = self.ask("query", query=query)["result"]
        return str(found[0]["value"][1]) if found else ""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The shipped spec's own scrape configuration and exporters, and beside them nothing but Prometheus."""
    folder = tmp_path_factory.mktemp("watched")
    missing = packaged.lacking()
    if missing:
        pytest.skip("; ".join(missing.values()))
    with postgres(folder, free_ports(1)[0]) as database, redis(folder, free_ports(1)[0]) as cache:
        built = build(_spec(folder, database, cache), "local", "local")
        assert built.compiled is not None
        whole = built.compiled.stack
        stack = dataclasses.replace(whole, components=tuple(one for one in whole.components if one.name in NAMES))
        site = Watched(LocalEngine(folder / "state"), stack, [], database)
        config = {path: text for path, text in built.files.items() if path == "prometheus/prometheus.yml"}
        write_files(site.engine.state, "one", {**config, **supervisord.emit(stack)})
        try:
            site.engine.up(stack, site.said.append)
            eventually(lambda: site.value("pg_up") == "0")  # nobody has made the role yet
            password = (site.engine.state / "secrets" / "postgres_password").read_text()
            sql(database, f"CREATE ROLE monitoring LOGIN PASSWORD '{password}'", "GRANT pg_monitor TO monitoring")
            eventually(lambda: site.value("pg_up") == "1" and site.value("redis_up") == "1")
            eventually(lambda: site.value("pg_stat_activity_count") != "")
            yield site
        finally:
            site.engine.down(stack, site.said.append)


def _spec(folder: Path, database: int, cache: int) -> Path:
    shutil.copytree(ROOT / "spec", folder / "spec")
    spec = folder / "spec" / "football.yaml"
    offset = free_offset(inside_ports())
    text = spec.read_text().replace("\n  local:\n", f"\n  local:\n    port_offset: {offset}\n", 1)
    spec.write_text(text.replace("localhost:5432", f"127.0.0.1:{database}").replace("localhost:6379", f"127.0.0.1:{cache}"))
    return spec


def catalogue(kind: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "generators" / "catalogue" / f"{kind}.yaml").read_text(encoding="utf-8")))


def exported(kind: str) -> dict[str, dict[str, Any]]:
    """What the exporter of a kind writes, by the catalogue."""
    metrics = catalogue(kind)["metrics"]
    return {name: one for name, one in metrics.items() if not one.get("client") and "derived" not in one}


@pytest.mark.engine
@pytest.mark.databases
@pytest.mark.parametrize("kind", KINDS)
def test_the_exporter_is_scraped_as_its_service(watched: Watched, kind: str) -> None:
    assert watched.value(f'up{{service="{kind}",exporter="{kind}-exporter",job="{kind}"}}') == "1"
    release = packaged.find(f"{kind}_exporter").release
    assert f"starting {kind}-exporter {release}" in watched.said
    assert {one.component: one.health for one in watched.engine.status(watched.stack)}[f"{kind}-exporter"] == "running"
    assert watched.engine.absent(watched.stack) == ()


@pytest.mark.engine
@pytest.mark.databases
@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_of_the_catalogue_is_exported_as_it_says(watched: Watched, kind: str) -> None:
    seen = {one["metric"]: one["type"] for one in watched.ask("targets/metadata", match_target=f'{{job="{kind}"}}')}
    assert {name: seen.get(name) for name in exported(kind)} == {name: one["kind"] for name, one in exported(kind).items()}
    for name in exported(kind):
        assert watched.value(name) != "", f"{name} has no series"


@pytest.mark.engine
@pytest.mark.databases
@pytest.mark.parametrize("kind", KINDS)
def test_what_an_older_release_does_not_say_is_asked_by_no_rule_and_no_panel(watched: Watched, kind: str) -> None:
    older = kind == "postgres" and packaged.find("postgres_exporter").release.startswith("0.11.")
    target = {"__name__", "job", "instance", *watched.ask("series", **{"match[]": f"up{{job='{kind}'}}"})[0]}
    for name, metric in exported(kind).items():
        written = set().union(*watched.ask("series", **{"match[]": name})) - target
        lacked = set(metric.get("labels", ())) - written - {"server"}
        assert lacked == (SINCE_0_12 if older and name.startswith("pg_stat_activity_") else set()), name
        assert written - set(metric.get("labels", ())) <= {"server"}, name
    said = catalogue(kind)
    asked = [alert["when"] for alert in said["alerts"].values()]
    asked += [json.dumps([panel.get("query"), panel.get("queries")]) for panel in said["panels"]]
    assert not [one for one in asked if re.search(rf"\b({'|'.join((*SINCE_0_12, 'server'))})\b", one)]


@pytest.mark.engine
@pytest.mark.databases
def test_an_exporter_listens_on_loopback_and_its_role_may_only_look(watched: Watched) -> None:
    words = (watched.engine.state / "releases/current/local/supervisord.conf").read_text()
    assert words.count("127.0.0.1:") >= len(NAMES)
    assert "0.0.0.0" not in words
    password = (watched.engine.state / "secrets" / "postgres_password").read_text()
    assert password not in words
    assert watched.value("pg_settings_max_connections") != ""
    sql(
        watched.database,
        "DO $$ BEGIN ASSERT (SELECT NOT rolsuper AND NOT rolcreaterole FROM pg_roles WHERE rolname = 'monitoring'); END $$",
    )


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs are looked for in this folder alone."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packaged, "FOLDERS", ())
    return tmp_path


def program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_machine_without_exporters_is_told_the_packages(bare_machine: Path) -> None:
    lacking = packaged.lacking()
    assert set(lacking) == {"postgres_exporter", "redis_exporter"}
    assert "apt-get install --no-install-recommends prometheus-redis-exporter`" in lacking["redis_exporter"]
    assert "systemctl disable --now prometheus-postgres-exporter" in lacking["postgres_exporter"]


def test_what_a_machine_lacks_is_left_out_by_name_and_nothing_else_is(bare_machine: Path) -> None:
    here, lacking = build(SHIPPED, "local", "local"), build(SHIPPED, "local", "local", lacking=packaged.lacking())
    assert here.compiled is not None
    assert lacking.compiled is not None
    jobs = {job.name for job in here.compiled.prometheus.jobs}
    assert jobs - {job.name for job in lacking.compiled.prometheus.jobs} == {"postgres", "redis"}
    assert here.compiled.rule_files == lacking.compiled.rule_files
    absent = {one.component: one.because for one in LocalEngine(bare_machine).absent(lacking.compiled.stack)}
    assert "apt-get install" in absent["postgres-exporter"]
    assert "apt-get install" in absent["redis-exporter"]
    assert "[program:redis-exporter]" in here.files["local/supervisord.conf"]
    assert "[program:redis-exporter]" not in lacking.files["local/supervisord.conf"]


@pytest.mark.parametrize(
    ("name", "says", "release"),
    [
        ("postgres_exporter", "postgres_exporter, version 0.17.1 (branch: HEAD)", "0.17.1"),
        ("prometheus-postgres-exporter", "postgres_exporter, version 0.11.1 (branch: debian/sid)", "0.11.1"),
        ("postgres_exporter", "postgres_exporter, version 0.8.0", ""),
        ("postgres_exporter", "postgres_exporter, version 1.0.0", ""),
        ("postgres_exporter", "what?", ""),
    ],
)
def test_only_releases_that_the_catalogue_holds_for_are_run(bare_machine: Path, name: str, says: str, release: str) -> None:
    program(bare_machine / name, says)
    found = packaged.find("postgres_exporter")
    assert (found.path, found.release) == (bare_machine / name if release else None, release)
    assert release or str(bare_machine / name) in found.why_not


@pytest.mark.parametrize("name", packaged.PACKAGED)
def test_the_pinned_release_is_among_them(bare_machine: Path, name: str) -> None:
    program(bare_machine / name, OTHER_RELEASES[name])
    assert packaged.find(name).release == OTHER_RELEASES[name]
