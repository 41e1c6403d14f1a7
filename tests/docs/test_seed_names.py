"""docs/guides/seed-names.md against what the spec and the catalogue declare. In: the guide's table and the YAML it speaks of.
Every name of the plan has a row, and its source, kind, labels and home are as the row says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guides" / "seed-names.md"
SPEC = ROOT / "spec" / "football.yaml"
KINDS = {service["kind"] for service in yaml.safe_load(SPEC.read_text(encoding="utf-8"))["services"].values()}
# The kinds this spec uses, in the compiler's own order: of two that declare a name the first says what it is.
CATALOGUE = sorted(path for path in (ROOT / "generators" / "catalogue").glob("*.yaml") if path.stem in KINDS)
HOMES = {path.name: path for path in (*CATALOGUE, SPEC)}

# Copied from the plan by hand: its three lists, the list of task 1.2 and the two rule examples.
PLANNED = frozenset(
    (
        "http_requests_total",
        "http_request_duration_seconds",
        "http_errors_total",
        "active_connections",
        "prediction_requests_total",
        "prediction_accuracy",
        "active_users",
        "data_quality_score",
        "system_cpu_usage",
        "system_memory_usage",
        "db_connections_active",
        "redis_connections_active",
        "db_query_duration_seconds",
        "db_connection_errors_total",
        "redis_cache_hit_ratio",
        "redis_memory_usage_bytes",
        "prediction_accuracy_rate",
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    source: str
    kind: str
    labels: tuple[str, ...]
    home: str


def rows_of(guide: str) -> dict[str, Row]:
    rows = {}
    for line in guide.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 6 and (name := re.fullmatch(r"`(\w+)`", cells[0])):
            home = re.match(r"\[(.+?)\]", cells[4])
            row = Row(name[1], cells[1], cells[2], tuple(re.findall(r"`(\w+)`", cells[3])), home[1] if home else "")
            assert row.name not in rows, f"two rows for {row.name}"
            rows[row.name] = row
    return rows


def declared(homes: dict[str, Path]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for home, path in homes.items():
        metrics: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8")).get("metrics") or {}
        for name, metric in metrics.items():
            source = "derived" if "derived" in metric else "application"
            row = Row(name, source, metric.get("kind", "gauge"), tuple(metric.get("labels") or ()), home)
            found.setdefault(name, row)
    return found


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return rows_of(GUIDE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found() -> dict[str, Row]:
    return declared(HOMES)


def test_every_name_of_the_plan_has_a_row_and_no_other(rows: dict[str, Row]) -> None:
    assert rows.keys() == PLANNED


@pytest.mark.parametrize("name", sorted(PLANNED - {"prediction_accuracy_rate"}))
def test_a_name_is_declared_as_its_row_says(rows: dict[str, Row], found: dict[str, Row], name: str) -> None:
    assert found[name] == rows[name]


def test_the_renamed_one_is_declared_nowhere(rows: dict[str, Row], found: dict[str, Row]) -> None:
    assert rows["prediction_accuracy_rate"].source == "renamed"
    assert "prediction_accuracy_rate" not in found


def test_a_table_that_is_wrong_differs(tmp_path: Path) -> None:
    guide = (
        "| `a_total` | application | counter | `x` | [kind.yaml](.) | why |\n| `b` | derived | gauge | | [kind.yaml](.) | why |\n"
    )
    home = tmp_path / "kind.yaml"
    home.write_text("metrics:\n  a_total: {kind: counter, labels: [x, y]}\n  b: {derived: a_total}\n")
    written, there = rows_of(guide), declared({"kind.yaml": home})
    assert written["b"] == there["b"]
    assert written["a_total"] != there["a_total"]
