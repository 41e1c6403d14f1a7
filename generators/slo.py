"""Error budgets and burn rates: tables and arithmetic, no text. The tiers are those of the SRE workbook, chapter 5
(https://sre.google/workbook/alerting-on-slos/): a tier fires when a long and a short window both burn faster than its factor."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from generators.record import dataclass

PAGE_CADENCE = 30
"""Seconds between recordings that the page tiers read."""

TICKET_CADENCE = 240
"""Seconds between recordings that the ticket tiers and the budgets read. Below five minutes: an instant query looks back no
further (https://prometheus.io/docs/prometheus/latest/querying/basics/#staleness), and a series would come and go."""

SCRAPES_PER_RATE = 4
"""A rate needs at least two samples; four scrapes survive one that failed and one that came late."""


def text_of(seconds: int) -> str:
    """Seconds as Prometheus writes them in one unit: 5m, 6h, 30d."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


@dataclass(frozen=True, slots=True)
class BurnTier:
    """`factor` times the even pace over both windows (seconds); `burn` says whether it pages or opens a ticket."""

    name: str
    factor: Decimal
    long: int
    short: int
    burn: Literal["page", "ticket"]
    hold: int
    severity: Literal["critical", "warning"]

    @property
    def long_text(self) -> str:
        return text_of(self.long)

    @property
    def short_text(self) -> str:
        return text_of(self.short)

    @property
    def cadence(self) -> int:
        """Seconds between the recordings this tier reads."""
        return PAGE_CADENCE if self.burn == "page" else TICKET_CADENCE


TIERS = (
    BurnTier("ErrorBudgetBurnFast", Decimal("14.4"), 3600, 300, "page", 0, "critical"),
    BurnTier("ErrorBudgetBurnSteady", Decimal("6"), 6 * 3600, 1800, "page", 0, "critical"),
    BurnTier("ErrorBudgetBurnSlow", Decimal("3"), 86400, 2 * 3600, "ticket", 0, "warning"),
    BurnTier("ErrorBudgetBurnCreeping", Decimal("1"), 3 * 86400, 6 * 3600, "ticket", 0, "warning"),
)


def unreachable(budget: Decimal) -> tuple[BurnTier, ...]:
    """The tiers that can never fire: an error ratio cannot exceed one, so factor times budget must stay below it."""
    return tuple(tier for tier in TIERS if tier.factor * budget >= 1)


def rate_window(scrape_interval: int) -> int:
    """Seconds of the shortest safe range of a rate, and no shorter than the cadence, so that no event falls between two."""
    return max(SCRAPES_PER_RATE * scrape_interval, PAGE_CADENCE)
