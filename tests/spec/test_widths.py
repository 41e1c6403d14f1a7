"""Ranges of the catalogue follow the scrape interval; those that are long enough stay as they are written."""

from __future__ import annotations

import pytest

from generators.resolve.widths import at_pace


@pytest.mark.parametrize(
    ("text", "scrape", "widened"),
    [
        ("rate(a[20s]) / rate(b[20s]) > 0.5", 5, "rate(a[20s]) / rate(b[20s]) > 0.5"),
        ("rate(a[20s]) / rate(b[5m]) > 0.5", 10, "rate(a[40s]) / rate(b[5m]) > 0.5"),
        ("sum(increase(a[1m] offset 1h))", 30, "sum(increase(a[2m] offset 1h))"),
        ("max_over_time(a[10s])", 60, "max_over_time(a[10s])"),
        ("rate(a[20s", 60, "rate(a[20s"),
    ],
)
def test_no_rate_looks_back_less_than_four_scrapes(text: str, scrape: int, widened: str) -> None:
    assert at_pace(text, scrape) == widened
