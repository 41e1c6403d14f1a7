"""football-models as this service sees it. In: a match and a model. Out: what the model says, or ModelsError: whoever asked gets
a 503 within the time limit, and the rest of the API goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from football_api.schemas import ModelType, Pick


class ModelsError(Exception):
    """football-models does not answer, or not as agreed."""


class Said(BaseModel):
    """What a model says of a match."""

    pick: Pick
    home: float
    draw: float
    away: float


class Card(BaseModel):
    """A model as football-models presents it; `trained_at` in seconds since the epoch."""

    model_type: ModelType
    trained_at: float
    held_out_accuracy: float
    baseline_accuracy: float


T = TypeVar("T")
_CARDS = TypeAdapter(list[Card])


class Models:
    """The second service, behind one HTTP client."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.client = httpx.AsyncClient(timeout=httpx.Timeout(2.0, connect=0.5))

    async def predict(self, model_type: ModelType, home: str, away: str) -> Said:
        """Ask a model of a match."""
        question = {"model_type": model_type, "home": home, "away": away}
        return _read(Said.model_validate_json, await self._call("POST", "/predict", json=question))

    async def cards(self) -> list[Card]:
        """Every model in service."""
        return _read(_CARDS.validate_json, await self._call("GET", "/models"))

    async def tell(self, windows: list[dict[str, object]]) -> None:
        """How matches ended that were predicted."""
        await self._call("POST", "/scores", json=windows)

    async def _call(self, method: str, path: str, **body: Any) -> bytes:
        try:
            answer = await self.client.request(method, self.address + path, **body)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelsError(f"{type(error).__name__}: {error}") from error
        return answer.content


def _read(read: Callable[[bytes], T], content: bytes) -> T:
    try:
        return read(content)
    except ValidationError as error:
        raise ModelsError(f"an answer that was not agreed: {error}") from error
