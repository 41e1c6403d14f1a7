"""What is wrong with a stack, before any engine is asked. In: a compilation. Out: faults of images, ports, addresses, mounts,
networks, secrets, health checks and privileges: whatever floats, clashes, or is used and provided by nobody."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from generators.fault import Fault
from generators.ir.compiled import Compiled
from generators.ir.stack import Component, Stack, places

_RELEASE = re.compile(r"v?\d+\.\d+(\.\d+)?([-.+][\w.+-]+)?")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")

Check = Callable[[Compiled], Iterable[Fault]]


def _tag(image: str) -> str:
    """The tag of an image, "" where it has none; a colon before the last slash is a registry's port."""
    return image.rpartition("/")[2].partition(":")[2]


def images(compiled: Compiled) -> Iterator[Fault]:
    """Every image is one release: what runs does not change by itself."""
    for component in compiled.stack.components:
        if not _DIGEST.fullmatch(component.image) and not _RELEASE.fullmatch(_tag(component.image)):
            what = f"the image {component.image} of {component.name} floats: what runs would change by itself"
            yield Fault("stack-image", component.where, what, "Name a release (repository:X.Y.Z) or a digest.")


def ports(compiled: Compiled) -> Iterator[Fault]:
    """No two ports are published under one number, and none to the network without having been asked to."""
    taken: dict[tuple[int, str], str] = {}
    for component in compiled.stack.components:
        for port in component.ports:
            if not port.host_port:
                continue
            mine = f"{component.name} ({port.name})"
            other = taken.setdefault((port.host_port, port.protocol), mine)
            if other != mine:
                what = f"{mine} and {other} would both listen on port {port.host_port}"
                yield Fault("stack-port", component.where, what, "Give one of them another port under `stack.ports`.")
            if not _is_loopback(port.address):
                what = f"{mine} is published on {port.address}: anybody on that network reaches it without a password"
                fix = "Publish on 127.0.0.1 and put a proxy that asks who it is in front."
                yield Fault("stack-exposed", component.where, what, fix, "warning")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def provided(compiled: Compiled) -> Iterator[Fault]:
    """Whatever a component uses is there: volumes, networks, secrets, other components, ports of its own."""
    stack = compiled.stack
    names = {component.name for component in stack.components}
    for component in stack.components:
        volumes = [mount.source for mount in component.mounts if mount.kind == "volume"]
        for kind, used, known in (
            ("volume", volumes, stack.volumes),
            ("network", component.networks, stack.networks),
            ("secret", component.secret_files, stack.secrets),
            ("component", component.depends_on, names),
            ("port", _own_ports(component), {port.name for port in component.ports}),
        ):
            for name in dict.fromkeys(used):
                if name not in known:
                    what = f"{component.name} uses the {kind} '{name}', which no part of the stack provides"
                    yield Fault("stack-missing", component.where, what, f"Declare the {kind}, or do not use it.")


def _own_ports(component: Component) -> list[str]:
    """The ports of its own that a component speaks of."""
    texts = (*component.command, *component.local_command, *component.environment.values())
    texts = (*texts, *(component.health.command if component.health else ()))
    spoken = [place.removeprefix("port:") for text in texts for place in places(text) if place.startswith("port:")]
    spoken += [component.ready_port] if component.ready_path and not component.one_shot else []
    return spoken + ([component.reload.port] if component.reload.kind == "http" else [])


def unused(compiled: Compiled) -> Iterator[Fault]:
    """Nothing is declared that nobody uses: a secret file would be asked for in vain."""
    stack = compiled.stack
    volumes = {mount.source for component in stack.components for mount in component.mounts if mount.kind == "volume"}
    networks = {network for component in stack.components for network in component.networks}
    secrets = {name for component in stack.components for name in component.secret_files}
    for kind, declared, used in (
        ("volume", stack.volumes, volumes),
        ("network", stack.networks, networks),
        ("secret", stack.secrets, secrets),
    ):
        for name in declared:
            if name not in used:
                what = f"the stack declares the {kind} '{name}', which no component uses"
                yield Fault("stack-unused", _somewhere(stack).where, what, "Use it or leave it out.", "warning")


def _somewhere(stack: Stack) -> Component:
    return stack.components[0]


def mounts(compiled: Compiled) -> Iterator[Fault]:
    """No two things are mounted at one place of a container."""
    for component in compiled.stack.components:
        seen: set[str] = set()
        for mount in component.mounts:
            if mount.target in seen:
                what = f"{component.name} has two mounts at {mount.target}: one would hide the other"
                yield Fault("stack-mount", component.where, what, "Mount one of them elsewhere.")
            seen.add(mount.target)


def health(compiled: Compiled) -> Iterator[Fault]:
    """Each component has a health check, or says why none can work inside its image."""
    for component in compiled.stack.components:
        if component.health is None and not component.no_health_because:
            what = f"{component.name} has no health check and does not say why"
            yield Fault("stack-health", component.where, what, "Name a command that its image holds, or the reason.")


def privileges(compiled: Compiled) -> Iterator[Fault]:
    """Each exception from the least privilege has a reason, and no reason stands without its exception."""
    for component in compiled.stack.components:
        for given in component.exceptions:
            if not component.privileges.get(given):
                what = f"{component.name} is given '{given}' without a reason"
                yield Fault("stack-privilege", component.where, what, "Take it away, or say what it is needed for.")
        for reason in component.privileges:
            if reason not in component.exceptions:
                what = f"{component.name} explains '{reason}', which it is not given"
                yield Fault("stack-privilege", component.where, what, "Take the reason out.", "warning")


def addresses(compiled: Compiled) -> Iterator[Fault]:
    """Every address that stands in the configurations and means a part of the stack is one where a part listens."""
    listening = _listening(compiled)
    hosts = {address.rpartition(":")[0] for address in listening}
    must_be_ours = [("Prometheus sends alerts to", address) for address in compiled.prometheus.alertmanagers]
    must_be_ours += [(f"the datasource '{s.name}' asks", urlsplit(s.url).netloc) for s in compiled.grafana.datasources]
    may_be_ours = [
        (f"the scrape job '{job.name}' asks", address)
        for job in compiled.prometheus.jobs
        for target in job.targets
        for address in target.addresses
        if compiled.engine == "compose" and address.rpartition(":")[0] in hosts
    ]
    for who, address in (*must_be_ours, *may_be_ours):
        if address not in listening:
            what = f"{who} {address}, where no part of the stack listens"
            yield Fault("stack-address", _somewhere(compiled.stack).where, what, f"There are: {', '.join(sorted(listening))}.")


def _listening(compiled: Compiled) -> set[str]:
    """`host:port` of every port as the other parts of the stack reach it."""
    if compiled.engine == "compose":
        return {f"{c.name}:{port.container_port}" for c in compiled.stack.components for port in c.ports}
    return {f"127.0.0.1:{port.host_port}" for c in compiled.stack.components for port in c.ports}


CHECKS: tuple[Check, ...] = (images, ports, provided, unused, mounts, health, privileges, addresses)
