"""The stack's own numbers. In: the spec's `stack`, the catalogue's parts, the exporters of the kinds in use. Out: a StackPlan
whose every image is pinned and every port known; faults for floating tags, unknown components and missing releases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from generators.plan import ComponentPlan, StackPlan
from generators.resolve.context import Context, as_tuple
from generators.spec.model import Part

_RELEASE = re.compile(r"v?\d+\.\d+(\.\d+)?([-.+][\w.+-]+)?")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_TAGGED = re.compile(r".+/[^:/]+:(?P<tag>[\w.+-]+)$|[^:/]+:(?P<bare>[\w.+-]+)$")
INBOX_RELEASE = "0.1.0"
LONGEST_ANSWER = 10
"""Seconds after which Prometheus itself gives up a scrape where nothing else is said."""


def exporter_component(context: Context, service: str) -> str:
    """The component that exports for a service: the exporter's name, with the service's where several share the kind."""
    kind = context.spec.services[service].kind
    exporter = context.catalogue.kinds[kind].kind.exporter
    assert exporter is not None
    several = sum(other.kind == kind for other in context.spec.services.values()) > 1
    return f"{exporter.component}-{service}" if several else exporter.component


def local_program(context: Context, part: Part) -> tuple[str, str]:
    """The program that runs a part without containers, "" where there is none, and then why."""
    lacking = context.lacking.get(part.packaged, "")
    return ("", lacking) if lacking else (part.binary or part.packaged, part.absent_because)


def used_parts(context: Context) -> dict[str, tuple[Part, str]]:
    """Every part that runs, by component name, with the service it exports for."""
    parts = context.catalogue.parts
    names = ["prometheus", "alertmanager", "grafana"]
    names += ["jaeger"] if context.spec.tracing else []
    names += ["inbox"] if context.environment.notify == "inbox" else []
    used: dict[str, tuple[Part, str]] = {name: (parts[name], "") for name in names}
    for name, service in context.spec.services.items():
        entry = context.catalogue.kinds.get(service.kind)
        if entry and entry.kind.exporter:
            used[exporter_component(context, name)] = (entry.kind.exporter, name)
    return used


def resolve_stack(context: Context) -> StackPlan:
    """The StackPlan of this environment."""
    stack, used = context.spec.stack, used_parts(context)
    _check_names(context, used)
    components = {}
    host_ports: dict[int, str] = {}
    for name, (part, serves) in used.items():
        components[name] = _component(context, name, part, serves, host_ports)
    interval = stack.scrape_interval
    return StackPlan(
        components=components,
        scrape_interval=interval,
        scrape_timeout=min(stack.scrape_timeout or _usual_timeout(interval), interval),
        evaluation_interval=stack.evaluation_interval,
        retention=context.environment.retention or stack.retention,
        retention_size=stack.retention_size,
    )


def _usual_timeout(interval: int) -> int:
    """Three fifths of the interval: a target that hangs is known when it is given up, and an answer that takes longer helps nobody."""
    return min(LONGEST_ANSWER, max(1, interval * 3 // 5))


def _component(context: Context, name: str, part: Part, serves: str, host_ports: dict[int, str]) -> ComponentPlan:
    stack = context.spec.stack
    version = _version(context, part)
    binary, why_not = local_program(context, part)
    image = stack.images.get(name, part.image.format(version=version))
    if name in stack.images:
        _check_image(context, name, image)
    ports = {}
    for port, inside in part.ports.items():
        key = name if port == "http" else f"{name}.{port}"
        host = stack.ports.get(key, inside) + context.environment.port_offset
        if host in host_ports:
            what = f"{key} and {host_ports[host]} would both listen on port {host}"
            place = ("stack", "ports", key) if key in stack.ports else ("stack", "ports")
            context.fault(
                "port-taken", context.where(*place), what, f"Give one of them another port under stack.ports: `{key}: …`."
            )
        host_ports.setdefault(host, key)
        ports[port] = (inside, host)
    resources = stack.resources.get(name)
    target = next(iter(as_tuple(context.environment.targets.get(serves, []))), "") if serves else ""
    return ComponentPlan(
        name=name,
        image=image,
        version="" if context.engine == "local" and part.packaged else version,
        ports=ports,
        cpus=resources.cpus if resources else part.cpus,
        memory=resources.memory if resources else part.memory,
        environment=part.environment,
        secrets=part.secrets,
        arguments=tuple(part.arguments),
        target=target,
        serves=serves,
        binary=binary,
        absent_because=why_not,
        release=part.release,
        where=context.where_key("stack", "resources", name) if resources else context.where("stack"),
    )


def _version(context: Context, part: Part) -> str:
    release = part.release
    version = context.spec.stack.versions.get(release, INBOX_RELEASE if release == "inbox" else "")
    if release in context.blamed:
        return version
    if not version:
        context.blamed.add(release)
        what = f"stack.versions names no release of {release}, which runs in this stack"
        context.fault("unpinned", context.where("stack", "versions"), what, f"Add `{release}: X.Y.Z`.")
    elif not _RELEASE.fullmatch(version):
        context.blamed.add(release)
        where = context.where("stack", "versions", release)
        context.fault(
            "floating-tag", where, f"'{version}' is no release of {release}: what runs would change by itself", "Write X.Y.Z."
        )
    return version


def _check_names(context: Context, used: dict[str, tuple[Part, str]]) -> None:
    """What the catalogue knows may be named, whether this environment runs it or not. Only where a name is unknown among what
    this spec uses, the kinds that it does not use are looked at as well."""
    running = {name: part for name, (part, _) in used.items()}
    if _unknown_names(context, {**context.catalogue.parts, **running}):
        entries = context.catalogue.kinds.values()
        exporters = {entry.kind.exporter.component: entry.kind.exporter for entry in entries if entry.kind.exporter}
        for section, name, known in _unknown_names(context, {**context.catalogue.parts, **exporters, **running}):
            context.unknown("component", name, known, ("stack", section, name))


def _unknown_names(context: Context, parts: Mapping[str, Part]) -> list[tuple[str, str, set[str]]]:
    """The names in the stack's tables that none of the parts has: the table, the name, and those that could stand there."""
    stack = context.spec.stack
    components, releases = {*parts}, {part.release for part in parts.values()}
    ports = {name if port == "http" else f"{name}.{port}" for name, part in parts.items() for port in part.ports}
    tables: tuple[tuple[str, Iterable[str], set[str]], ...] = (
        ("ports", stack.ports, ports),
        ("resources", stack.resources, components),
        ("images", stack.images, components),
        ("versions", stack.versions, releases),
    )
    return [(section, name, known) for section, names, known in tables for name in names if name not in known]


def _check_image(context: Context, name: str, image: str) -> None:
    match = _TAGGED.fullmatch(image)
    tag = (match["tag"] or match["bare"]) if match else ""
    if not _DIGEST.fullmatch(image) and not _RELEASE.fullmatch(tag):
        what = f"the image {image} floats: what runs would change by itself"
        context.fault(
            "floating-tag", context.where("stack", "images", name), what, "Name a release (repository:X.Y.Z) or a digest."
        )
