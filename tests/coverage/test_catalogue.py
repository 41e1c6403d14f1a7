"""What the catalogue says of watched operations holds of its own metrics: their names, kinds and labels."""

from __future__ import annotations

import pytest

from generators.catalogue import catalogue
from generators.promql import parse
from generators.promql.syntax import VectorSelector

WATCHED = [name for name, entry in catalogue().kinds.items() if entry.kind.watched]
APPLICATIONS = [name for name, entry in catalogue().kinds.items() if entry.kind.application]


def test_every_application_says_how_it_is_watched() -> None:
    assert WATCHED == APPLICATIONS
    assert WATCHED


@pytest.mark.parametrize("name", WATCHED)
def test_operations_are_told_apart_by_metrics_of_the_kind(name: str) -> None:
    kind = catalogue().kinds[name].kind
    watched = kind.watched
    assert watched is not None
    assert (kind.metrics[watched.rate].kind, kind.metrics[watched.latency].kind) == ("counter", "histogram")
    for text in (watched.rate, watched.latency, *watched.errors):
        selector = parse(text)
        assert isinstance(selector, VectorSelector)
        labels = kind.metrics[selector.name].labels
        assert {*watched.by, *(matcher.name for matcher in selector.matchers)} <= set(labels)
