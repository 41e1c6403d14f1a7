"""API coverage: operations with rate, errors and latency in Prometheus. In: the Ground. Out: one item for each operation that the spec
declares or the application has, less those that people left out with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generators.plan import Operation, Service, Watched
from generators.promql import parse, text_of
from generators.promql.syntax import Matcher
from generators.promql.walk import with_matchers
from operate.coverage.figure import Figure, Gap, Item, LeftOut
from operate.coverage.ground import Ground
from operate.live import http, queries, routes

_CONVERTER = re.compile(r"\{(\w+):\w+\}")
"""`{path:path}`: Starlette's routes say how a parameter is read, OpenAPI's do not."""

Key = tuple[str, str]
NEEDS = {
    "rate": ("its calls are not counted", "Instrument it, and see that it is called: {metric} has no call of it within {last}."),
    "errors": ("its errors have no series", "Export {metric} at 0 from the first call on, or the first error is no increase."),
    "latency": ("its time is not measured", "Instrument it: {metric} has observed no call of it within {last}."),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The operations an application shows; `wrong` says why there are none to be had."""

    operations: tuple[Operation, ...] = ()
    wrong: str = ""


def figure(ground: Ground) -> Figure:
    """The figure."""
    items: list[Item] = []
    left: list[LeftOut] = []
    remarks: list[str] = []
    for service in ground.plan.services:
        if service.watched is None:
            continue
        table = table_of(ground, service)
        left += [
            LeftOut(f"{one.operation} of {service.name}", "excluded", one.because, one.operation.where)
            for one in service.excluded
        ]
        remarks += _remarks(service, table)
        items += _items(ground, service, service.watched, table)
    return Figure("api", ground.plan.goals.api_coverage, tuple(items), tuple(left), tuple(remarks))


def table_of(ground: Ground, service: Service) -> Table:
    """The table of routes of a service, from the first of its addresses that answers."""
    path = service.watched.table if service.watched else ""
    if not path:
        return Table()
    wrong = "no address of it is known here"
    for address in ground.applications.get(service.name, ()):
        try:
            found = routes.table(f"http://{address}{path}", ground.answer)
        except (http.Unreachable, routes.NoTable) as error:
            wrong = str(error)
            continue
        return Table(tuple(Operation(method, route, service.where) for method, route in found))
    return Table(wrong=f"its table of routes cannot be read ({wrong})")


def _remarks(service: Service, table: Table) -> Iterator[str]:
    assert service.watched is not None
    if not service.watched.table:
        yield f"{service.name} has no table of routes that could be asked: only declared operations are counted"
    if not service.operations and not table.operations and not table.wrong:
        yield f"{service.name} declares no operations"
    shown = {_key(one) for one in table.operations}
    for one in service.excluded if shown else ():
        if _key(one.operation) not in shown:
            yield f"{one.operation.where}: {service.name} has no operation '{one.operation}' any more, which is excluded"


def _items(ground: Ground, service: Service, watched: Watched, table: Table) -> Iterator[Item]:
    shown = {_key(one): one for one in table.operations}
    declared = {_key(one): one for one in service.operations}
    excluded = {_key(one.operation) for one in service.excluded}
    if table.wrong and not declared:
        fix = f"Start it, and see that http://HOST{watched.table} answers."
        yield Item(f"operations of {service.name}", (Gap(f"{service.name}: {table.wrong}", service.where, fix),))
    seen = _seen(ground, service, watched)
    for key, operation in {**shown, **declared}.items():
        if key in excluded:
            continue
        gaps = [*_unknown(service, watched, table, operation), *_gaps(ground, service, watched, operation, seen)]
        if shown and key not in shown:
            gaps = [_gone(service, operation, tuple(shown.values()))]
        yield Item(f"{operation} of {service.name}", tuple(gaps))


def _unknown(service: Service, watched: Watched, table: Table, operation: Operation) -> Iterator[Gap]:
    if table.wrong:
        what = f"{operation} of {service.name}: {table.wrong}"
        yield Gap(what, operation.where, f"Start it, and see that http://HOST{watched.table} answers.")


def _gone(service: Service, operation: Operation, shown: tuple[Operation, ...]) -> Gap:
    """A declared operation that the application does not have, perhaps for the name of a parameter."""
    near = [str(one) for one in shown if _shape(one) == _shape(operation)]
    fix = f"It calls it '{near[0]}': write that." if near else "Take it out of the spec, or serve it."
    return Gap(f"{operation} of {service.name}: the application has no such operation", operation.where, fix)


def _gaps(
    ground: Ground, service: Service, watched: Watched, operation: Operation, seen: Mapping[str, frozenset[Key]]
) -> Iterator[Gap]:
    metrics = {"rate": watched.rate, "errors": watched.errors[0], "latency": watched.latency}
    for need, (what, fix) in NEEDS.items():
        if _key(operation) not in seen[need]:
            mend = fix.format(metric=metrics[need], last=f"{ground.last} s")
            yield Gap(f"{operation} of {service.name}: {what}", operation.where, mend)


def _seen(ground: Ground, service: Service, watched: Watched) -> dict[str, frozenset[Key]]:
    """The operations that Prometheus knows within the time, by need. A call must have been counted; errors may be 0, if they are there."""
    return {
        "rate": _keys(ground, service, watched, watched.rate, "> 0"),
        "errors": frozenset().union(*(_keys(ground, service, watched, each, "") for each in watched.errors)),
        "latency": _keys(ground, service, watched, f"{watched.latency}_count", "> 0"),
    }


def _keys(ground: Ground, service: Service, watched: Watched, selector: str, more_than: str) -> frozenset[Key]:
    mine = text_of(with_matchers(parse(selector), (Matcher("service", "=", service.name),)))
    expr = f"max by ({', '.join(watched.by)}) (max_over_time({mine}[{ground.last}s])) {more_than}"
    found = queries.instant(ground.prometheus, expr)
    return frozenset(_as_key(one.labels.get(watched.by[0], ""), one.labels.get(watched.by[1], "")) for one in found)


def _as_key(first: str, second: str) -> Key:
    return first.upper(), _CONVERTER.sub(r"{\1}", second)


def _key(operation: Operation) -> Key:
    """An operation as the two labels of its metrics name it; a gRPC method by its service and its own name."""
    if operation.method:
        return _as_key(operation.method, operation.route)
    package, _, method = operation.route.strip("/").rpartition("/")
    return _as_key(package, method)


def _shape(operation: Operation) -> tuple[str, str]:
    return operation.method, re.sub(r"\{[^}]*\}", "{}", operation.route)
