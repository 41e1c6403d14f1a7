"""PromQL: text to tree, tree to the text Prometheus itself prints, what a tree holds, and expressions of our own making.

In: expressions of the spec, of rules, of dashboards. Out: trees (`parse`, `build`), canonical text (`text_of`, `canonical`),
facts about trees (`walk`). It knows no spec and no rule, and uses the standard library only."""

from generators.promql.parse import parse
from generators.promql.print import text_of
from generators.promql.syntax import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, Expr, ParseFault, Span

__all__ = ["EXPERIMENTAL_FUNCTIONS", "FILL_MODIFIERS", "Expr", "ParseFault", "Span", "canonical", "parse", "text_of"]


def canonical(text: str, features: frozenset[str] = frozenset()) -> str:
    """The form in which Prometheus's API returns this expression."""
    return text_of(parse(text, features))
