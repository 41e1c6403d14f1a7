"""Unit tests of rules in promtool's format. In: TestFile. Out: prometheus/tests/<name>.yml, which name the rule files beside."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from generators.emit.serialize import duration, yaml
from generators.ir.tests import AlertCase, ExprCase, TestFile, UnitTest


def emit(files: Iterable[TestFile]) -> dict[str, str]:
    """One file for each test file. Run with `promtool test rules prometheus/tests/*.yml`."""
    return {f"prometheus/tests/{file.name}.yml": yaml(_file(file), _left_out(file)) for file in files}


def _left_out(file: TestFile) -> str:
    """What a reader must not take for tested."""
    unsaid = (f"the annotations of {test.name.partition(' ')[0]}: {test.unsaid}" for test in file.tests if test.unsaid)
    missing = dict.fromkeys((*file.left_out, *unsaid))
    return f"Left out: {'; '.join(missing)}." if missing else ""


def _file(file: TestFile) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "rule_files": file.rule_files,
        "evaluation_interval": duration(file.evaluation_interval),
    }
    if file.group_order:
        entry["group_eval_order"] = file.group_order
    entry["tests"] = [_test(test) for test in file.tests]
    return entry


def _test(test: UnitTest) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": test.name, "interval": duration(test.interval)}
    if test.external_labels:
        entry["external_labels"] = test.external_labels
    if test.external_url:
        entry["external_url"] = test.external_url
    entry["input_series"] = [{"series": one.series, "values": one.values} for one in test.inputs]
    if test.alerts:
        entry["alert_rule_test"] = [_alert_case(case) for case in test.alerts]
    if test.exprs:
        entry["promql_expr_test"] = [_expr_case(case) for case in test.exprs]
    return entry


def _alert_case(case: AlertCase) -> dict[str, Any]:
    expected = []
    for alert in case.expected:
        one: dict[str, Any] = {"exp_labels": alert.labels}
        if alert.annotations:
            one["exp_annotations"] = alert.annotations
        expected.append(one)
    return {"eval_time": duration(case.at), "alertname": case.alert, "exp_alerts": expected}


def _expr_case(case: ExprCase) -> dict[str, Any]:
    samples: list[dict[str, Any]] = [{"labels": labels, "value": Decimal(value)} for labels, value in case.samples]
    return {"expr": case.expr, "eval_time": duration(case.at), "exp_samples": samples}
