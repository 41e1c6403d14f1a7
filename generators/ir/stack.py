"""The stack: what runs, from which image or binary, with what it may touch. Both engines, compose and local, carry this one
description; what an engine cannot run it names.

In `command`, `local_command`, `health.command`, `environment` and `local_environment` an engine replaces: `{release}` the
current release, `{data}` the component's own lasting data, `{secrets}` the directory of secret files, `{listen}` the address to
listen on, `{port:NAME}` the number a port has where the component runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from generators.fault import NOWHERE, Where
from generators.record import dataclass

EngineName = Literal["compose", "local"]

RELEASES_TARGET = "/touchline/releases"
"""Where containers see the releases. The parent of `current` is mounted, never `current`: a mounted symlink is resolved once."""

SECRETS_TARGET = "/touchline/secrets"

_PLACE = re.compile(r"\{(release|data|secrets|listen|port:[a-z0-9-]+)\}")


@dataclass(frozen=True, slots=True)
class Port:
    """A published port: always bound to loopback unless the environment says another address. `host_port` 0: not published."""

    name: str
    host_port: int
    container_port: int
    address: str = "127.0.0.1"
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class Mount:
    """What a component sees at `target` besides the releases and its secrets. `volume`: a named volume that outlives everything;
    `host`: a path of the host; `tmpfs`: memory, `source` its size."""

    kind: Literal["volume", "host", "tmpfs"]
    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A command that works inside the image (exec form); times in seconds."""

    command: tuple[str, ...]
    interval: int = 5
    timeout: int = 5
    retries: int = 6
    start_period: int = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What a component may use at most."""

    cpus: str
    memory: str
    pids: int = 256


@dataclass(frozen=True, slots=True)
class Reload:
    """How a running component takes a changed configuration: an HTTP POST to `path` on the port named `port`, a signal, by
    watching its files, or by a restart of the same container or process."""

    kind: Literal["http", "signal", "watch", "restart"]
    port: str = ""
    path: str = ""
    signal: str = "HUP"


@dataclass(frozen=True, slots=True)
class Component:
    """One running part. `command` are the arguments after the image's entrypoint; `binary` is the tool that the local engine
    runs ("" where it cannot, and `absent_because` says why) with `local_command`, or `command` where that is empty. `reads` are
    the release's directories that change its behaviour. `secret_environment` sets a variable to the path of a secret file;
    `secrets` are the files it reads by path. `privileges` gives the reason of each exception from the least privilege,
    `no_health_because` why no health check can work inside the image."""

    name: str
    image: str
    version: str = ""
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = "65534:65534"
    environment: Mapping[str, str] = field(default_factory=dict)
    secret_environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    health: HealthCheck | None = None
    no_health_because: str = ""
    ready_path: str = ""
    ready_port: str = ""
    limits: Limits = Limits("0.5", "256m")
    depends_on: tuple[str, ...] = ()
    reload: Reload = Reload("restart")
    reads: tuple[str, ...] = ()
    one_shot: bool = False
    networks: tuple[str, ...] = ("monitoring",)
    extra_hosts: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    read_only: bool = True
    pid_host: bool = False
    privileges: Mapping[str, str] = field(default_factory=dict)
    stop_grace: int = 30
    binary: str = ""
    local_command: tuple[str, ...] = ()
    local_environment: Mapping[str, str] = field(default_factory=dict)
    absent_because: str = ""
    build_dockerfile: str = ""
    where: Where = NOWHERE

    @property
    def secret_files(self) -> tuple[str, ...]:
        """Every secret it may read, each once."""
        return tuple(sorted({*self.secrets, *self.secret_environment.values()}))

    @property
    def exceptions(self) -> tuple[str, ...]:
        """What it is given beyond the least privilege; each needs a reason in `privileges`."""
        given = [f"capability {name}" for name in self.capabilities]
        given += [f"device {name}" for name in self.devices]
        given += [f"host path {mount.source}" for mount in self.mounts if mount.kind == "host"]
        given += [f"host path {m.source} writable" for m in self.mounts if m.kind == "host" and not m.read_only]
        if self.user.split(":")[0] in ("0", "root", ""):
            given.append("user root")
        if self.pid_host:
            given.append("processes of the host")
        if not self.read_only:
            given.append("writable root file system")
        return tuple(given)

    @property
    def program(self) -> str:
        """The file name of its binary under the local engine: with the release, so that another release is another command."""
        return f"{self.binary}-{self.version}" if self.version else self.binary

    def port(self, name: str) -> Port:
        """The port of that name; KeyError where there is none (checks/stack.py reports it before any engine asks)."""
        for port in self.ports:
            if port.name == name:
                return port
        raise KeyError(f"{self.name} has no port {name}")


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs together under one project name. `generated` are the secrets that a deployment may make up when they
    are missing (a password nobody else needs to know); every other secret must be put there by people."""

    project: str
    environment: str
    components: tuple[Component, ...]
    volumes: tuple[str, ...]
    networks: tuple[str, ...] = ("monitoring",)
    secrets: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The name under which an engine knows the stack: one machine may run several environments."""
        return f"touchline-{self.project}-{self.environment}"

    @property
    def local(self) -> tuple[Component, ...]:
        """The components that the local engine can run, where their binaries are to be had."""
        return tuple(component for component in self.components if component.binary)


def placed(text: str, place: Callable[[str], str]) -> str:
    """`text` with every placeholder replaced by what `place` says of its name (`data`, `port:http`)."""
    return _PLACE.sub(lambda found: place(found[1]), text)


def places(text: str) -> tuple[str, ...]:
    """The names of the placeholders in `text`."""
    return tuple(_PLACE.findall(text))
