"""Findings in the rules of others that were read one by one, and why they are right. In: nothing. Out: a table by the rule's name and the
finding's id. A finding that is not here counts as false."""

from __future__ import annotations

from collections.abc import Mapping

TRUE: Mapping[tuple[str, str], str] = {
    ("JaegerQueryReqsFailing", "dropped-label"): (
        "Jaeger's mixin: the message shows `$labels.operation`, and the sums keep instance, job and namespace. It is always empty."
    ),
}
