"""PromQL: text to tree, tree to the text Prometheus itself prints, and what a tree holds.

In: expressions of the spec, of rules, of dashboards. Out: trees (`parse`, `parse_query`), canonical text (`text_of`,
`canonical`), facts about trees (`walk`, `labels`). It knows no spec and no rule, and uses the standard library only."""

from generators.promql.check import kind_of
from generators.promql.grafana import parse_query, variables_in
from generators.promql.labels import Labels, labels_of
from generators.promql.parse import parse
from generators.promql.print import text_of
from generators.promql.syntax import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS, Expr, ParseFault, Span
from generators.promql.walk import longest_lookback, metric_names, selectors

__all__ = [
    "EXPERIMENTAL_FUNCTIONS",
    "FILL_MODIFIERS",
    "Expr",
    "Labels",
    "ParseFault",
    "Span",
    "canonical",
    "kind_of",
    "labels_of",
    "longest_lookback",
    "metric_names",
    "parse",
    "parse_query",
    "selectors",
    "text_of",
    "variables_in",
]


def canonical(text: str, features: frozenset[str] = frozenset()) -> str:
    """The form in which Prometheus's API returns this expression."""
    return text_of(parse(text, features))
