"""What runs, and who needs whom. In: the spec's services and an environment's targets. Out: Services with kind, labels,
targets and dependents bound; faults for unknown kinds, unknown or circular dependencies, and services that nothing scrapes."""

from __future__ import annotations

import re
from collections import defaultdict

from generators.catalogue import ANY, Entry
from generators.plan import Service, Watched
from generators.resolve.context import Context, as_tuple
from generators.resolve.operations import check_excluded, excluded_of, flows_of, operations_of
from generators.resolve.stack import exporter_component, local_program
from generators.spec import model

LONGEST_SHOWN = 8
"""Services of a circle that a fault names; who breaks it needs its ends."""


def kind_of(context: Context, name: str) -> Entry | None:
    """The catalogue's entry of a service's kind, or None where the kind is unknown (that is reported once)."""
    return context.catalogue.kinds.get(context.spec.services[name].kind)


def resolve_services(context: Context, addresses: dict[str, tuple[str, ...]]) -> tuple[Service, ...]:
    """All services in the order of the spec. `addresses` are the scrape addresses of what runs in the stack itself."""
    known = [kind for kind in context.catalogue.kinds if kind != ANY]
    for name, service in context.spec.services.items():
        if service.kind not in known:
            context.unknown("kind", service.kind, known, ("services", name, "kind"))
    _check_dependencies(context)
    _check_targets(context)
    check_excluded(context)
    services = context.spec.services
    dependents: dict[str, list[str]] = defaultdict(list)
    for name, service in services.items():
        for one in dict.fromkeys(service.depends_on):
            dependents[one].append(name)
    return tuple(
        _service(context, name, services[name], addresses, tuple(dependents[name])) for name in services if kind_of(context, name)
    )


def _service(
    context: Context, name: str, service: model.Service, addresses: dict[str, tuple[str, ...]], dependents: tuple[str, ...]
) -> Service:
    entry = kind_of(context, name)
    assert entry is not None
    kind = entry.kind
    own = context.environment.targets.get(name, [])
    part = kind.exporter or (context.catalogue.parts.get(kind.component) if kind.component else None)
    binary, why_not = local_program(context, part) if part else ("", "")
    absent = "" if binary or context.engine != "local" else why_not
    scraped = () if absent else addresses.get(name, ()) if part else tuple(reach(context, one) for one in as_tuple(own))
    operations = tuple(operations_of(context, name, service))
    return Service(
        name=name,
        kind=service.kind,
        title=context.text(service.title, name),
        tier=service.tier,
        owner=service.owner or context.spec.project.owner,
        depends_on=tuple(one for one in service.depends_on if one in context.spec.services),
        dependents=dependents,
        operations=operations,
        targets=scraped,
        metrics_path=service.metrics_path,
        component=exporter_component(context, name) if kind.exporter else kind.component or "",
        scrape_interval=service.scrape_interval or context.spec.stack.scrape_interval,
        traced=kind.traced if service.traced is None else service.traced,
        exporter=kind.exporter.component if kind.exporter else "",
        absent_because=absent,
        where=context.where_key("services", name),
        telemetry=service.telemetry or "",
        application=kind.application,
        watched=_watched(kind.watched),
        excluded=tuple(excluded_of(context, name, service)),
        flows=flows_of(context, name, service),
        spans=tuple(kind.spans),
    )


def _watched(kind: model.Watched | None) -> Watched | None:
    if kind is None:
        return None
    return Watched((kind.by[0], kind.by[1]), kind.rate, tuple(kind.errors), kind.latency, kind.table)


def reach(context: Context, address: str) -> str:
    """An address of this machine as a container reaches it; unchanged for a process."""
    if context.engine == "compose":
        return re.sub(r"^(localhost|127\.0\.0\.1)(?=:|$)", "host.docker.internal", address)
    return address


def _check_dependencies(context: Context) -> None:
    services = context.spec.services
    for name, service in services.items():
        for index, other in enumerate(service.depends_on):
            if other not in services:
                context.unknown("service", other, services, ("services", name, "depends_on", index))
    _check_circles(context)


def _check_circles(context: Context) -> None:
    """One fault for every dependency that closes a circle. Chains may be long; they are walked, not recursed into."""
    needs = {name: [one for one in it.depends_on if one in context.spec.services] for name, it in context.spec.services.items()}
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        on_path: set[str] = set()
        waiting = [] if start in done else [start]
        while waiting:
            name = waiting[-1]
            if name not in on_path and name not in done:
                path.append(name)
                on_path.add(name)
                for other in needs[name]:
                    if other in on_path:
                        _circle(context, path[path.index(other) :], other)
                waiting += [other for other in reversed(needs[name]) if other not in on_path and other not in done]
                continue
            waiting.pop()
            if path and path[-1] == name:
                on_path.discard(path.pop())
                done.add(name)


def _circle(context: Context, circle: list[str], first: str) -> None:
    last = circle[-1]
    where = context.where("services", last, "depends_on", context.spec.services[last].depends_on.index(first))
    shown = circle if len(circle) <= LONGEST_SHOWN else [*circle[: LONGEST_SHOWN - 1], "…", last]
    what = f"the dependencies go in a circle: {' -> '.join((*shown, first))}; their alerts would mute each other"
    fix = f"Take '{first}' out of what '{last}' depends on, or the other way round."
    context.fault("dependency-circle", where, what, fix)


def _check_targets(context: Context) -> None:
    """Every service must have something to scrape in every environment, and every target a service."""
    for environment, settings in context.spec.environments.items():
        for name in settings.targets:
            if name not in context.spec.services:
                context.unknown("service", name, context.spec.services, ("environments", environment, "targets", name))
        missing = [name for name in context.spec.services if _needs_target(context, name) and name not in settings.targets]
        for name in missing:
            what = f"environment '{environment}' has no target for '{name}': nothing would scrape it"
            fix = f"Add `{name}: HOST:PORT` under environments.{environment}.targets."
            context.fault("unprovided", context.where_key("environments", environment), what, fix)


def _needs_target(context: Context, name: str) -> bool:
    entry = kind_of(context, name)
    if entry is None or entry.kind.component:
        return False
    exporter = entry.kind.exporter
    return exporter is None or any("{target}" in text for text in (*exporter.arguments, *exporter.environment.values()))
