"""What a deploy proves with promtool, and what it need not prove again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from operate import proving
from operate.proving import Refused, prove
from operate.show import Show

pytestmark = pytest.mark.engine


def put(place: Path, name: str, value: str, named: str = "") -> None:
    """A rule file with one recording of `value`, and a file of tests that expects 1."""
    rules, tests = place / "prometheus/rules", place / "prometheus/tests"
    for folder in (rules, tests):
        folder.mkdir(parents=True, exist_ok=True)
    (rules / f"{name}.yml").write_text(f"groups: [{{name: {name}, rules: [{{record: {name}, expr: vector({value})}}]}}]\n")
    case = {"expr": name, "eval_time": "1m", "exp_samples": [{"labels": name, "value": 1}]}
    body = json.dumps([{"interval": "1m", "promql_expr_test": [case]}])
    (tests / f"{name}.yml").write_text(f"rule_files:\n  - {named or f'../rules/{name}.yml'}\ntests: {body}\n")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The last argument of every run of promtool."""
    seen: list[str] = []
    real = proving._run
    monkeypatch.setattr(proving, "_run", lambda command, place: seen.append(command[-1]) or real(command, place))
    return seen


def quiet() -> Show:
    return Show(out=Console(file=io.StringIO()), err=Console(file=io.StringIO()))


def test_a_test_that_fails_is_refused_and_not_remembered(tmp_path: Path) -> None:
    put(tmp_path / "release", "one", "1")
    put(tmp_path / "release", "two", "2")
    for _ in range(2):
        with pytest.raises(Refused, match=r"promtool refuses the unit tests in prometheus/tests/two\.yml:\n(.|\n)*FAILED"):
            prove(tmp_path / "release", tmp_path / "proven", quiet())
    assert len(list((tmp_path / "proven").iterdir())) == 2


def test_a_changed_rule_file_lets_its_own_tests_run_again_and_no_others(tmp_path: Path, ran: list[str]) -> None:
    put(tmp_path / "release", "one", "1")
    put(tmp_path / "release", "two", "1")
    prove(tmp_path / "release", tmp_path / "proven", quiet())
    ran.clear()
    put(tmp_path / "release", "two", "3 - 2")
    prove(tmp_path / "release", tmp_path / "proven", quiet())
    assert [name for name in sorted(ran) if "/tests/" in name] == ["prometheus/tests/two.yml"]
    put(tmp_path / "release", "one", "2")
    with pytest.raises(Refused, match=r"prometheus/tests/one\.yml"):
        prove(tmp_path / "release", tmp_path / "proven", quiet())


@pytest.mark.parametrize("named", ["../rules/*.yml", "[../rules/one.yml"])
def test_tests_that_name_their_rules_otherwise_run_again_with_every_change(tmp_path: Path, named: str) -> None:
    put(tmp_path / "release", "one", "1", named)
    (proof,) = (one for one in proving._proofs(tmp_path / "release") if one.arguments[-1] == "prometheus/tests/one.yml")
    assert proof.reads == ("prometheus/tests/one.yml", "prometheus/rules")
