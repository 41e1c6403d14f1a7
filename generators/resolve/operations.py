"""What services serve. In: the operations that a spec declares, leaves out and says the way of. Out: plan Operations with their places;
faults for what is no operation, for what stands twice, and for more left out than may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from generators.plan import Excluded, Operation
from generators.resolve.context import Context
from generators.spec import model
from generators.spec.source import Place

_HTTP = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[^\s?#]*)")
_RPC = re.compile(r"/?[\w.]+/\w+")

MOST_EXCLUDED = Decimal("0.05")
"""The share of all operations of a spec that may be excluded from coverage: more, and the figure says nothing."""


def operations_of(context: Context, name: str, service: model.Service) -> Iterator[Operation]:
    """The declared operations of a service, each once."""
    for index, text in enumerate(service.operations):
        place = ("services", name, "operations", index)
        if text in service.operations[:index]:
            what = f"the operation '{text}' of '{name}' is written twice"
            context.fault("duplicate-name", context.where(*place), what, "Keep one of the two.")
        elif one := operation(context, text, place):
            yield one


def operation(context: Context, text: str, place: Place) -> Operation | None:
    """`POST /orders` or a gRPC method `shop.Cart/Add`; a fault and None for anything else."""
    where = context.where_key(*place) if place[-1] == text else context.where(*place)
    match = _HTTP.fullmatch(text)
    if match:
        return Operation(match[1], match[2], where)
    if _RPC.fullmatch(text):
        return Operation("", text, where)
    fix = "Write a method and a route template like `GET /orders/{id}`, or a gRPC method like `shop.Cart/Add`."
    context.fault("operation", where, f"'{text}' is no operation", fix)
    return None


def excluded_of(context: Context, name: str, service: model.Service) -> Iterator[Excluded]:
    """What of a service need not be watched; a fault for an operation that is declared as well, and for one without a reason."""
    for text, because in service.excluded.items():
        place = ("services", name, "excluded", text)
        if text in service.operations:
            what = f"the operation '{text}' of '{name}' is declared, and excluded as well"
            context.fault("duplicate-name", context.where_key(*place), what, "Keep one of the two.")
        elif not because.strip():
            what = f"nobody says why '{text}' of '{name}' need not be watched"
            context.fault("exclusion", context.where(*place), what, "Write the reason, or watch it.")
        elif one := operation(context, text, place):
            yield Excluded(one, because.strip())


def check_excluded(context: Context) -> None:
    """A fault at the first exclusion that is one too many."""
    declared = sum(len(set(service.operations)) for service in context.spec.services.values())
    excluded = [(name, text) for name, service in context.spec.services.items() for text in service.excluded]
    may_be = int((declared + len(excluded)) * MOST_EXCLUDED)
    if len(excluded) > may_be:
        name, text = excluded[may_be]
        what = f"{len(excluded)} of {declared + len(excluded)} operations are excluded from coverage; at most {MOST_EXCLUDED:.0%} may be"
        context.fault("exclusion", context.where_key("services", name, "excluded", text), what, "Declare it under `operations:`.")


def flows_of(context: Context, name: str, service: model.Service) -> dict[str, tuple[str, ...]]:
    """What the trace of an operation must reach, where people say it; faults for operations that are not declared, and for services
    that are not there."""
    found = {}
    for text, reached in service.flows.items():
        place = ("services", name, "flows", text)
        if text not in service.operations:
            context.unknown("operation", text, service.operations, place)
        for index, other in enumerate(reached):
            if other not in context.spec.services:
                context.unknown("service", other, context.spec.services, (*place, index))
        found[text] = tuple(reached)
    return found
