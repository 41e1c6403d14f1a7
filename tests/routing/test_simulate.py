"""`touchline simulate`: what a fault would set off, in words and for machines; a fault that names nothing is one clear fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operate import tools
from operate.__main__ import main
from operate.simulate import UnknownFault, reactions
from tests.routing.played import SPECS, plan_of

SPEC = str(SPECS / "spec" / "football.yaml")


def simulated(capsys: pytest.CaptureFixture[str], *faults: str) -> dict[str, Any]:
    try:
        tools.path("alertmanager-clock")
    except tools.ToolMissing as missing:
        pytest.skip(str(missing))
    assert main(["simulate", *faults, "--spec", SPEC, "--format", "json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


@pytest.mark.engine
def test_a_database_that_is_down_is_told_once_to_each(capsys: pytest.CaptureFixture[str]) -> None:
    told = simulated(capsys, "postgres")
    assert told["counts"] == {"china-team": 1, "oncall": 1, "ops-slack": 1, "reports": 1}
    held = {(one["alert"], one["service"]): one["held_by"] for one in told["alerts"]}
    assert held["PostgresDown", "postgres"] == ""
    assert held["ServiceDown", "football-api"] == "PostgresDown of postgres"
    assert {one["group"] for one in told["messages"]} == {"service postgres, severity critical"}
    assert not any(alert.startswith("RecentOutage") for alert, _ in held)


@pytest.mark.engine
def test_two_faults_that_have_nothing_to_do_with_each_other_are_both_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = simulated(capsys, "HighErrorRatio:football-api", "ServiceDown:jaeger")
    assert {(one["alert"], one["service"]) for one in told["alerts"]} == {
        ("HighErrorRatio", "football-api"),
        ("ServiceDown", "jaeger"),
    }
    assert told["counts"]["oncall"] == 2


@pytest.mark.engine
def test_piped_it_is_plain(capsys: pytest.CaptureFixture[str]) -> None:
    simulated(capsys, "redis")
    assert main(["simulate", "redis", "--spec", SPEC]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "RedisDown redis critical - china-team, oncall, ops-slack, reports" in " ".join(out.split())


@pytest.mark.engine
def test_an_alert_of_a_mixin_is_an_alert(capsys: pytest.CaptureFixture[str]) -> None:
    told = simulated(capsys, "PrometheusReloadFailed")
    assert [(one["alert"], one["service"]) for one in told["alerts"]] == [("PrometheusReloadFailed", "prometheus")]


def test_an_alert_fires_on_every_service_it_watches_or_on_one() -> None:
    plan = plan_of("football")
    assert {one.title for one in reactions(plan, ["HighErrorRatio"])} == {
        "HighErrorRatio of football-api",
        "HighErrorRatio of football-models",
    }
    assert len(reactions(plan, ["HighErrorRatio:football-models"])) == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("postgress", "Did you mean 'postgres'?"),
        ("PostgressDown", "Did you mean 'PostgresDown'?"),
        ("HighErrorRatio:football-ap", "Did you mean 'football-api'?"),
        ("HighErrorRatio:postgres", "There are: football-api, football-models."),
        ("postgres:redis", "'postgres' is a service"),
        ("xyz", "There are: "),
        ("RecentOutage5m", "remembers an outage; name the service that is out"),
        ("ErrorBudgetBurnFast:football-api", "follows from what burns an error budget; name the service that fails"),
    ],
)
def test_a_fault_that_names_nothing_says_what_there_is(fault: str, said: str) -> None:
    with pytest.raises(UnknownFault) as raised:
        reactions(plan_of("football"), [fault])
    assert said in str(raised.value)


@pytest.mark.parametrize(
    "wrong",
    [
        ["postgress"],
        ["ModelStale"],
        ["redis", "--at", "tomorrow"],
        ["redis", "--at", "1999-01-01T00:00:00Z"],
        ["redis", "--at", "9999-12-31T23:59:59Z"],
    ],
)
def test_it_is_the_users_fault(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, after what it works on; an alert that needs an hour fires in no first ten minutes."""
    assert main(["simulate", *wrong, "--spec", SPEC]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    begun, told = captured.err.strip().splitlines()
    assert begun.startswith("simulate ")
    assert told.startswith("failed ")
