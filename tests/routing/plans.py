"""Plans to route: the shipped spec resolved, and the same with another `notify`."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

from generators.catalogue import catalogue
from generators.ir.stack import EngineName
from generators.plan import Channel, Hours, Maintenance, Notify, NotifyRoute, Plan
from generators.resolve import resolve
from generators.spec.load import load

SPEC = Path(__file__).parents[2] / "spec" / "football.yaml"


@cache
def shipped(environment: str = "production", engine: EngineName = "compose") -> Plan:
    """The Plan of the shipped spec, without its mixins."""
    plan, faults = resolve(load(SPEC), catalogue(), environment, engine)
    assert plan is not None, [str(fault) for fault in faults]
    return plan


def with_routes(*routes: NotifyRoute, maintenance: tuple[Maintenance, ...] = ()) -> Plan:
    """The shipped Plan, but three webhooks are told by these routes."""
    names = ("first", "second", "third")
    channels = tuple(Channel(name, "webhook", {}, {"url_file": f"{name}_url"}) for name in names)
    hours = (
        Hours("day", ("monday:friday",), "09:00", "19:00", "Asia/Shanghai"),
        Hours("night", (), "19:00", "24:00", "Asia/Shanghai"),
    )
    notify = Notify(channels, routes, hours, maintenance, None, 10, 300)
    return dataclasses.replace(shipped(), notify=notify)


def route(*to: str, hours: str = "", repeat: int = 3600, **conditions: tuple[str, ...]) -> NotifyRoute:
    """A route as people write it; a condition that is not given takes everything."""
    wanted = {name: conditions.get(name, ()) for name in ("severities", "tiers", "signals", "services", "owners")}
    return NotifyRoute(**wanted, to=to, hours=hours, repeat=repeat)  # type: ignore[arg-type]
