"""What PromQL knows by name: functions with the kinds they take and give, aggregations, operators and keywords.

In: nothing. Out: tables for Prometheus 3.16, written down from its documentation
(https://prometheus.io/docs/prometheus/latest/querying/functions/) and held to promtool by tests/promql."""

from __future__ import annotations

from typing import NamedTuple

from generators.promql.syntax import Kind


class Function(NamedTuple):
    """`optional` counts how often the last kind may be repeated or left out: 0 exactly once, -1 without end."""

    takes: tuple[Kind, ...]
    gives: Kind = "vector"
    optional: int = 0
    experimental: bool = False


def _table() -> dict[str, Function]:
    vector: Kind = "vector"
    matrix: Kind = "matrix"
    scalar: Kind = "scalar"
    string: Kind = "string"
    table: dict[str, Function] = {}

    def add(names: str, takes: tuple[Kind, ...], gives: Kind = "vector", optional: int = 0) -> None:
        for name in names.split():
            # An asterisk marks what needs --enable-feature=promql-experimental-functions.
            table[name.rstrip("*")] = Function(takes, gives, optional, name.endswith("*"))

    add("abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh", (vector,))
    add("sort sort_desc sqrt tan tanh timestamp start_timestamp*", (vector,))
    add("histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar", (vector,))
    add("days_in_month day_of_month day_of_week day_of_year hour minute month year", (vector,), "vector", 1)
    add("absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase", (matrix,))
    add("irate last_over_time max_over_time min_over_time present_over_time rate resets", (matrix,))
    add("stddev_over_time stdvar_over_time sum_over_time mad_over_time*", (matrix,))
    add("ts_of_first_over_time* ts_of_last_over_time* ts_of_max_over_time* ts_of_min_over_time*", (matrix,))
    add("clamp", (vector, scalar, scalar))
    add("clamp_max clamp_min", (vector, scalar))
    add("round", (vector, scalar), "vector", 1)
    add("histogram_fraction", (scalar, scalar, vector))
    add("histogram_quantile", (scalar, vector))
    add("histogram_quantiles*", (vector, string, scalar, scalar), "vector", 9)
    add("quantile_over_time", (scalar, matrix))
    add("predict_linear", (matrix, scalar))
    add("double_exponential_smoothing*", (matrix, scalar, scalar))
    add("integral*", (matrix, scalar), "vector", 1)
    add("info*", (vector, vector), "vector", 1)
    add("label_replace", (vector, string, string, string, string))
    add("label_join", (vector, string, string, string), "vector", -1)
    add("sort_by_label* sort_by_label_desc*", (vector, string), "vector", -1)
    add("scalar", (vector,), "scalar")
    add("vector", (scalar,), "vector")
    add("pi time end* range* start* step*", (), "scalar")
    add("max_of* min_of*", (scalar, scalar), "scalar")
    return table


FUNCTIONS = _table()

# Aggregations that take a parameter, with its kind; the others take none.
PARAMETER: dict[str, Kind] = {
    "topk": "scalar",
    "bottomk": "scalar",
    "quantile": "scalar",
    "limitk": "scalar",
    "limit_ratio": "scalar",
    "count_values": "string",
}
AGGREGATIONS = frozenset(["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"]) | PARAMETER.keys()
EXPERIMENTAL_AGGREGATIONS = frozenset({"limitk", "limit_ratio"})

COMPARISONS = frozenset({"==", "!=", "<=", "<", ">=", ">"})
SET_OPERATORS = frozenset({"and", "or", "unless"})
# A higher number binds tighter; `^` alone groups to the right.
PRECEDENCE: dict[str, int] = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys((*COMPARISONS, "</", ">/"), 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}
SIGN_PRECEDENCE = 5  # -a * b is (-a) * b, and -a ^ b is -(a ^ b)

_MODIFIERS = "offset smoothed anchored by without on ignoring group_left group_right fill fill_left fill_right bool"
DURATION_FUNCTIONS = frozenset({"step", "range", "max_of", "min_of"})
KEYWORDS = AGGREGATIONS | SET_OPERATORS | DURATION_FUNCTIONS | {"atan2", "start", "end"} | frozenset(_MODIFIERS.split())
# Keywords that are no metric name where an operand stands, and the one keyword that is no label name in a grouping.
NOT_A_METRIC = frozenset({"atan2", "bool", "on", "ignoring", "group_left", "group_right"})
NOT_A_GROUPING_LABEL = frozenset({"without"})
