"""Trace coverage: key flows whose spans reach from the edge to the database. In: the Ground. Out: one item for each key flow: an operation
of a traced service that needs a database or another service, or whose way the spec tells under `flows`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generators.plan import Operation, Plan, Service
from generators.proof.failures import below
from operate.coverage.figure import Figure, Gap, Item
from operate.coverage.ground import Ground
from operate.live import http, traces
from operate.live.traces import Span, Trace

NEWEST = 20
"""Traces of an operation that are looked at: one whole among them is enough."""


@dataclass(frozen=True, slots=True)
class Flow:
    """An operation, and what its trace must reach: `every` of these services, or any of `some`; the edge alone where both are empty."""

    service: Service
    operation: Operation
    every: tuple[Service, ...] = ()
    some: tuple[Service, ...] = ()

    @property
    def ends(self) -> str:
        """What must be reached, for people."""
        if self.every:
            return " and ".join(one.name for one in self.every)
        return " or ".join(one.name for one in self.some) or "its own edge"


def flows(plan: Plan) -> Iterator[Flow]:
    """The key flows of a Plan."""
    for service in plan.services:
        if not service.traced:
            continue
        some = _ends(plan, service)
        for operation in service.operations:
            told = service.flows.get(str(operation))
            if told is not None:
                yield Flow(service, operation, every=tuple(plan.service(name) for name in told))
            elif some:
                yield Flow(service, operation, some=some)


def _ends(plan: Plan, service: Service) -> tuple[Service, ...]:
    """The databases a service needs, directly or through others; the traced services it needs where there are none."""
    needed = below(plan, (service,))
    in_order = [one for one in plan.services if one.name in needed]
    return tuple(one for one in in_order if one.spans) or tuple(one for one in in_order if one.traced and one.application)


def figure(ground: Ground) -> Figure:
    """The figure."""
    found = tuple(flows(ground.plan)) if ground.plan.tracing else ()
    items = tuple(Item(f"{flow.operation} of {flow.service.name}", tuple(_gaps(ground, flow))) for flow in found)
    remarks = () if found else ("nothing is traced" if ground.plan.tracing is None else "no traced service declares key flows",)
    return Figure("traces", ground.plan.goals.trace_coverage, items, remarks=remarks)


def _gaps(ground: Ground, flow: Flow) -> Iterator[Gap]:
    who, where = f"{flow.operation} of {flow.service.name}", flow.operation.where
    if not ground.jaeger:
        yield Gap(f"{who}: no Jaeger runs", where, "See `touchline status`.")
        return
    name = str(flow.operation).strip("/") if not flow.operation.method else str(flow.operation)
    try:
        kept = traces.search(ground.jaeger, flow.service.name, name, ground.last, NEWEST)
        known = () if kept else traces.operations(ground.jaeger, flow.service.name)
    except http.Unreachable as error:
        yield Gap(f"{who}: Jaeger does not answer ({error})", where, "See `touchline status`.")
        return
    if not kept:
        yield _none(ground, flow, who, known)
    elif not any(reaches(flow, trace, name) for trace in kept):
        yield Gap(f"{who}: {_where_they_end(flow, kept, name)}", where, _mend(flow))


def _none(ground: Ground, flow: Flow, who: str, known: tuple[str, ...]) -> Gap:
    share = ground.plan.tracing.share if ground.plan.tracing else 0
    if not known:
        fix = f"Let {flow.service.name} send its spans over OTLP, under its own name as service.name."
    elif str(flow.operation) in known:
        fix = f"It is called too seldom for a share of {share:%}: keep it under tracing.keep.always, or ask a longer time with --last."
    else:
        fix = f"Call it, or name its span so; known are {', '.join(known[:8])}{', …' if len(known) > 8 else ''}."
    return Gap(f"{who}: Jaeger keeps no trace of it within {ground.last} s", flow.operation.where, fix)


def _mend(flow: Flow) -> str:
    name = f"services.{flow.service.name}.flows"
    said = f"`{flow.operation}: []`: its edge alone"
    return f"Instrument the calls on the way, and hand on the context; or say under {name} what it reaches ({said})."


def reaches(flow: Flow, trace: Trace, name: str) -> bool:
    """Whether an unbroken chain of spans leads from the edge of the flow to what it must reach."""
    edges = {span.id for span in trace.spans.values() if _is_edge(flow, span, name)}
    if not edges:
        return False
    below = [span for span in trace.spans.values() if any(above.id in edges for above in trace.above(span))]
    if flow.every:
        return all(any(_is_at(span, service) for span in below) for service in flow.every)
    return not flow.some or any(_is_at(span, service) for span in below for service in flow.some)


def _is_edge(flow: Flow, span: Span, name: str) -> bool:
    return span.service == flow.service.name and span.name == name and span.kind in ("server", "consumer")


def _is_at(span: Span, service: Service) -> bool:
    """Whether a span stands for a service: a call of a database of its kind, or the service's own serving span."""
    return span.system in service.spans if service.spans else span.service == service.name and span.kind in ("server", "consumer")


def _where_they_end(flow: Flow, kept: tuple[Trace, ...], name: str) -> str:
    spans = [span for trace in kept for span in trace.spans.values()]
    if not any(_is_edge(flow, span, name) for span in spans):
        return f"none of {len(kept)} traces has a span of kind server called '{name}': the edge is not traced"
    wanted = flow.every or flow.some
    there = [span for span in spans if any(_is_at(span, service) for service in wanted)]
    if there:
        return f"in none of {len(kept)} traces the chain holds to {flow.ends}: {traces.names(there[:3])} hangs under no span of the edge"
    parents = {span.parent for span in spans}
    return f"none of {len(kept)} traces reaches {flow.ends}; they end at {traces.names([s for s in spans if s.id not in parents][:3])}"
