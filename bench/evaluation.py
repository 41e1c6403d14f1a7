"""Evaluation cost on a real Prometheus; filled in below."""
from __future__ import annotations
from collections.abc import Iterator
from bench.figure import Figure
def run() -> Iterator[Figure]:
    yield from ()
