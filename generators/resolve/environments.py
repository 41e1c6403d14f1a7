"""Environments. In: the spec's environments. Out: faults for a production that cannot be reached from outside or that nobody
outside watches, for addresses of what is no part of the stack, and for targets that are no addresses."""

from __future__ import annotations

import ipaddress
import re

from generators.resolve.context import Context, as_tuple
from generators.spec.model import Environment

_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):(?P<port>[0-9]{1,5})")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
HIGHEST_PORT = 65535


def check_environments(context: Context) -> None:
    """Every environment of the spec, not only the one that is built."""
    for name, environment in context.spec.environments.items():
        _check_addresses(context, name, environment)
        if environment.production:
            _check_production(context, name, environment)
    heartbeat = context.spec.notify.heartbeat
    if heartbeat is None and any(one.production for one in context.spec.environments.values()):
        what = "there is a production, but no heartbeat: nobody would notice when the monitoring itself falls silent"
        fix = "Add `heartbeat: {url_file: heartbeat_url}` under notify."
        context.fault("production-heartbeat", context.where_key("notify"), what, fix)


def _check_production(context: Context, name: str, environment: Environment) -> None:
    missing = [one for one in _linked(context) if one not in environment.external_urls]
    if missing:
        what = f"production '{name}' has no external address of {', '.join(missing)}: links in messages would lead nowhere"
        fix = f"Add {', '.join(f'`{one}: https://…`' for one in missing)} under external_urls."
        context.fault("production-address", context.where_key("environments", name), what, fix)
    if environment.notify == "inbox":
        where = context.where("environments", name, "notify")
        context.fault("production-inbox", where, f"production '{name}' would tell only the inbox", "Say `notify: channels`.")


def _linked(context: Context) -> tuple[str, ...]:
    return ("prometheus", "alertmanager", "grafana", "runbooks", *(("jaeger",) if context.spec.tracing else ()))


def _check_addresses(context: Context, name: str, environment: Environment) -> None:
    place = ("environments", name)
    for component, url in environment.external_urls.items():
        if component not in ("jaeger", *_linked(context)):
            context.unknown("component", component, _linked(context), (*place, "external_urls", component))
        elif not _URL.fullmatch(url):
            fix = "Write it like https://grafana.example.com."
            context.fault("value", context.where(*place, "external_urls", component), f"'{url}' is no address", fix)
    for service, targets in environment.targets.items():
        for index, target in enumerate(as_tuple(targets)):
            match = _ADDRESS.fullmatch(target)
            if not match or not 0 < int(match["port"]) <= HIGHEST_PORT:
                inner = (index,) if isinstance(targets, list) else ()
                fix = "Write HOST:PORT, like api:8000."
                context.fault("value", context.where(*place, "targets", service, *inner), f"'{target}' is no address", fix)
        if not targets:
            context.fault("value", context.where(*place, "targets", service), f"'{service}' has no target", "Name one.")
    for label in environment.labels:
        if not _LABEL.fullmatch(label):
            where = context.where_key(*place, "labels", label)
            context.fault("value", where, f"'{label}' is no label name", "Use letters, digits and '_'.")
    try:
        ipaddress.ip_address(environment.listen)
    except ValueError:
        where = context.where(*place, "listen")
        context.fault("value", where, f"'{environment.listen}' is no address to listen on", "Write 127.0.0.1.")
