"""`touchline coverage`: how much of what the spec declares is really seen on the running stack, area by area, with every gap and how to
mend it. Exit code 1 where an area is below its target: the gate of a deployment."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from generators.build import plan_of
from generators.emit import rules
from generators.fault import Fault, Where
from generators.spec.scalars import duration, positive
from operate.commands import FINE, LOCAL, USERS_FAULT, Call, UserFault, demand_running
from operate.coverage.figure import Figure
from operate.coverage.ground import Ground
from operate.coverage.measure import FIGURES, exposition, gauges, ground_of, measure
from operate.coverage.selectors import MOST_EXCUSED, Findings, Unmet, find
from operate.live import otlp
from operate.show import Show

LAST = "10m"
TITLES = {
    "api": "API operations with rate, errors and latency",
    "traces": "key flows traced from the edge to the database",
    "business": "business metrics with live values",
    "monitoring": "alerts, objectives, dashboards and runbooks of services",
    "dashboards": "panels with data",
}
assert TITLES.keys() == FIGURES.keys()


def add(parser: argparse.ArgumentParser) -> None:
    """How far back, which areas, and where to write them."""
    parser.add_argument(
        "--last", default=LAST, metavar="TIME", help=f"what counts as live: seen within this time (usually {LAST})"
    )
    parser.add_argument("--area", action="append", choices=tuple(FIGURES), help="only this area; may be given several times")
    help = "ask instead whether every selector and every alert's condition meets something"
    parser.add_argument("--selectors", action="store_true", help=help)
    help = "hand the figures to the running Prometheus, which keeps them as touchline_coverage_ratio"
    parser.add_argument("--record", action="store_true", help=help)
    parser.add_argument("--write", metavar="FILE", help="write the figures in Prometheus's text form, for a textfile collector")


def run(call: Call) -> int:
    """Exit code 1 when a figure is below its target, 2 when the stack cannot be asked."""
    ground = _ground(call)
    if call.arguments.selectors:
        return _selectors(call, find(ground))
    areas = tuple(area for area in FIGURES if not call.arguments.area or area in call.arguments.area)
    figures = measure(ground, areas)
    if call.arguments.write:
        _write(Path(call.arguments.write), exposition(figures))
    if call.arguments.record:
        otlp.push(ground.prometheus, "touchline", gauges(figures))
    call.show.json(_as_json(ground, figures))
    for figure in figures:
        show_gaps(call.show, figure)
    show_figures(call.show, figures)
    below = [figure.area for figure in figures if not figure.reached]
    if below:
        call.show.note(f"below target: {', '.join(below)}", "failed")
        return USERS_FAULT
    call.show.done("every figure reaches its target")
    return FINE


def _selectors(call: Call, found: Findings) -> int:
    """Exit code 1 where something meets nothing and nobody knows why, or too much is excused."""
    call.show.json(found.as_dict())
    rows = [(str(place.where), place.who, one.text, one.refused) for one in found.unexplained for place in one.places]
    call.show.table("Nothing matches, and nothing says why", ("where", "who asks", "what", ""), rows)
    excused = [(one.reason.code, one.text, one.reason.because, _places(one)) for one in found.excused if one.reason]
    call.show.table("Nothing matches, for a reason", ("reason", "what", "why", "who asks"), excused)
    counts = ", ".join(f"{count} {code}" for code, count in found.reasons.items()) or "none"
    met, share = found.asked - len(found.unmet), len(found.excused) / max(found.asked, 1)
    call.show.line(
        f"{found.selectors} selectors, {found.conditions} conditions; met: {met}; excused: {counts} ({share:.1%} of all, "
        f"{found.on_word / max(found.asked, 1):.1%} without proof)"
    )
    if found.unexplained:
        call.show.note(f"{len(found.unexplained)} match nothing, and nothing says why", "failed")
    if found.too_many:
        most = f"at most {MOST_EXCUSED:.0%} may be"
        call.show.note(f"{found.on_word} of {found.asked} are excused and not proved, {most}", "failed")
    if found.good:
        call.show.done("whatever is asked meets something, or says why not")
    return FINE if found.good else USERS_FAULT


def _places(one: Unmet) -> str:
    more = f", and {len(one.places) - 1} more" if len(one.places) > 1 else ""
    return f"{one.places[0].who} ({one.places[0].where}){more}"


def _ground(call: Call) -> Ground:
    """What runs in the environment, and what the spec says of it now."""
    try:
        last = positive(duration(call.arguments.last))
    except ValueError as error:
        raise UserFault(f"--last: {error}") from error
    site = call.site()
    release = site.current()
    if release is None:
        raise UserFault("nothing is released here; `touchline deploy` does that")
    demand_running(site, release)
    plan, faults = plan_of(call.spec, call.environment(LOCAL), release.engine)
    if plan is None:
        raise UserFault(f"{call.spec} has {len(faults)} fault{'s' if len(faults) != 1 else ''}", faults)
    ground = ground_of(plan, release, site.engine(release.engine), last)
    for fault in _stale(call, ground):
        call.show.faults([fault])
    return ground


def _stale(call: Call, ground: Ground) -> Iterable[Fault]:
    """The spec has moved on since the release: then the figures are about what it says now, held against what runs."""
    changed = [
        path for path, text in {**rules.emit(ground.rule_files), **ground.dashboards}.items() if ground.files.get(path) != text
    ]
    if changed:
        what = f"{len(changed)} rules and dashboards that run are not as the spec says now ({changed[0]})"
        yield Fault("stale-release", Where(call.spec.as_posix()), what, "`touchline deploy` first.", "warning")


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a collector may read at any moment."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def _as_json(ground: Ground, figures: tuple[Figure, ...]) -> dict[str, Any]:
    return {
        "environment": ground.plan.environment.name,
        "last_seconds": ground.last,
        "good": all(figure.reached for figure in figures),
        "figures": [figure.as_dict() for figure in figures],
    }


def show_figures(show: Show, figures: Iterable[Figure]) -> None:
    """The table of all areas."""
    rows = []
    for one in figures:
        share = "nothing to cover" if one.ratio is None else f"{one.covered} of {len(one.items)}, {percent(one)}"
        left = f"{len(one.left_out)} left out" if one.left_out else ""
        rows.append(
            (one.area, share, f">= {float(one.target * 100):g} %", "ok" if one.reached else "below", left, TITLES[one.area])
        )
    show.table("Coverage", ("area", "covered", "target", "", "", "what is counted"), rows, {"ok": "green", "below": "bold red"})


def percent(figure: Figure) -> str:
    """A share for people, rounded down: 99.96 % is not 100 %."""
    return "" if figure.ratio is None else f"{int(figure.ratio * 1000) / 10:g} %"


def show_gaps(show: Show, figure: Figure) -> None:
    """Every gap of an area, with its place and how to mend it; what was left out, and why."""
    show.table(f"Gaps: {figure.area}", ("where", "what", "how to mend it"), [(str(g.where), g.what, g.fix) for g in figure.gaps])
    left: dict[tuple[str, str], list[str]] = {}
    for one in figure.left_out:
        left.setdefault((one.reason, one.because), []).append(one.name)
    rows = [(reason, str(len(names)), because, "; ".join(names)) for (reason, because), names in left.items()]
    show.table(f"Left out: {figure.area}", ("reason", "how many", "why", "what"), rows)
    for remark in figure.remarks:
        show.line(f"{figure.area}: {remark}")
