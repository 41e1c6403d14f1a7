"""All figures of one moment. In: a release that runs, its spec's Plan and the engine. Out: the `Ground`, the figures in the order in which
they are shown, and how they are written down for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from generators.plan import Plan
from operate.coverage import api, business, flows, monitoring, panels
from operate.coverage.figure import Area, Figure
from operate.coverage.ground import Ground
from operate.engines import Engine
from operate.release import Release

FIGURES: Mapping[Area, Callable[[Ground], Figure]] = {
    "api": api.figure,
    "traces": flows.figure,
    "business": business.figure,
    "monitoring": monitoring.figure,
    "dashboards": panels.figure,
}
METRIC, TARGET, COUNTED = "touchline_coverage_ratio", "touchline_coverage_target_ratio", "touchline_coverage_items"


def ground_of(plan: Plan, release: Release, engine: Engine, last: int) -> Ground:
    """Where everything answers. Applications are asked where Prometheus scrapes them, as this machine reaches it."""
    stack = release.compiled.stack

    def base(component: str, port: str) -> str:
        address = engine.address(component, port, stack)
        return f"http://{address}" if address else ""

    return Ground(
        plan=plan,
        prometheus=base("prometheus", "http"),
        jaeger=base("jaeger", "query") if plan.tracing else "",
        last=last,
        applications={one.name: tuple(map(_from_here, one.targets)) for one in plan.services if one.watched},
        files={name: (release.path / name).read_text(encoding="utf-8") for name in release.files},
        absent=engine.absent(stack),
    )


def _from_here(address: str) -> str:
    """What a container calls its host is this machine."""
    return re.sub(r"^host\.docker\.internal(?=:|$)", "127.0.0.1", address)


def measure(ground: Ground, areas: Iterable[Area]) -> tuple[Figure, ...]:
    """The figures."""
    return tuple(FIGURES[area](ground) for area in areas)


def exposition(figures: Iterable[Figure]) -> str:
    """The figures in Prometheus's text form, as node_exporter's textfile collector reads it
    (https://github.com/prometheus/node_exporter#textfile-collector). A figure that counts nothing has no ratio."""
    known = [(one, one.ratio) for one in figures]
    lines = [f"# HELP {METRIC} Share of what was declared that is really seen.", f"# TYPE {METRIC} gauge"]
    lines += [f'{METRIC}{{area="{one.area}"}} {float(ratio)}' for one, ratio in known if ratio is not None]
    lines += [f"# HELP {TARGET} What the share must reach.", f"# TYPE {TARGET} gauge"]
    lines += [f'{TARGET}{{area="{one.area}"}} {float(one.target)}' for one, ratio in known if ratio is not None]
    lines += [f"# HELP {COUNTED} What is counted, by whether it is covered.", f"# TYPE {COUNTED} gauge"]
    for one, _ in known:
        lines.append(f'{COUNTED}{{area="{one.area}",covered="true"}} {one.covered}')
        lines.append(f'{COUNTED}{{area="{one.area}",covered="false"}} {len(one.items) - one.covered}')
    return "\n".join(lines) + "\n"
