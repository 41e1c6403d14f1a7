"""The module that is written into an application: as `ruff format` leaves it, accepted by `mypy --strict`, and a wrong name, label or
value is refused there."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from generators.build import build
from generators.emit import telemetry
from generators.ir.telemetry import TelemetryMetric, TelemetryModule

ROOT = Path(__file__).resolve().parents[2]
MODULE = "shop_telemetry"
WIDE = ("a", "b", *(f"预测请求数按模型与结果统计{end}" for end in "一二三四"))
"""Values that fit on a line by their characters, and not by their columns."""

AWKWARD = TelemetryModule(
    path=f"{MODULE}.py",
    project="shop",
    service="shop",
    metrics=(
        TelemetryMetric("plain_total", "counter", "", (), {}, (), "", "plain_total", "_PlainTotal", ()),
        TelemetryMetric(
            "import",
            "counter",
            'It says "so" and it\'s a \\ of\ttwo\nlines 预测',
            ("class", "by", "kind"),
            {
                "kind": ("it's", 'a "quoted" one', "back\\slash", "预测", "x" * 100),
                "class": WIDE,
            },
            (),
            "",
            "import_",
            "_Import",
            ("class_", "by_", "kind"),
        ),
        TelemetryMetric(
            "long_seconds",
            "histogram",
            "h" * 200,
            ("where",),
            {"where": tuple(f"place number {number} 预测请求" for number in range(12))},
            tuple(Decimal(f"{number}.000000000001") for number in range(9)),
            "",
            "long_seconds",
            "_LongSeconds",
            ("where",),
        ),
        TelemetryMetric("share", "gauge", "Share", ("one",), {"one": ("only",)}, (), "latest", "share", "_Share", ("one",)),
    ),
    operations=tuple(("GET", f"/a/very/long/way/of/{number}/{{things}}") for number in range(5)),
    metrics_path="/metrics",
    keep_errors=True,
    slower_than=Decimal("2"),
    keep_operations=(("POST", "/things"),),
)


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module of an awkward contract in a directory of its own, beside the shipped ones."""
    place = tmp_path_factory.mktemp("written")
    for path, text in telemetry.emit((AWKWARD,)).items():
        (place / path).write_text(text, encoding="utf-8")
    shipped = build(ROOT / "spec/football.yaml")
    for number, path in enumerate(path for path in shipped.files if path.endswith("telemetry.py")):
        (place / f"shipped_{number}.py").write_text(shipped.files[path], encoding="utf-8")
    return place


def test_formatting_changes_nothing(written: Path) -> None:
    checked = run("ruff", "format", "--config", str(ROOT / "pyproject.toml"), "--diff", ".", cwd=written)
    assert checked.returncode == 0, checked.stdout
    assert len(list(written.glob("*.py"))) == 3


def test_what_people_wrote_arrives(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(written))
    module = __import__(MODULE)
    metric = module.CONTRACT.metrics["import"]
    assert metric is module.import_
    assert (metric.help, dict(metric.values)) == (AWKWARD.metrics[1].help, AWKWARD.metrics[1].values)
    assert module.long_seconds.bounds == tuple(map(float, AWKWARD.metrics[2].buckets))
    assert module.CONTRACT.operations == AWKWARD.operations
    assert module.CONTRACT.keep.slower_than == 2.0


RIGHT = """
plain_total.inc()
plain_total.inc(by=2.0)
import_.inc(class_="a", by_="x", kind="anything")
share.set(0.5, one="only")
share.inc(one="only", by=0.1)
long_seconds.observe(0.5, where="place number 0 预测请求")
"""
WRONG = {
    "a name outside the contract": "from shop_telemetry import orders_total",
    "a label outside the contract": 'plain_total.inc(colour="red")',
    "a label left out": 'import_.inc(class_="a", kind="x")',
    "a value outside the contract": 'share.set(0.5, one="other")',
    "a label by position": 'share.set(0.5, "only")',
    "a value of the wrong kind": 'share.set("much", one="only")',
    "another kind's method": "plain_total.observe(1.0)",
}


def test_a_wrong_name_label_or_value_is_an_error_of_types(written: Path) -> None:
    begin = f"from {MODULE} import import_, long_seconds, plain_total, share\n"
    uses = {"right": RIGHT, **{f"wrong_{number}": line for number, line in enumerate(WRONG.values())}}
    for name, text in uses.items():
        (written / f"{name}.py").write_text(begin + text + "\n", encoding="utf-8")
    config = written / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = True\nmypy_path = {ROOT / 'client'}\n", encoding="utf-8")
    checked = run("mypy", "--config-file", str(config), "--cache-dir", str(written / ".cache"), ".", cwd=written)
    refused = {line.partition(".py:")[0] for line in checked.stdout.splitlines() if ": error:" in line}
    assert refused == {name for name in uses if name != "right"}, checked.stdout
