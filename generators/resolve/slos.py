"""Objectives. In: the services' `slos`. Out: Slos with exact budgets; faults for SLIs that are neither kind, for a bound that is
no bucket and for a burn-rate tier that could
never fire."""

from __future__ import annotations

from decimal import Decimal

from generators.ir.contract import Contract, Metric
from generators.plan import LatencySli, RatioSli, Service, Sli, Slo
from generators.promql import text_of
from generators.promql.syntax import VectorSelector
from generators.resolve.context import Context
from generators.resolve.queries import read_query
from generators.slo import TIERS, unreachable
from generators.spec import model


def resolve_slos(context: Context, contract: Contract, services: tuple[Service, ...]) -> tuple[Slo, ...]:
    """All objectives in the order of the spec."""
    found: dict[str, Slo] = {}
    # An SLI names a histogram by its own name, under which no series appears.
    contract = Contract(contract.metrics, {**contract.metrics, **contract.by_series})
    for service in services:
        for name, slo in context.spec.services[service.name].slos.items():
            one = _slo(context, contract, service, name, slo)
            first = found.setdefault(one.id, one) if one else None
            if one and first and first is not one:
                what = f"this objective and that of '{first.service.name}' ({first.where}) would both be called '{one.id}'"
                context.fault("duplicate-name", one.where, what, "Give one of the two another name.")
    return tuple(found.values())


def _slo(context: Context, contract: Contract, service: Service, name: str, slo: model.Slo) -> Slo | None:
    place = ("services", service.name, "slos", name)
    sli = _sli(context, contract, service, slo.sli, place)
    _check_tiers(context, slo.objective, place)
    if sli is None:
        return None
    fallback = f"{service.name} {name}"
    return Slo(
        id=f"{service.name}-{name}",
        name=name,
        service=service,
        title=context.text(slo.title, fallback),
        objective=slo.objective,
        budget=1 - slo.objective,
        window=slo.over,
        sli=sli,
        floor=slo.floor,
        where=context.where_key(*place),
    )


def _sli(context: Context, contract: Contract, service: Service, sli: model.Sli, place: tuple[str, ...]) -> Sli | None:
    given = {key for key in ("errors", "total", "histogram", "faster_than") if getattr(sli, key) is not None}
    if given == {"errors", "total"}:
        errors = _selector(context, contract, service, str(sli.errors), (*place, "sli", "errors"), "counter")
        total = _selector(context, contract, service, str(sli.total), (*place, "sli", "total"), "counter")
        return RatioSli(errors[0], total[0]) if errors and total else None
    if given == {"histogram", "faster_than"} and sli.faster_than is not None:
        found = _selector(context, contract, service, str(sli.histogram), (*place, "sli", "histogram"), "histogram")
        return _latency(context, found[0], found[1], sli.faster_than, place) if found else None
    what = "an SLI is either {errors, total} or {histogram, faster_than}"
    context.fault("sli", context.where(*place, "sli"), what, "Give one of the two pairs, whole.")
    return None


def _latency(context: Context, selector: str, metric: Metric, bound: Decimal, place: tuple[str, ...]) -> LatencySli | None:
    exact = bound * 1000 if metric.unit == "milliseconds" else bound
    if not metric.buckets:
        return None  # a histogram without buckets is reported where it is declared
    if exact not in metric.buckets:
        known = ", ".join(f"{one}" for one in metric.buckets)
        what = f"{bound}s is no bucket of {metric.name}: nobody can say how many requests were faster"
        fix = f"Use one of its bounds ({known}), or add the bound to its buckets."
        context.fault("bucket-bound", context.where(*place, "sli", "faster_than"), what, fix)
        return None
    return LatencySli(selector, exact)


def _selector(
    context: Context, contract: Contract, service: Service, text: str, place: tuple[str, ...], kind: str
) -> tuple[str, Metric] | None:
    """The selector, bound to its service, and its metric; None when a fault was reported."""
    where = context.where(*place)
    tree = read_query(context, contract, text, context.source.spot(place))
    if tree is None:
        return None
    metric = contract.metrics.get(tree.name) if isinstance(tree, VectorSelector) else None
    if not isinstance(tree, VectorSelector) or metric is None or metric.kind != kind or tree.offset or tree.at:
        what = f"'{text}' is no selector of a {kind}"
        context.fault("sli", where, what, f"Name a {kind} of the contract, with label matchers if need be.")
        return None
    matchers = [f'service="{service.name}"', *(text_of(VectorSelector("", (one,)))[1:-1] for one in tree.matchers)]
    return f"{tree.name}{{{', '.join(matchers)}}}", metric


def _check_tiers(context: Context, objective: Decimal, place: tuple[str, ...]) -> None:
    if objective == 1:
        what = "an objective of 100% leaves no error budget: its burn rate would be a division by zero"
        context.fault("burn-tier", context.where(*place, "objective"), what, "Allow some errors: 99.9% or 99.99%.")
    dead = unreachable(1 - objective)
    if dead:
        names = ", ".join(f"{tier.factor}x over {tier.long_text}" for tier in dead)
        alive = [f"{tier.factor}x" for tier in TIERS if tier not in dead]
        what = f"an objective of {objective:%} can never burn at {names}: the errors would have to exceed all requests"
        least = 1 - 1 / max(tier.factor for tier in dead)
        fix = f"Raise the objective above {least:.2%}; of the tiers only {', '.join(alive) or 'none'} would work here."
        context.fault("burn-tier", context.where(*place, "objective"), what, fix)
