"""Changes of what runs, what is scraped and which traces are kept. In: two compilations. Out: changes of components, scrape
targets, settings, tracing and the metrics of the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields

from generators.ir.compiled import Compiled
from generators.ir.scrape import Prometheus
from generators.ir.stack import Component
from operate.words import Change, entries, length, one, paired

LENGTHS = frozenset({"scrape_interval", "scrape_timeout", "evaluation_interval", "retention", "decision_wait"})


def changes(old: Compiled, new: Compiled) -> Iterator[Change]:
    """Components, scraping, tracing, contract."""
    before, after = ({c.name: c for c in side.stack.components} for side in (old, new))
    fresh, gone, both = paired(before, after)
    yield from (Change("new", f"component {name}", after[name].image) for name in fresh)
    yield from (Change("gone", f"component {name}") for name in gone)
    for name in both:
        said = _component(before[name], after[name])
        if said:
            yield Change("changed", name, "; ".join(said))
    yield from _scraping(old.prometheus, new.prometheus)
    yield from _tracing(old, new)
    fresh, gone, _ = paired(old.contract.metrics, new.contract.metrics)
    yield from (Change("new", f"metric {name}", new.contract.metrics[name].kind) for name in fresh)
    yield from (Change("gone", f"metric {name}") for name in gone)


def _component(old: Component, new: Component) -> list[str]:
    said = one("image", old.image, new.image)
    ports = [{p.name: f"{p.address}:{p.host_port}" for p in side.ports} for side in (old, new)]
    said += entries("port", *ports)
    said += _command(old.command, new.command)
    if old.command == new.command:
        said += _command(old.local_command, new.local_command)
    said += entries("environment", old.environment, new.environment)
    said += entries("limit", _texts(asdict(old.limits)), _texts(asdict(new.limits)))
    told = {"image", "ports", "command", "local_command", "environment", "limits", "where", "version"}
    for field in fields(Component):
        if field.name not in told and getattr(old, field.name) != getattr(new, field.name):
            said.append(f"{field.name.replace('_', ' ')} differs")
    return said


def _command(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    """By flag, so that a reader sees which one."""
    sides = [dict(argument.partition("=")[::2] for argument in side) for side in (old, new)]
    return [phrase.replace("argument --", "--") for phrase in entries("argument", *sides)]


def _scraping(old: Prometheus, new: Prometheus) -> Iterator[Change]:
    said = [
        phrase
        for name in ("scrape_interval", "scrape_timeout", "evaluation_interval")
        for phrase in one(name.replace("_", " "), length(getattr(old, name)), length(getattr(new, name)))
    ]
    said += entries("external label", old.external_labels, new.external_labels)
    said += one("Alertmanagers", ", ".join(old.alertmanagers), ", ".join(new.alertmanagers))
    if said:
        yield Change("changed", "prometheus", "; ".join(said))
    before, after = ({job.name: job for job in side.jobs} for side in (old, new))
    fresh, gone, both = paired(before, after)
    yield from (Change("new", f"scrape job {name}") for name in fresh)
    yield from (Change("gone", f"scrape job {name}") for name in gone)
    for name in both:
        sides = [{a: dict(t.labels) for t in job.targets for a in t.addresses} for job in (before[name], after[name])]
        said = one("targets", ", ".join(sides[0]), ", ".join(sides[1]))
        for address in (a for a in sides[1] if a in sides[0]):
            said += entries(f"label of {address}", sides[0][address], sides[1][address])
        for field in ("metrics_path", "scheme", "interval", "timeout", "honor_labels", "sample_limit", "drop_metrics"):
            said += one(field.replace("_", " "), getattr(before[name], field), getattr(after[name], field))
        if said:
            yield Change("changed", f"scrape job {name}", "; ".join(said))


def _tracing(old: Compiled, new: Compiled) -> Iterator[Change]:
    before, after = old.tracing, new.tracing
    if before is None or after is None:
        if before is not after:
            yield Change("new" if before is None else "gone", "tracing")
        return
    said: list[str] = []
    for field in fields(before):
        ours, theirs = getattr(before, field.name), getattr(after, field.name)
        name = field.name.replace("_", " ")
        if field.name in LENGTHS:
            said += one(name, length(ours), length(theirs))
        elif isinstance(ours, tuple):
            texts = [", ".join(_shown(item) for item in side) for side in (ours, theirs)]
            said += one(name, *texts)
        else:
            said += one(name, ours, theirs)
    if said:
        yield Change("changed", "tracing", "; ".join(said))


def _shown(item: object) -> str:
    return f"{getattr(item, 'method', '')} {getattr(item, 'route', item)}".strip()


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}
