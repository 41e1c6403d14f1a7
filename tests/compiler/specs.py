"""Both specs and what they compile to. In: a spec's name. Out: its path, its environments, its build; built once for each test run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from generators.build import Build, build
from generators.ir.stack import EngineName

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "spec" / "football.yaml"
SHOP = ROOT / "tests" / "specs" / "shop.yaml"
UNTRACED = ROOT / "tests" / "specs" / "shop-untraced.yaml"

ENVIRONMENTS: dict[Path, tuple[str, ...]] = {
    SHIPPED: ("local", "staging", "production"),
    SHOP: ("laptop", "trial", "live"),
    UNTRACED: ("laptop", "trial", "live"),
}
"""What each spec declares; the last one is its production."""

ENGINES: tuple[EngineName, ...] = ("compose", "local")
BUILDS = [(spec, environment, engine) for spec, names in ENVIRONMENTS.items() for environment in names for engine in ENGINES]


def called(case: object) -> str:
    """A short name of a case for the test's report."""
    return case.stem if isinstance(case, Path) else str(case)


@cache
def built(spec: Path, environment: str = "", engine: EngineName = "compose") -> Build:
    """The build, of the production environment unless another is named; it has no fault."""
    found = build(spec, environment or ENVIRONMENTS[spec][-1], engine)
    assert not found.faults, "\n".join(f"{fault.where} {fault.what}" for fault in found.faults)
    return found
