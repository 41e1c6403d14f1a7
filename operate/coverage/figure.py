"""A figure of coverage. In: what was counted, with its gaps. Out: a share, whether it reaches its target, and the same as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from generators.fault import Where
from generators.ir.contract import Only

Area = Literal["api", "traces", "business", "monitoring", "dashboards"]


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: what, at which place of the spec, and how to mend it."""

    what: str
    where: Where
    fix: str

    def as_dict(self) -> dict[str, str | int]:
        """For `--format json`."""
        return {"what": self.what, "file": self.where.file, "line": self.where.line, "column": self.where.column, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is counted. It is covered when nothing is missing."""

    name: str
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that is not counted: by what kind of reason ("excluded" by people, or what a running stack cannot show), and why."""

    name: str
    reason: Only | Literal["excluded"]
    because: str
    where: Where

    def as_dict(self) -> dict[str, str | int]:
        """For `--format json`."""
        return {
            "name": self.name,
            "reason": self.reason,
            "because": self.because,
            "file": self.where.file,
            "line": self.where.line,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """The share of `items` that are covered, against `target`. Where nothing is counted there is no share, and nothing to reach."""

    area: Area
    target: Decimal
    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def covered(self) -> int:
        return sum(not item.gaps for item in self.items)

    @property
    def ratio(self) -> Decimal | None:
        """Exact enough to be held against the target: 19 of 20 are 95 %."""
        return Decimal(self.covered) / len(self.items) if self.items else None

    @property
    def reached(self) -> bool:
        return self.ratio is None or self.ratio >= self.target

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(gap for item in self.items for gap in item.gaps)

    def as_dict(self) -> dict[str, Any]:
        """For `--format json`."""
        return {
            "area": self.area,
            "ratio": None if self.ratio is None else float(self.ratio),
            "target": float(self.target),
            "reached": self.reached,
            "covered": self.covered,
            "counted": len(self.items),
            "items": [{"name": item.name, "covered": not item.gaps} for item in self.items],
            "gaps": [gap.as_dict() for gap in self.gaps],
            "left_out": [one.as_dict() for one in self.left_out],
            "remarks": list(self.remarks),
        }
