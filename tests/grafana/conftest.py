"""What a run of these tests can say of Grafana is said at its end: no Grafana has loaded these dashboards unless one ran."""

from __future__ import annotations

import pytest

SCHEMA = "@grafana/schema 13.2.3"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One plain line, however the tests ended."""
    passed = {report.nodeid for report in terminalreporter.getreports("passed")}
    held = any("grafana/test_types.py" in each for each in passed)
    asked = any("grafana/test_queries.py" in each and "live_prometheus" in each for each in passed)
    terminalreporter.write_line(
        "dashboards: not loaded by Grafana (none ran in these tests); "
        + f"{'held' if held else 'NOT held'} against the types of {SCHEMA}; "
        + f"queries {'run' if asked else 'NOT run'} on a live Prometheus"
    )
