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
from operate.live import otlp
from operate.release import Release

FIGURES: Mapping[Area, Callable[[Ground], Figure]] = {
    "api": api.figure,
    "traces": flows.figure,
    "business": business.figure,
    "monitoring": monitoring.figure,
    "dashboards": panels.figure,
}
HELP = {
    "touchline_coverage_ratio": "Share of what was declared that is really seen.",
    "touchline_coverage_target_ratio": "What the share must reach.",
    "touchline_coverage_items": "What is counted, by whether it is covered.",
}


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
        answer=lambda url: engine.answer(url, stack),
    )


def _from_here(address: str) -> str:
    """What a container calls its host is this machine."""
    return re.sub(r"^host\.docker\.internal(?=:|$)", "127.0.0.1", address)


def measure(ground: Ground, areas: Iterable[Area]) -> tuple[Figure, ...]:
    """The figures."""
    return tuple(FIGURES[area](ground) for area in areas)


def gauges(figures: Iterable[Figure]) -> dict[str, list[otlp.Sample]]:
    """The figures as gauges by name. A figure that counts nothing has no ratio, and owes none."""
    found: dict[str, list[otlp.Sample]] = {name: [] for name in HELP}
    ratios, targets, items = found.values()
    for one in figures:
        if one.ratio is not None:
            ratios.append(({"area": one.area}, float(one.ratio)))
            targets.append(({"area": one.area}, float(one.target)))
        items.append(({"area": one.area, "covered": "true"}, one.covered))
        items.append(({"area": one.area, "covered": "false"}, len(one.items) - one.covered))
    return found


def exposition(figures: Iterable[Figure]) -> str:
    """The figures in Prometheus's text form, as node_exporter's textfile collector reads it
    (https://github.com/prometheus/node_exporter#textfile-collector)."""
    lines = []
    for name, samples in gauges(figures).items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        for labels, value in samples:
            written = ",".join(f'{label}="{text}"' for label, text in labels.items())
            lines.append(f"{name}{{{written}}} {value}")
    return "\n".join(lines) + "\n"
