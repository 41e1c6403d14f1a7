"""compose/docker-compose.yml. In: the stack IR. Out: one compose file for every machine: what differs between machines, the
state directory and the source tree that images are built from, are variables that the engine sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generators.emit.serialize import yaml
from generators.ir.stack import RELEASES_TARGET, SECRETS_TARGET, Component, HealthCheck, Mount, Port, Stack, placed

PATH = "compose/docker-compose.yml"
STATE = "${TOUCHLINE_STATE:?set by touchline deploy}"
SOURCE = "${TOUCHLINE_SOURCE:-.}"
LOGGING = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


def emit(stack: Stack) -> dict[str, str]:
    """The compose file."""
    document: dict[str, Any] = {
        "name": stack.unit,
        "services": {component.name: _service(component, stack) for component in stack.components},
        "networks": {network: {"driver": "bridge"} for network in stack.networks},
    }
    if stack.volumes:
        document["volumes"] = {volume: {} for volume in stack.volumes}
    if stack.secrets:
        document["secrets"] = {name: {"file": f"{STATE}/secrets/{name}"} for name in stack.secrets}
    return {PATH: yaml(document, _title(stack))}


def _title(stack: Stack) -> str:
    """What the file is, and the table of what is given beyond the least privilege, as further comment lines."""
    rows = [
        (component.name, given, component.privileges.get(given, ""))
        for component in stack.components
        for given in component.exceptions
    ]
    lines = ["What runs together. Started by `touchline deploy`, which sets TOUCHLINE_STATE."]
    if rows:
        lines += ["", "Every service runs without root, capabilities and a writable root file system, except:"]
        name_width, given_width = (max(len(row[column]) for row in rows) for column in (0, 1))
        lines += [f"  {name:<{name_width}}  {given:<{given_width}}  {reason}".rstrip() for name, given, reason in rows]
    return "\n".join(f"# {line}".rstrip() for line in lines).removeprefix("# ")


def _service(component: Component, stack: Stack) -> dict[str, Any]:
    def at(text: str) -> str:
        # A lone $ would be read as a variable of the compose file.
        return placed(text, lambda place: _place(component, place)).replace("$", "$$")

    service: dict[str, Any] = {"image": component.image}
    if component.build_dockerfile:
        service["build"] = {"context": SOURCE, "dockerfile": component.build_dockerfile}
    if component.entrypoint:
        service["entrypoint"] = [at(word) for word in component.entrypoint]
    if component.command:
        service["command"] = [at(word) for word in component.command]
    environment = {name: at(value) for name, value in component.environment.items()}
    environment |= {name: f"{SECRETS_TARGET}/{file}" for name, file in component.secret_environment.items()}
    service |= _given("environment", environment)
    service["user"] = component.user
    service |= _privileges(component)
    service |= _given("ports", [_port(port) for port in component.ports if port.host_port])
    service["networks"] = list(component.networks)
    service |= _given("extra_hosts", list(component.extra_hosts))
    service |= _given("volumes", [*_release_mount(component), *(_mount(m) for m in component.mounts if m.kind != "tmpfs")])
    service |= _given("tmpfs", [_tmpfs(mount) for mount in component.mounts if mount.kind == "tmpfs"])
    service |= _given("secrets", [_secret(name) for name in component.secret_files])
    service |= _given("depends_on", {name: {"condition": _condition(stack, name)} for name in component.depends_on})
    service |= _given("healthcheck", _health(component.health, at) if component.health else {})
    service |= _limits(component)
    return service


def _place(component: Component, place: str) -> str:
    """What a placeholder means inside the container."""
    if place.startswith("port:"):
        return str(component.port(place.removeprefix("port:")).container_port)
    if place == "data":
        return next((mount.target for mount in component.mounts if mount.kind == "volume"), "/tmp")
    return {"release": f"{RELEASES_TARGET}/current", "secrets": SECRETS_TARGET, "listen": "0.0.0.0"}[place]


def _given(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}


def _privileges(component: Component) -> dict[str, Any]:
    least: dict[str, Any] = {
        "read_only": component.read_only,
        "cap_drop": ["ALL"],
        **_given("cap_add", list(component.capabilities)),
        "security_opt": ["no-new-privileges:true"],
    }
    if component.pid_host:
        least["pid"] = "host"
    return least | _given("devices", [f"{device}:{device}:r" for device in component.devices])


def _port(port: Port) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f"{port.address}:{port.host_port}:{port.container_port}{protocol}"


def _release_mount(component: Component) -> list[dict[str, Any]]:
    if not component.reads:
        return []
    return [_bind(f"{STATE}/releases", RELEASES_TARGET, read_only=True)]


def _mount(mount: Mount) -> dict[str, Any]:
    if mount.kind == "host":
        return _bind(mount.source, mount.target, mount.read_only) | {"bind": {"propagation": "rslave"}}
    return {"type": "volume", "source": mount.source, "target": mount.target}


def _bind(source: str, target: str, read_only: bool) -> dict[str, Any]:
    # create_host_path off: a path that is missing is an error, not an empty directory that root owns.
    return {
        "type": "bind",
        "source": source,
        "target": target,
        "read_only": read_only,
        "bind": {"create_host_path": False},
    }


def _tmpfs(mount: Mount) -> str:
    return f"{mount.target}:size={mount.source or '16m'},mode=1777,noexec,nosuid,nodev"


def _secret(name: str) -> dict[str, str]:
    return {"source": name, "target": f"{SECRETS_TARGET}/{name}"}


def _condition(stack: Stack, name: str) -> str:
    needed = next((component for component in stack.components if component.name == name), None)
    if needed is not None and needed.one_shot:
        return "service_completed_successfully"
    return "service_healthy" if needed is not None and needed.health else "service_started"


def _health(health: HealthCheck, at: Callable[[str], str]) -> dict[str, Any]:
    return {
        "test": ["CMD", *(at(word) for word in health.command)],
        "interval": f"{health.interval}s",
        "timeout": f"{health.timeout}s",
        "retries": health.retries,
        "start_period": f"{health.start_period}s",
    }


def _limits(component: Component) -> dict[str, Any]:
    return {
        "cpus": component.limits.cpus,
        "mem_limit": component.limits.memory,
        "pids_limit": component.limits.pids,
        "stop_grace_period": f"{component.stop_grace}s",
        "restart": "no" if component.one_shot else "unless-stopped",
        "logging": LOGGING,
    }
