"""The shipped spec, compiled once for all tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from generators.build import Build, build

SPEC = Path(__file__).parents[2] / "spec" / "football.yaml"


@cache
def shipped() -> Build:
    """What the shipped spec becomes in production."""
    built = build(SPEC)
    assert built.compiled is not None, "\n".join(map(str, built.faults))
    return built
