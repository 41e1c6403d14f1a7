"""What the tests of objectives share: the tiers, and how their series are written. In: nothing. Out: a table, notations. The tiers'
numbers stand here a second time on purpose, from the SRE workbook (https://sre.google/workbook/alerting-on-slos/): a slip in the
compiler's table must not move the expectation as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from generators import conventions as name
from generators.ir.tests import InputSeries
from generators.proof.flows import plain, written
from generators.record import dataclass

PAGE_SECONDS, TICKET_SECONDS = 30, 240
"""How often pages and tickets are judged: a ticket reads one sum where a page reads several samples."""

PARTS = 4
"""Samples that a window holds in the tests of it: enough that half of it and twice as much of it differ."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One row of the workbook's table; times in seconds."""

    alert: str
    factor: Decimal
    long: int
    short: int
    severity: str
    burn: str

    @property
    def sums(self) -> int:
        """How many samples stand in one of what the tier counts its events by."""
        return TICKET_SECONDS // PAGE_SECONDS if self.burn == "ticket" else 1

    @property
    def labels(self) -> dict[str, str]:
        """What its alert says of itself."""
        return {name.SEVERITY: self.severity, name.SIGNAL: "burn", name.BURN: self.burn}


WORKBOOK = (
    Tier("ErrorBudgetBurnFast", Decimal("14.4"), 3600, 300, "critical", "page"),
    Tier("ErrorBudgetBurnSteady", Decimal(6), 21600, 1800, "critical", "page"),
    Tier("ErrorBudgetBurnSlow", Decimal(3), 86400, 7200, "warning", "ticket"),
    Tier("ErrorBudgetBurnCreeping", Decimal(1), 259200, 21600, "warning", "ticket"),
)

WHO = {name.SERVICE: "example", name.TIER: "critical", name.OWNER: "example"}
"""Whose the SLOs are that no raw series feeds, so that their recordings can be given directly."""

Leg = tuple[int, Decimal | int]
"""So many samples of one value."""


def windows() -> Iterator[tuple[int, str]]:
    """Every window that a tier looks back over, and how it is judged: what a page reads, a ticket does not work out again."""
    paged = {window for tier in WORKBOOK if tier.burn == "page" for window in (tier.long, tier.short)}
    every = {window for tier in WORKBOOK for window in (tier.long, tier.short)}
    yield from ((window, "page" if window in paged else "ticket") for window in sorted(every))


def course(*legs: Leg) -> str:
    """One leg after the other: promtool's `x` counts the samples that follow the first."""
    return " ".join(f"{plain(Decimal(value))}x{count - 1}" for count, value in legs)


def series(record: str, labels: Mapping[str, str], *legs: Leg) -> InputSeries:
    """One series of a test."""
    return InputSeries(written(record, labels), course(*legs))


def span(seconds: int) -> str:
    """A window as the rules' names have it."""
    for unit, length in (("d", 86400), ("h", 3600)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds // 60}m"
