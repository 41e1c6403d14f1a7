"""The stack: what runs, from which image or binary, with what it may touch. Both engines, compose and local, carry this one
description; what an engine cannot run it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from generators.fault import NOWHERE, Where

EngineName = Literal["compose", "local"]


@dataclass(frozen=True, slots=True)
class Port:
    """A published port: always bound to loopback unless the environment says another address."""

    name: str
    host_port: int
    container_port: int
    address: str = "127.0.0.1"
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class Mount:
    """What a component sees at `target`. `release`: a directory of the release, read through `current`; `volume`: a named volume
    that outlives everything; `host`: a path of the host, read only; `secrets`: the directory of secret files; `tmpfs`: memory."""

    kind: Literal["release", "volume", "host", "secrets", "tmpfs"]
    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A command that works inside the image (exec form); times in seconds."""

    command: tuple[str, ...]
    interval: int = 10
    timeout: int = 5
    retries: int = 6
    start_period: int = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What a component may use at most."""

    cpus: str
    memory: str
    pids: int = 256


@dataclass(frozen=True, slots=True)
class Reload:
    """How a running component takes a changed configuration: an HTTP POST to `path`, a signal, or by watching its files."""

    kind: Literal["http", "signal", "watch", "restart"]
    port: str = ""
    path: str = ""
    signal: str = "HUP"


@dataclass(frozen=True, slots=True)
class Component:
    """One running part. `command` are the arguments after the image's entrypoint; `binary` is the tool's name under the local
    engine ("" where the local engine cannot run it, and `absent_because` says why). `reads` are the release's directories that
    change its behaviour. `privileges` lists each exception from the least privilege, with its reason.

    In `command`, `environment` and mounts, `{release}`, `{data}`, `{secrets}` and `{port:NAME}` are replaced by the engine."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    user: str = "65534:65534"
    environment: Mapping[str, str] = field(default_factory=dict)
    secret_environment: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    health: HealthCheck | None = None
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
    read_only: bool = True
    pid_host: bool = False
    privileges: tuple[str, ...] = ()
    stop_grace: int = 30
    binary: str = ""
    local_command: tuple[str, ...] = ()
    absent_because: str = ""
    build_context: str = ""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs together under one project name."""

    project: str
    environment: str
    components: tuple[Component, ...]
    volumes: tuple[str, ...]
    networks: tuple[str, ...] = ("monitoring",)
    secrets: tuple[str, ...] = ()
