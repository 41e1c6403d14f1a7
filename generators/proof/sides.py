"""Conditions as comparisons. In: a condition as people wrote it. Out: its first comparison with a number, and the arms of `and`, `or`,
`unless` that follow; and values that lie before a comparison's bound, or beyond it. Raises Underivable where none comes first."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from generators.promql import Expr, parse
from generators.promql.syntax import Binary, Call
from generators.promql.walk import walk
from generators.proof.meaning.operators import COMPARISONS
from generators.proof.trees import Underivable, bare, literal
from generators.record import dataclass

HARDLY = Decimal("0.0625")
"""What is hardly more than nothing."""


@dataclass(frozen=True, slots=True)
class Side:
    """A comparison of a value with a number; `counts` says that the value can only be a whole number."""

    value: Expr
    op: str
    bound: Decimal
    counts: bool

    def off(self, margin: Decimal, *, beyond: bool) -> Decimal:
        """A value that is `margin` (a share of the bound) beyond the bound, or before it."""
        if self.op in ("==", "!="):
            other = self.bound + 1 if self.bound < 1 else self.bound - 1
            return self.bound if (self.op == "==") == beyond else other
        up = (self.op in (">", ">=")) == beyond
        gap = abs(self.bound) * margin or HARDLY * margin * 100
        if self.counts:
            gap = Decimal(1) if beyond == (self.op in (">", "<")) else Decimal(0)
        return self.bound + gap if up else self.bound - gap


@dataclass(frozen=True, slots=True)
class Arm:
    """What stands after `and`, `or` or `unless`."""

    op: str
    tree: Expr

    @property
    def side(self) -> Side | None:
        return comparison(self.tree)


def comparison(tree: Expr) -> Side | None:
    """A comparison with a number, taken apart."""
    inner = bare(tree)
    bound = literal(inner.right) if isinstance(inner, Binary) and inner.op in COMPARISONS else None
    if not isinstance(inner, Binary) or bound is None or inner.return_bool:
        return None
    counts = any(isinstance(node, Call) and node.function in ("changes", "resets") for node in walk(inner.left))
    return Side(bare(inner.left), inner.op, bound, counts)


@lru_cache(maxsize=512)
def taken_apart(when: str) -> tuple[Side, tuple[Arm, ...]]:
    """A condition as its first comparison and the arms that follow. Raises Underivable."""
    tree, arms = bare(parse(when)), []
    while isinstance(tree, Binary) and tree.op in ("and", "or", "unless"):
        arms.append(Arm(tree.op, bare(tree.right)))
        tree = bare(tree.left)
    main = comparison(tree)
    if main is None:
        raise Underivable("it is no comparison with a number")
    return main, tuple(reversed(arms))
