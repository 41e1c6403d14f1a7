"""The locustfile. In: FOOTBALL_TOKENS (a file: kind of user to tokens), FOOTBALL_FEED_TOKEN, FOOTBALL_LOAD_PEAK (users at noon),
FOOTBALL_LOAD_DAY (seconds). Out: guests who look around, members and premium users who predict, and the feed that reports results."""

from __future__ import annotations

import json
import math
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from locust import FastHttpUser, LoadTestShape, between, constant, task

from football_league import Fixture, League

TOKENS: dict[str, list[str]] = json.loads(Path(os.environ["FOOTBALL_TOKENS"]).read_text())
PEAK = int(os.environ.get("FOOTBALL_LOAD_PEAK", "15"))
DAY = float(os.environ.get("FOOTBALL_LOAD_DAY", "600"))
NIGHT = 0.5
"""Of the users at noon, the share that is there at midnight."""


class Rhythm(LoadTestShape):
    """A day after another: the number of users rises and falls as a cosine."""

    def tick(self) -> tuple[int, float]:
        """How many users now, and how many come or go a second."""
        now: float = self.get_run_time()  # type: ignore[no-untyped-call]
        height = (1 - math.cos(2 * math.pi * now / DAY + math.pi / 2)) / 2
        return max(4, round(PEAK * (NIGHT + (1 - NIGHT) * height))), 4.0


def repeated(times: dict[Callable[..., None], int]) -> list[Any]:
    """Tasks by how often they are done, as the list that Locust draws from."""
    return [one for one, count in times.items() for _ in range(count)]


class Person(FastHttpUser):
    """Someone with a token; now and then another takes the seat."""

    abstract = True
    kind = "guest"
    models: tuple[str, ...] = ("elo",)
    wait_time = between(0.6, 1.8)

    def on_start(self) -> None:
        """Sit down."""
        self.token = random.choice(TOKENS[self.kind])
        self.asked: list[int] = []

    def ask(self, method: str, path: str, name: str, **body: Any) -> Any:
        """A request as this user; what is refused for a good reason (409: too late, or asked before) is no failure."""
        headers = {"Authorization": f"Bearer {self.token}"}
        with self.client.request(method, path, name=name, headers=headers, catch_response=True, **body) as answer:
            if answer.status_code == 409:
                answer.success()
            return answer.json() if answer.status_code in (200, 201) else None

    def open_match(self) -> int | None:
        """One of those that have not begun."""
        found = self.ask("GET", "/matches", "/matches")
        return random.choice(found)["id"] if found else None

    def browse(self) -> None:
        """See what is on; look at one of them."""
        if (match := self.open_match()) is not None:
            self.ask("GET", f"/matches/{match}", "/matches/[id]")

    def leave(self) -> None:
        """Make room for someone else of the same kind."""
        self.on_start()

    def predict(self) -> None:
        """Ask a model of a match."""
        if (match := self.open_match()) is None:
            return
        wish = {"match_id": match, "model_type": random.choice(self.models)}
        if (made := self.ask("POST", "/predictions", "/predictions", json=wish)) is not None:
            self.asked.append(made["id"])

    def look_back(self) -> None:
        """See what was predicted, in one or in all."""
        if self.asked:
            self.ask("GET", f"/predictions/{random.choice(self.asked[-5:])}", "/predictions/[id]")
        number = self.token.split("_")[1]
        self.ask("GET", f"/users/{number}/predictions", "/users/[id]/predictions")

    def compare(self) -> None:
        """See which model is good."""
        self.ask("GET", "/models", "/models")


class Guest(Person):
    """Looks around, asks Elo at times."""

    weight = 5
    tasks = repeated({Person.browse: 6, Person.predict: 3, Person.look_back: 1, Person.leave: 1})


class Member(Person):
    """Predicts more than a guest."""

    weight, kind, models = 4, "member", ("elo", "poisson")
    tasks = repeated({Person.browse: 4, Person.predict: 5, Person.look_back: 2, Person.compare: 1, Person.leave: 1})


class Premium(Person):
    """Predicts with the model that others may not ask, and compares."""

    weight, kind, models = 4, "premium", ("elo", "poisson", "logistic", "logistic")
    tasks = repeated({Person.browse: 2, Person.predict: 6, Person.look_back: 2, Person.compare: 1, Person.leave: 1})


class Feed(Person):
    """Reports how matches ended, soon after they did."""

    fixed_count, kind = 1, "member"
    wait_time = constant(2)
    tasks: list[Any] = []  # noqa: RUF012

    def on_start(self) -> None:
        """It knows the league, so it knows every result."""
        super().on_start()
        self.league = League()
        self.reporter = {"Authorization": f"Bearer {os.environ['FOOTBALL_FEED_TOKEN']}"}

    @task
    def report(self) -> None:
        """All matches that wait for their result."""
        for match in self.ask("GET", "/matches?state=due", "/matches") or ():
            played = self.league.play(Fixture(match["round"], match["home"], match["away"]))
            goals = {"home_goals": played.home_goals, "away_goals": played.away_goals}
            path = f"/matches/{match['id']}/settle"
            with self.client.post(
                path, name="/matches/[id]/settle", headers=self.reporter, json=goals, catch_response=True
            ) as answer:
                if answer.status_code == 409:
                    answer.success()
