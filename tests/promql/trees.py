"""Trees for property tests: expressions of every kind, put together by build, so that they are right by construction."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from generators.promql.syntax import Expr, NumberLiteral, VectorSelector
from tests.promql import build as q

_names = st.sampled_from(["a", "up", "job:x:rate5m", "sum", "offset", "http_requests_total"])
_labels = st.sampled_from(["job", "le", "by", "with space", "service.name", "标签"])
# Characters that this Python's Unicode does not know yet may be known to Go's, which then prints them as they are.
_texts = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\ufffd"), max_size=6)
_windows = st.sampled_from(["30s", "5m", "1h30m", "90d", "1500ms", "2w"])
_matchers = st.one_of(
    st.builds(q.equal, _labels, _texts),
    st.builds(q.unequal, _labels, _texts),
    st.builds(q.one_of, _labels, st.lists(_texts, min_size=1, max_size=3)),
    st.builds(q.unlike, _labels, st.sampled_from([".*", "a|b", "[0-9]+"])),
)
_selectors: st.SearchStrategy[VectorSelector] = st.builds(q.selector, _names, st.lists(_matchers, max_size=3))
_decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e12"), max_value=Decimal("1e12"), places=6)
_numbers = st.one_of(
    st.builds(q.number, _decimals), st.builds(NumberLiteral, st.floats(allow_nan=False)), st.just(NumberLiteral(300.0, True))
)
_groupings = st.lists(_labels, max_size=3, unique=True)
_on = st.one_of(st.none(), st.builds(q.on, _groupings), st.builds(q.ignoring, _groupings))
_set_operators, _comparisons = ["and", "or", "unless"], ["==", "!=", ">", "<", ">=", "<="]
_arithmetic = ["+", "-", "*", "/", "%", "^", "atan2"]


def _vectors(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operand = st.one_of(inner, _numbers)
    return st.one_of(
        st.builds(q.over, st.sampled_from(["rate", "max_over_time"]), inner, _windows, st.none() | _windows),
        st.builds(q.earlier, _selectors, _windows),
        st.builds(q.aggregate, st.sampled_from(["sum", "count", "stddev"]), inner, _groupings),
        st.builds(q.aggregate, st.just("quantile"), inner, _groupings, _decimals),
        st.builds(q.aggregate_without, st.sampled_from(["max", "group"]), inner, _groupings),
        st.builds(q.binary, inner, st.sampled_from(_arithmetic + _comparisons), operand),
        st.builds(q.binary, operand, st.sampled_from(_arithmetic), inner, _on),
        st.builds(q.binary, inner, st.sampled_from(_set_operators), inner, _on),
        st.builds(q.compare_bool, operand, st.sampled_from(_comparisons), inner),
        st.builds(lambda a, b, on: q.ratio(a, b, q.group_left(on, ["z"])), inner, inner, st.builds(q.ignoring, _groupings)),
        st.builds(q.negative, inner),
        st.builds(q.paren, inner),
        st.builds(q.with_label, inner, st.just("x"), _texts),
        st.builds(q.histogram_quantile, _decimals, inner),
        st.builds(q.vector, _decimals),
    )


expressions: st.SearchStrategy[Expr] = st.recursive(_selectors, _vectors, max_leaves=8)
