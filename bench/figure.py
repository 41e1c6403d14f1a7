"""What a bench found. In: measurements. Out: `Figure`s, each a ratio or a count with its target, and the words for both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One finding. `most` is the target (at most); None where nothing was promised. `detail` says what was divided by what."""

    bench: str
    name: str
    value: float
    unit: str
    most: float | None = None
    detail: str = ""

    @property
    def verdict(self) -> str:
        """Whether the target was reached, in a word."""
        if self.most is None:
            return ""
        return "reached" if self.value <= self.most else "missed"

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the table."""
        target = "" if self.most is None else f"<= {self.most:.3g}{self.unit}"
        return (self.bench, self.name, f"{self.value:.3g}{self.unit}", target, self.verdict, self.detail)

    def as_dict(self) -> dict[str, object]:
        """For machines."""
        return {**asdict(self), "verdict": self.verdict}


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of pairs that ran one after the other: what slows the machine down slows both of a pair."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))
