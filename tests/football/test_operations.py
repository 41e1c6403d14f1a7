"""Every operation of football-api on real databases: what it answers, and to whom it refuses what."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.football.conftest import FEED
from tests.football.serving import Api, declared, operations

SOON, PAST = timedelta(minutes=10), timedelta(seconds=-1)


def test_a_prediction_is_made_kept_and_settled(api: Api) -> None:
    token, match = api.user("premium"), api.match(SOON)
    made = api.predict(token, match, "logistic")
    assert made.status_code == 201
    assert (made.json()["pick"], made.json()["right"]) == ("home", None)
    path = f"/predictions/{made.json()['id']}"
    assert api.get(path, token).json() == made.json()
    api.begins_now(match)
    assert api.get(path, token).json()["right"] is None
    assert api.settle(FEED, match, 3, 0).json()["home_goals"] == 3
    assert api.get(path, token).json()["right"] is True, "the cache forgot what it knew before"
    number = token.split("_")[1]
    assert [one["right"] for one in api.get(f"/users/{number}/predictions", token).json()] == [True]


def test_a_lost_pick_is_wrong(api: Api) -> None:
    token, match = api.user("guest"), api.match(SOON)
    path = f"/predictions/{api.predict(token, match).json()['id']}"
    api.begins_now(match)
    api.settle(FEED, match, 0, 1)
    assert api.get(path, token).json()["right"] is False


@pytest.mark.parametrize("token", ["", "nonsense", "fp_1_wrong", "fp_x_y", "fp_99999999999999999999_x"])
def test_without_a_valid_token_nobody_is_served(api: Api, token: str) -> None:
    api.user("guest")
    for answer in (api.predict(token, 1), api.get("/matches", token)):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_table_of_users_holds_no_token(api: Api) -> None:
    secret = api.user("guest").split("_")[2]
    (row,) = api.data.ask("SELECT secret_hash FROM users")
    assert secret.encode() not in row["secret_hash"]
    assert bytes.fromhex(secret) not in row["secret_hash"]


@pytest.mark.parametrize(("kind", "allowed"), [("guest", 1), ("member", 2), ("premium", 3)])
def test_who_may_ask_which_model(api: Api, kind: str, allowed: int) -> None:
    token, match = api.user(kind), api.match(SOON)
    answers = [api.predict(token, match, model).status_code for model in ("elo", "poisson", "logistic")]
    assert answers == [201] * allowed + [403] * (3 - allowed)


def test_a_user_asks_a_model_once_of_a_match(api: Api) -> None:
    token, match = api.user("member"), api.match(SOON)
    assert [api.predict(token, match).status_code for _ in range(2)] == [201, 409]
    assert api.predict(token, match, "poisson").status_code == 201


def test_a_match_that_has_begun_is_not_predicted(api: Api) -> None:
    assert api.predict(api.user("guest"), api.match(PAST)).status_code == 409


@pytest.mark.parametrize("path", ["/matches/4711", f"/matches/{2**40}", "/predictions/4711", f"/predictions/{2**70}"])
def test_what_is_not_there_is_not_found(api: Api, path: str) -> None:
    assert api.get(path, api.user("guest")).status_code == 404


def test_wishes_of_another_form_are_refused(api: Api) -> None:
    token = api.user("guest")
    assert api.predict(token, 1, "tarot").status_code == 422
    assert api.predict(token, 4711).status_code == 404
    assert api.settle(FEED, 1, -1, 0).status_code == 422


def test_predictions_are_their_owners_alone(api: Api) -> None:
    one, other, match = api.user("guest"), api.user("guest"), api.match(SOON)
    made = api.predict(one, match).json()["id"]
    assert api.get(f"/predictions/{made}", other).status_code == 404
    with api.data.redis() as client:
        client.flushall()
    assert api.get(f"/predictions/{made}", other).status_code == 404
    assert api.get(f"/users/{one.split('_')[1]}/predictions", other).status_code == 403


def test_matches_by_their_state(api: Api) -> None:
    token = api.user("guest")
    ahead, due, over = api.match(SOON), api.match(PAST), api.match(PAST)
    assert api.settle(FEED, over, 1, 1).status_code == 200
    for state, expected in (("open", ahead), ("due", due), ("settled", over)):
        assert expected in [one["id"] for one in api.get(f"/matches?state={state}", token).json()]
        assert not {ahead, due, over} - {expected} & {one["id"] for one in api.get(f"/matches?state={state}", token).json()}
    assert api.get(f"/matches/{over}", token).json()["away_goals"] == 1
    assert api.get("/matches?state=odd", token).status_code == 422


def test_results_come_from_the_feed_once_and_after_kick_off(api: Api) -> None:
    match, later = api.match(PAST), api.match(SOON)
    answers = [api.settle(token, match, 1, 0).status_code for token in ("", api.user("premium"), FEED, FEED)]
    assert answers == [401, 403, 200, 409]
    assert api.settle(FEED, later, 1, 0).status_code == 409
    assert api.settle(FEED, 4711, 1, 0).status_code == 404


def test_models_with_what_they_were_worth_to_users(api: Api) -> None:
    token = api.user("premium")
    for home, away in ((2, 0), (0, 1)):
        match = api.match(SOON)
        api.predict(token, match)
        api.begins_now(match)
        api.settle(FEED, match, home, away)
    found = {one["model_type"]: one for one in api.get("/models", token).json()}
    assert (found["elo"]["settled"], found["elo"]["accuracy"]) == (2, 0.5)
    assert (found["logistic"]["settled"], found["logistic"]["accuracy"]) == (0, None)


def test_the_schema_lists_the_operations_of_the_spec_alone(api: Api) -> None:
    assert operations(api.get("/openapi.json").json()) == declared("football-api")
