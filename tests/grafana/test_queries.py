"""Every query of every dashboard of the shipped spec: it parses, names only what the contract has, and a live Prometheus that holds
every metric of the contract answers it without error, and with something."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from generators.checks import dashboard_links, dashboard_queries, dashboards
from generators.compile.dashboards.alerts import begins, fired_for
from generators.ir.compiled import Compiled
from generators.promql import parse_query, text_of

from ..promql.engine import running_prometheus, tool
from .series import NOW, START, openmetrics
from .shipped import shipped
from .typescript import panels_of

CONFIG = "global: {scrape_interval: 1h}"
ANY = ".*"

EMPTY_IN_THE_HISTORY = (
    "offset 7d",
    "offset 1d",
    "offset 1h",
)
"""What a history of half an hour cannot answer: a comparison with an earlier day."""


def compiled() -> Compiled:
    built = shipped().compiled
    assert built is not None
    return built


def queries() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Every query as emitted, with where it stands and what its variables hold when all is chosen."""
    for path, text in shipped().files.items():
        if not path.startswith("grafana/dashboards/"):
            continue
        model = json.loads(text)
        chosen = {each["name"]: ANY for each in model.get("templating", {}).get("list", [])}
        for panel in panels_of(model):
            for target in panel.get("targets", []):
                if "expr" in target:
                    yield f"{model['uid']}: {panel['title']}", target["expr"], chosen
        for annotation in model.get("annotations", {}).get("list", []):
            if "target" in annotation:
                yield f"{model['uid']}: {annotation['name']}", annotation["target"]["expr"], chosen


def variables() -> Iterator[tuple[str, str]]:
    """Every variable's query."""
    for path, text in shipped().files.items():
        if path.startswith("grafana/dashboards/"):
            model = json.loads(text)
            for each in model.get("templating", {}).get("list", []):
                if isinstance(each["query"], dict):
                    yield f"{model['uid']}: ${each['name']}", each["query"]["query"]


def test_the_checks_of_dashboards_find_nothing() -> None:
    faults = [
        fault for check in (*dashboards.CHECKS, *dashboard_links.CHECKS, *dashboard_queries.CHECKS) for fault in check(compiled())
    ]
    assert faults == []


def test_dashboards_ask_enough_to_be_worth_testing() -> None:
    assert len(list(queries())) > 100
    assert len(list(variables())) > 5


def _ask(address: str, path: str, asked: Mapping[str, str]) -> Any:
    data = urllib.parse.urlencode(asked).encode()
    try:
        with urllib.request.urlopen(f"http://{address}{path}", data=data, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


@contextmanager
def holding(history: str, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that holds a history."""
    file = folder / "history.txt"
    file.write_text(history, encoding="utf-8")
    _blocks(file, folder / "data")
    with running_prometheus(folder, CONFIG) as address:
        yield address


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that holds every metric of the contract."""
    history = openmetrics(compiled().contract.metrics, compiled().prometheus)
    with holding(history, tmp_path_factory.mktemp("prometheus")) as address:
        yield address


def _blocks(history: Path, data: Path) -> None:
    made = subprocess.run(
        [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(history), str(data)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]


@pytest.mark.engine
def test_every_query_runs_on_a_live_prometheus(prometheus: str) -> None:
    refused, silent = [], []
    for who, text, chosen in queries():
        answer = _ask(prometheus, "/api/v1/query", {"query": text_of(parse_query(text, chosen)), "time": str(NOW)})
        if answer["status"] != "success":
            refused.append(f"{who}: {answer.get('error')}\n    {text}")
        elif not answer["data"]["result"] and not any(later in text for later in EMPTY_IN_THE_HISTORY):
            silent.append(f"{who}\n    {text}")
    assert not refused, "\n".join(refused)
    assert not silent, "no answer, though every metric exists:\n" + "\n".join(silent)


@pytest.mark.engine
def test_every_variable_finds_values_on_a_live_prometheus(prometheus: str) -> None:
    for who, text in variables():
        found = dashboard_queries.LABEL_VALUES.fullmatch(text)
        assert found, f"{who} asks {text}"
        series = {"match[]": found["series"]} if found["series"] else {}
        with urllib.request.urlopen(
            f"http://{prometheus}/api/v1/label/{found['label']}/values?{urllib.parse.urlencode(series)}&start=0&end={NOW}",
            timeout=60,
        ) as answer:
            assert json.load(answer)["data"], f"{who}: no values for {text}"


@pytest.mark.engine
def test_alerts_are_counted_and_timed_as_they_fired_on_a_live_prometheus(tmp_path: Path) -> None:
    fired = {"Twice": [*range(5, 15), *range(25, 30)], "Once": [*range(40, 60)], "Always": [*range(121)]}
    lines = [
        f'ALERTS{{alertname="{name}",alertstate="firing",severity="critical",signal="outage",service="s"}} 1 {START + 60 * minute}'
        for name, minutes in fired.items()
        for minute in minutes
    ]
    # A series that nobody ends is still seen for four minutes more: Prometheus looks back five.
    seen_after = 4
    with holding("\n".join((*lines, "# EOF", "")), tmp_path) as address:
        at = {"time": str(START + 60 * 90)}
        times = _ask(address, "/api/v1/query", {"query": begins("", "alertname", "90m"), **at})
        seconds = _ask(address, "/api/v1/query", {"query": fired_for("", "alertname", "90m"), **at})
    assert _by_name(times) == {"Twice": 2, "Once": 1}
    minutes = {"Twice": 10 + seen_after + 5 + seen_after, "Once": 20 + seen_after, "Always": 90}
    assert _by_name(seconds) == {name: 60 * each for name, each in minutes.items()}


def _by_name(answer: Any) -> dict[str, float]:
    return {each["metric"]["alertname"]: float(each["value"][1]) for each in answer["data"]["result"]}
