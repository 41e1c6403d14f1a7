"""The stack that runs. In: a Plan. Out: the Stack IR: each part of the plan with how its image wants to be run (parts.py), the
secrets it may read, the ports it shows."""

from __future__ import annotations

from generators.compile.parts import ANY_EXPORTER, PARTS, Part
from generators.ir.stack import Component, HealthCheck, Limits, Mount, Port, Stack
from generators.plan import ComponentPlan, Plan

HOST = "host.docker.internal"
"""The name under which a container reaches this machine (https://docs.docker.com/reference/cli/docker/container/run/#add-host)."""

BRIDGE_ONLY = "secret_file"
"""A channel's signing secret is the bridge's: Alertmanager never reads it."""


def compile_stack(plan: Plan) -> Stack:
    """The Stack of this environment, for either engine."""
    components: list[Component] = []
    for planned in plan.stack.components.values():
        part = PARTS.get(planned.release, ANY_EXPORTER)
        component = _component(plan, planned, part)
        if part.own_volume:
            components.append(_owner(component, part.own_volume))
        components.append(component)
    wanted = sorted({name for component in components for name in component.secret_files})
    # Grafana's password is ours to make up; where every channel ends in the inbox, nobody is asked for any secret.
    made_up = set(wanted) if plan.notify.inbox_http else set(wanted) & set(PARTS["grafana"].secret_environment.values())
    return Stack(
        project=plan.project.name,
        environment=plan.environment.name,
        components=tuple(components),
        volumes=tuple(dict.fromkeys(m.source for c in components for m in c.mounts if m.kind == "volume")),
        secrets=tuple(wanted),
        generated=tuple(sorted(made_up)),
    )


def _component(plan: Plan, planned: ComponentPlan, part: Part) -> Component:
    def said(text: str) -> str:
        return text.replace("{target}", planned.target)

    values = _values(plan, planned)
    return Component(
        name=planned.name,
        image=planned.image,
        version=planned.version,
        command=(*(_filled(word, values) for word in part.command), *map(said, planned.arguments)),
        user=part.user,
        environment={name: _filled(value, values) for name, value in part.environment.items()}
        | {name: said(value) for name, value in planned.environment.items()},
        secret_environment={**part.secret_environment, **planned.secrets},
        secrets=_notification_secrets(plan) if planned.release == "alertmanager" else (),
        ports=_ports(plan, planned, part),
        mounts=_mounts(planned, part),
        health=HealthCheck(part.health) if part.health else None,
        no_health_because=part.no_health_because,
        ready_port=part.ready[0],
        ready_path=part.ready[1],
        limits=Limits(planned.cpus, planned.memory),
        depends_on=(f"{planned.name}-init",) if part.own_volume else (),
        reload=part.reload,
        reads=part.reads,
        extra_hosts=_extra_hosts(plan, planned),
        capabilities=part.capabilities,
        devices=part.devices,
        pid_host=part.pid_host,
        privileges=part.privileges,
        stop_grace=part.stop_grace,
        binary=planned.binary,
        local_command=(*(_filled(word, values) for word in part.local_command), *map(said, planned.arguments))
        if part.local_command
        else (),
        absent_because=planned.absent_because,
        build_dockerfile=part.dockerfile,
        where=planned.where,
    )


def _values(plan: Plan, planned: ComponentPlan) -> dict[str, str]:
    """What the compiler's own placeholders in parts.py mean for this component."""
    _, host = planned.ports.get("http") or next(iter(planned.ports.values()))
    return {
        "url": plan.environment.external_urls.get(planned.name) or f"http://127.0.0.1:{host}",
        "retention": _days(plan.stack.retention),
        "retention_size": plan.stack.retention_size,
        "half_scrape": f"{plan.stack.scrape_interval * 500}ms",
    }


def _days(seconds: int) -> str:
    """Seconds as a duration that Prometheus reads; in days where they are whole."""
    return f"{seconds}s" if seconds % 86400 else f"{seconds // 86400}d"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _ports(plan: Plan, planned: ComponentPlan, part: Part) -> tuple[Port, ...]:
    """Every port; those that only the stack's own parts need are not published by the compose engine (host port 0)."""
    return tuple(
        Port(name, host if plan.engine == "local" or name in part.public else 0, inside, plan.environment.listen)
        for name, (inside, host) in planned.ports.items()
    )


def _mounts(planned: ComponentPlan, part: Part) -> tuple[Mount, ...]:
    """The part's mounts; several components of one part have a volume each."""
    own = planned.name != planned.release.replace("_", "-")
    return tuple(
        Mount(mount.kind, f"{planned.name}-{mount.source}", mount.target, mount.read_only)
        if own and mount.kind == "volume"
        else mount
        for mount in part.mounts
    )


def _owner(component: Component, path: str) -> Component:
    """A step before the first start: a fresh volume belongs to root, and this component is not root."""
    return Component(
        name=f"{component.name}-init",
        image=component.image,
        version=component.version,
        entrypoint=("/bin/chown",),
        command=(component.user, path),
        user="0:0",
        mounts=tuple(mount for mount in component.mounts if mount.target == path),
        no_health_because="it ends by itself",
        limits=Limits("0.25", "64m", 32),
        one_shot=True,
        capabilities=("CHOWN",),
        privileges={
            "user root": f"only root may give {path} away; it does that one thing and ends",
            "capability CHOWN": f"gives {path} to user {component.user}",
        },
        where=component.where,
    )


def _notification_secrets(plan: Plan) -> tuple[str, ...]:
    """The secret files that Alertmanager reads: none where every channel ends in the inbox."""
    if plan.notify.inbox_http:
        return ()
    names = [file for channel in plan.notify.channels for key, file in channel.secrets.items() if key != BRIDGE_ONLY]
    return tuple(dict.fromkeys([*names, *([plan.notify.heartbeat.url_file] if plan.notify.heartbeat else [])]))


def _extra_hosts(plan: Plan, planned: ComponentPlan) -> tuple[str, ...]:
    """Docker Desktop knows the name of the host by itself, an engine on Linux must be told."""
    looked_at = [planned.target]
    if planned.release == "prometheus":
        looked_at += [target for service in plan.services for target in service.targets]
    return (f"{HOST}:host-gateway",) if any(target.split(":")[0] == HOST for target in looked_at) else ()
