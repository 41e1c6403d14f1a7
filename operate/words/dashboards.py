"""Changes of what is drawn. In: two Grafana models. Out: dashboards and panels that are new, gone or otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from generators.ir.contract import Contract
from generators.ir.dashboards import Dashboard, Grafana, Panel
from operate.words import Change, one, paired, short
from operate.words.expressions import changed


def changes(old: Grafana, new: Grafana, contract: Contract) -> Iterator[Change]:
    """By dashboard, then by panel."""
    before = {f"dashboard {d.uid}": d for d in old.dashboards}
    after = {f"dashboard {d.uid}": d for d in new.dashboards}
    fresh, gone, both = paired(before, after)
    yield from (Change("new", name, after[name].title) for name in fresh)
    yield from (Change("gone", name, before[name].title) for name in gone)
    for name in both:
        yield from _dashboard(name, before[name], after[name], contract)
    theirs = [{f"dashboard {f.uid}": f for f in side.foreign} for side in (old, new)]
    fresh, gone, both = paired(*theirs)
    yield from (Change("new", name, "of a mixin") for name in fresh)
    yield from (Change("gone", name, "of a mixin") for name in gone)
    yield from (Change("changed", n, "its model differs") for n in both if theirs[0][n].model != theirs[1][n].model)
    sources = [{f"datasource {s.uid}": s for s in side.datasources} for side in (old, new)]
    fresh, gone, both = paired(*sources)
    yield from (Change("new", name) for name in fresh)
    yield from (Change("gone", name) for name in gone)
    for name in both:
        said = _fields(sources[0][name], sources[1][name], ())
        if said:
            yield Change("changed", name, "; ".join(said))


def _dashboard(name: str, old: Dashboard, new: Dashboard, contract: Contract) -> Iterator[Change]:
    said = _fields(old, new, ("rows", "uid"))
    if said:
        yield Change("changed", name, "; ".join(said))
    before, after = _panels(old), _panels(new)
    fresh, gone, both = paired(before, after)
    yield from (Change("new", f"panel {panel} on {name}", after[panel].kind) for panel in fresh)
    yield from (Change("gone", f"panel {panel} on {name}") for panel in gone)
    for panel in both:
        said = _panel(before[panel], after[panel], contract)
        if said:
            yield Change("changed", f"panel {panel} on {name}", "; ".join(said))
    if not fresh and not gone and list(before) != list(after):
        yield Change("changed", name, "its panels stand in another order")


def _panel(old: Panel, new: Panel, contract: Contract) -> list[str]:
    said = _fields(old, new, ("queries", "title", "thresholds"))
    bounds = [", ".join(f"{t.color} from {t.value}" for t in side.thresholds if t.value is not None) for side in (old, new)]
    said += one("thresholds", *bounds)
    if len(old.queries) != len(new.queries):
        return [*said, f"{len(old.queries)} -> {len(new.queries)} queries"]
    for before, after in zip(old.queries, new.queries, strict=True):
        if before.datasource == "prometheus":
            said += changed(before.expr, after.expr, contract)
        else:
            said += one("search", before.expr, after.expr)
        said += _fields(before, after, ("expr",))
    return said


def _panels(dashboard: Dashboard) -> dict[str, Panel]:
    found: dict[str, Panel] = {}
    for row in dashboard.rows:
        for panel in row.panels:
            key = f"'{short(panel.title)}'"
            while key in found:
                key += " again"
            found[key] = panel
    return found


def _fields(old: object, new: object, without: tuple[str, ...]) -> list[str]:
    """Plain fields that differ; of nested ones only that they do."""
    said: list[str] = []
    for field in fields(old):  # type: ignore[arg-type]  # always called with dataclasses
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in (*without, "where", "written") or before == after:
            continue
        plain = isinstance(before, str | int | float | bool | None) and isinstance(after, str | int | float | bool | None)
        said += one(field.name, before, after) if plain else [f"{field.name} differ"]
    return said
