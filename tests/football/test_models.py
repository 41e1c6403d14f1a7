"""football-models over HTTP: what it predicts, what it is, and what it makes of settled matches."""

from __future__ import annotations

import httpx
import pytest

from tests.football.serving import declared, operations


def ask(models: str, **question: object) -> httpx.Response:
    return httpx.post(f"{models}/predict", json=question)


@pytest.mark.parametrize("model_type", ["elo", "poisson", "logistic"])
def test_it_picks_the_stronger_club_on_either_ground(models: str, model_type: str) -> None:
    home = ask(models, model_type=model_type, home="Alder", away="Amber").json()
    away = ask(models, model_type=model_type, home="Amber", away="Alder").json()
    assert (home["pick"], away["pick"]) == ("home", "away")
    assert min(home["home"], away["away"]) > 0.6


@pytest.mark.parametrize("question", [{"model_type": "tarot"}, {"home": "Nobody"}])
def test_what_does_not_exist_is_refused(models: str, question: dict[str, str]) -> None:
    assert ask(models, **({"model_type": "elo", "home": "Alder", "away": "Amber"} | question)).status_code == 422


def test_models_say_what_they_are_worth(models: str) -> None:
    found = httpx.get(f"{models}/models").json()
    assert [one["model_type"] for one in found] == ["elo", "poisson", "logistic"]
    assert all(one["held_out_accuracy"] > 0.9 > one["baseline_accuracy"] for one in found)


def test_scores_are_shares_of_settled_matches(models: str) -> None:
    settled = [
        {"match_id": number, "pick": "home", "home_goals": goals, "away_goals": 1} for number, goals in enumerate([2, 1, 0, 3])
    ]
    answer = httpx.post(f"{models}/scores", json=[{"model_type": "elo", "settled": settled, "new": 2}])
    assert answer.json() == [{"model_type": "elo", "accuracy": 0.75, "sample": 4}]


def test_a_score_without_matches_is_refused(models: str) -> None:
    assert httpx.post(f"{models}/scores", json=[{"model_type": "elo", "settled": [], "new": 0}]).status_code == 422


def test_the_schema_lists_the_operations_of_the_spec_alone(models: str) -> None:
    assert operations(httpx.get(f"{models}/openapi.json").json()) == declared("football-models")
