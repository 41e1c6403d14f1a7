"""What both services export, read as Prometheus reads it: what users do is counted, what is measured is there, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

import football_api.app
import football_api.telemetry
import football_models.telemetry
from football_api.settings import Settings
from tests.football.conftest import FEED
from tests.football.databases import Databases
from tests.football.serving import Api, served, until
from tests.ports import free_ports

SOON = timedelta(minutes=10)


def values(address: str) -> dict[str, float]:
    """Every sample of a service, by its series as written."""
    page = httpx.get(f"{address}/metrics").text
    found = re.findall(r"^(\w+(?:\{.*?\})?) (\S+)", page, re.MULTILINE)
    return {series: float(value) for series, value in found}


def rise(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """What rose of the counters of this application."""
    own = ("prediction_requests_total", "user_requests_total", "prediction_settled_total", "prediction_duration_seconds_count")
    return {key: after[key] - before.get(key, 0) for key in after if key.startswith(own) and after[key] != before.get(key, 0)}


def test_a_prediction_is_counted_with_its_model_and_its_user(api: Api, address: str, models: str) -> None:
    token, match = api.user("member"), api.match(SOON)
    before, before_models = values(address), values(models)
    assert [api.predict(token, match, "poisson").status_code for _ in range(2)] == [201, 409]
    assert api.predict(token, match, "logistic").status_code == 403
    assert rise(before, values(address)) == {
        'prediction_requests_total{model_type="poisson",outcome="ok"}': 1,
        'user_requests_total{user_kind="member"}': 3,
    }
    assert rise(before_models, values(models)) == {'prediction_duration_seconds_count{model_type="poisson"}': 2}


def test_a_prediction_without_models_is_an_error(settings: Settings, data: Databases) -> None:
    away = replace(settings, models=f"http://127.0.0.1:{free_ports(1)[0]}")
    with served(football_api.app.create(away)) as address, Api(address, data) as api:
        token, match = api.user("guest"), api.match(SOON)
        before = values(address)
        assert api.predict(token, match).status_code == 503
        after = values(address)
        assert rise(before, after)['prediction_requests_total{model_type="elo",outcome="error"}'] == 1
        assert after['http_requests_total{method="POST",endpoint="/predictions",status="503"}'] >= 1


def test_settled_matches_become_an_accuracy_with_its_sample(api: Api, models: str) -> None:
    token = api.user("premium")
    before = values(models)
    for home, away in ((2, 0), (1, 1), (0, 1)):
        match = api.match(SOON)
        assert api.predict(token, match, "logistic").status_code == 201
        api.begins_now(match)
        assert api.settle(FEED, match, home, away).status_code == 200
    sample = 'prediction_settled_total{model_type="logistic"}'
    until(lambda: values(models)[sample] - before[sample] == 3)
    assert values(models)['prediction_accuracy{model_type="logistic"}'] == pytest.approx(2 / 3)


def test_what_is_measured_is_there(api: Api, address: str) -> None:
    api.get("/matches", api.user("guest"))
    until(lambda: values(address).get('active_users{window="1h"}') == 1)
    for dimension in ("completeness", "freshness", "accuracy"):
        assert 0 <= values(address)[f'data_quality_score{{dimension="{dimension}"}}'] <= 1


def test_every_model_says_when_it_was_trained(models: str) -> None:
    found = values(models)
    assert all(
        found[f'model_last_trained_timestamp_seconds{{model_type="{kind}"}}'] > 0 for kind in ("elo", "poisson", "logistic")
    )


def test_every_operation_is_counted_under_its_template(api: Api, address: str) -> None:
    token = api.user("guest")
    api.get("/matches/4711", token)
    api.get("/predictions/4711", token)
    api.get("/users/4711/predictions", token)
    counted = {
        found.group(1) for key in values(address) if (found := re.match(r'http_requests_total\{.*endpoint="([^"]*)"', key))
    }
    assert {"/matches/{id}", "/predictions/{id}", "/users/{id}/predictions"} <= counted
    assert not [endpoint for endpoint in counted if "4711" in endpoint]


def test_both_services_export_their_own_metrics_alone() -> None:
    api, models = football_api.telemetry.CONTRACT.metrics, football_models.telemetry.CONTRACT.metrics
    assert "prediction_accuracy" in models
    assert "prediction_accuracy" not in api
    assert "user_requests_total" not in models
