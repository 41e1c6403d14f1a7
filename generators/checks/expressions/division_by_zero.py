"""A division that becomes infinite when all is well, and then fires. In: rules. Out: faults at denominators that may be 0 in a
normal state (no traffic, a limit of 0 that means "none") where the quotient is held to be above a bound: x / 0 is +Inf, which
is above every bound."""

from __future__ import annotations

from collections.abc import Iterator

from generators.checks.expressions.conditions import bound_of
from generators.checks.expressions.facts import Facts, Judged
from generators.fault import Fault
from generators.promql import Expr, text_of
from generators.promql.functions import COMPARISONS
from generators.promql.syntax import Binary
from generators.promql.types import unfiltered

ID = "division-by-zero"
_FIRING = frozenset({">", ">=", "!="})


def find(facts: Facts) -> Iterator[Fault]:
    for one in facts.rules:
        guarded = _guarded(one)
        for node, _ in one.types.items():
            bound = bound_of(node, one.types)
            if bound is None or bound.op not in _FIRING or bound.value == float("inf"):
                continue
            for text in one.types[bound.subject].infinite:
                if text not in guarded:
                    what = f"{text} may be 0 when all is well, the quotient is then +Inf, and `{bound.op} {bound.value:g}` holds"
                    yield one.fault(ID, _denominator(one, text) or bound.subject, what, f"Leave 0 out: ... / ({text} > 0).")


def _guarded(one: Judged) -> frozenset[str]:
    """What is held against a number somewhere in the expression: the author has thought of it."""
    return frozenset(
        text_of(unfiltered(node.left))
        for node, _ in one.types.items()
        if isinstance(node, Binary) and node.op in COMPARISONS and bound_of(node, one.types)
    )


def _denominator(one: Judged, text: str) -> Expr | None:
    divisions = (node for node, _ in one.types.items() if isinstance(node, Binary) and node.op == "/")
    return next((node.right for node in divisions if text_of(node.right) == text), None)
