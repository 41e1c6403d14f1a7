"""Quantiles of classic histograms. In: the buckets' columns by upper bound, and the quantile. Out: a column, by the interpolation of
promql/quantile.go of the pinned release."""

from __future__ import annotations

import math

from generators.proof.meaning.columns import NAME, Column, Labels, Vector

SMALL = 1e-12
"""A difference between buckets that Prometheus takes for a rounding error."""


def quantiles(share: float, buckets: Vector) -> Vector:
    """histogram_quantile(share, buckets)."""
    groups: dict[Labels, list[tuple[float, Column]]] = {}
    for labels, column in buckets.items():
        bound = next((value for label, value in labels if label == "le"), None)
        if bound is not None:
            group = frozenset(pair for pair in labels if pair[0] not in ("le", NAME))
            groups.setdefault(group, []).append((float(bound.replace("Inf", "inf")), column))
    found: Vector = {}
    for group, bounded in groups.items():
        bounded.sort(key=lambda one: one[0])
        bounds = [bound for bound, _ in bounded]
        rows = zip(*(column for _, column in bounded), strict=True)
        known: dict[tuple[float | None, ...], float | None] = {}
        found[group] = []
        for row in rows:
            if row not in known:
                known[row] = _quantile(share, bounds, row)
            found[group].append(known[row])
    return found


def _quantile(share: float, bounds: list[float], row: tuple[float | None, ...]) -> float | None:
    there = [(bound, count) for bound, count in zip(bounds, row, strict=True) if count is not None]
    if not there:
        return None
    uppers, counts = [bound for bound, _ in there], _monotonic([count for _, count in there])
    if not math.isinf(uppers[-1]) or len(uppers) < 2 or not counts[-1]:
        return math.nan
    rank = share * counts[-1]
    at = next((index for index, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if at == len(counts) - 1:
        return uppers[-2]
    if at == 0:
        return uppers[0] if uppers[0] <= 0 else uppers[0] * (rank / counts[0])
    lower = uppers[at - 1]
    return lower + (uppers[at] - lower) * ((rank - counts[at - 1]) / (counts[at] - counts[at - 1]))


def _monotonic(counts: list[float]) -> list[float]:
    """No bucket holds fewer than the one before it, and none a hair more."""
    before = counts[0]
    for index, count in enumerate(counts):
        if count < before or abs(count - before) <= SMALL * (abs(count) + abs(before)):
            counts[index] = before
        before = counts[index]
    return counts
