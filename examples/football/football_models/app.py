"""football-models over HTTP. In: POST /predict (two clubs, a model), GET /models, POST /scores (settled matches and what was predicted).
Out: the side that will not lose, with probabilities; the models; the accuracy of each, which Prometheus reads as a gauge."""

from __future__ import annotations

import time

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from football_league import League, Pick, holds, pick
from football_models.fitting import Fitted, ModelType, fit_all
from football_models.telemetry import (
    CONTRACT,
    model_last_trained_timestamp_seconds,
    prediction_accuracy,
    prediction_duration_seconds,
    prediction_settled_total,
)
from touchline_client import instrument


class Question(BaseModel):
    """A match, and which model to ask."""

    model_type: ModelType
    home: str
    away: str


class Answer(BaseModel):
    """The side that will not lose, and the chances of the three ends."""

    model_type: ModelType
    pick: Pick
    home: float
    draw: float
    away: float


class ModelCard(BaseModel):
    """What is known of a model: when it was fitted, and its accuracy on matches that it had not seen."""

    model_type: ModelType
    trained_at: float
    held_out_accuracy: float
    baseline_accuracy: float


class Settled(BaseModel):
    """A match that was played, and the side that was predicted not to lose."""

    match_id: int
    pick: Pick
    home_goals: int = Field(ge=0)
    away_goals: int = Field(ge=0)


class Window(BaseModel):
    """The settled matches that a model is judged by, and how many of them nobody told of before. Each telling is whole, so that
    any worker may receive it, and a restart forgets nothing."""

    model_type: ModelType
    settled: list[Settled] = Field(min_length=1)
    new: int = Field(ge=0)


class Score(BaseModel):
    """How often a model was right, and in how many matches."""

    model_type: ModelType
    accuracy: float
    sample: int


def create() -> FastAPI:
    """The application, its models fitted."""
    app = FastAPI(title="football-models", docs_url=None, redoc_url=None)
    instrument(app, CONTRACT)
    app.state.models = fit_all(League())
    for model_type, fitted in app.state.models.items():
        model_last_trained_timestamp_seconds.set(fitted.trained_at, model_type=model_type)
    app.add_api_route("/predict", predict, methods=["POST"])
    app.add_api_route("/models", models, methods=["GET"])
    app.add_api_route("/scores", scores, methods=["POST"])
    app.add_api_route("/readyz", ready, methods=["GET"], include_in_schema=False)
    return app


async def predict(question: Question, request: Request) -> Answer:
    """Ask one model of one match; 422 for a club that the league does not have."""
    fitted: Fitted = request.app.state.models[question.model_type]
    begun = time.perf_counter()
    try:
        chances = fitted.model.predict(question.home, question.away)
    except KeyError as error:
        raise HTTPException(422, f"no club is called {error}") from None
    prediction_duration_seconds.observe(time.perf_counter() - begun, model_type=question.model_type)
    return Answer(model_type=question.model_type, pick=pick(chances), home=chances.home, draw=chances.draw, away=chances.away)


async def models(request: Request) -> list[ModelCard]:
    """Every model in service."""
    known: dict[ModelType, Fitted] = request.app.state.models
    return [
        ModelCard(model_type=name, trained_at=one.trained_at, held_out_accuracy=one.held_out, baseline_accuracy=one.baseline)
        for name, one in known.items()
    ]


async def scores(windows: list[Window]) -> list[Score]:
    """Judge models by settled matches: a prediction is right when the picked side did not lose."""
    return [_judge(window) for window in windows]


def _judge(window: Window) -> Score:
    right = sum(holds(one.pick, one.home_goals, one.away_goals) for one in window.settled)
    score = Score(model_type=window.model_type, accuracy=right / len(window.settled), sample=len(window.settled))
    prediction_settled_total.inc(by=window.new, model_type=window.model_type)
    prediction_accuracy.set(score.accuracy, model_type=window.model_type)
    return score


async def ready() -> dict[str, str]:
    """The models are fitted before the first request is taken."""
    return {"status": "ready"}
