"""Changes of who is told what, where and when. In: two Alertmanager configurations. Out: changes of routes, receivers,
inhibitions, hours and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from generators.ir.alerting import Alerting, InhibitRule, Matcher, Receiver, Route, TimeInterval
from operate.words import Change, entries, length, one, paired


def changes(old: Alerting, new: Alerting) -> Iterator[Change]:
    """Everything that differs."""
    yield from _named({key: _route(r) for key, r in _routes(old.route)}, {key: _route(r) for key, r in _routes(new.route)})
    yield from _named(
        {f"receiver {r.name}": _receiver(r) for r in old.receivers}, {f"receiver {r.name}": _receiver(r) for r in new.receivers}
    )
    yield from _named(
        {f"inhibition {r.name}": _inhibition(r) for r in old.inhibit_rules},
        {f"inhibition {r.name}": _inhibition(r) for r in new.inhibit_rules},
    )
    yield from _named(
        {f"hours {t.name}": _hours(t) for t in old.time_intervals}, {f"hours {t.name}": _hours(t) for t in new.time_intervals}
    )
    said = entries("link", asdict(old.links), asdict(new.links)) + one("language", old.locale, new.locale)
    if said:
        yield Change("changed", "notifications", "; ".join(said))


def _named(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> Iterator[Change]:
    fresh, gone, both = paired(old, new)
    for name in fresh:
        yield Change("new", name, ", ".join(f"{key} {value}".strip() for key, value in new[name].items() if value)[:200])
    for name in gone:
        yield Change("gone", name)
    for name in both:
        said = [phrase for key in new[name] | old[name] for phrase in one(key, old[name].get(key), new[name].get(key))]
        if said:
            yield Change("changed", name, "; ".join(said))


def _routes(route: Route, path: str = "") -> Iterator[tuple[str, Route]]:
    """Each route under what it is for; those for the same are told apart by whom they tell, then counted."""
    seen: set[str] = set()
    name = path or "the root route"
    yield name, route
    for inner in route.routes:
        said = " and ".join(_matcher(m) for m in inner.matchers) or "everything"
        key = f"route for {said}" if not path else f"{path}, then {said}"
        twins = sum(other.matchers == inner.matchers for other in route.routes)
        if twins > 1:
            key += f" to {inner.receiver}"
        while key in seen:
            key += " again"
        seen.add(key)
        yield from _routes(inner, key)


def _route(route: Route) -> dict[str, str]:
    hours = ", ".join(route.active_time_intervals) or "always"
    return {
        "to": route.receiver,
        "grouped by": "inherited" if route.group_by is None else ", ".join(route.group_by) or "nothing",
        "group wait": length(route.group_wait),
        "group interval": length(route.group_interval),
        "repeated every": length(route.repeat_interval),
        "hours": hours,
        "muted in": ", ".join(route.mute_time_intervals),
        "then": "the next routes as well" if route.proceed else "no other route",
    }


def _receiver(receiver: Receiver) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, integration in enumerate(receiver.integrations):
        kind = type(integration).__name__.removesuffix("Integration")
        facts = ", ".join(f"{key}={value}" for key, value in asdict(integration).items() if value not in ("", 0))
        found[kind if kind not in found else f"{kind} {number}"] = facts or "there"
    return found


def _inhibition(rule: InhibitRule) -> dict[str, str]:
    return {
        "source": " and ".join(map(_matcher, rule.source)),
        "target": " and ".join(map(_matcher, rule.target)),
        "equal": ", ".join(rule.equal),
    }


def _hours(interval: TimeInterval) -> dict[str, str]:
    return {
        "days": ", ".join(interval.weekdays),
        "times": ", ".join(f"{begin}-{end}" for begin, end in interval.times),
        "days of the month": ", ".join(interval.days_of_month),
        "months": ", ".join(interval.months),
        "years": ", ".join(interval.years),
        "zone": interval.zone,
    }


def _matcher(matcher: Matcher) -> str:
    if matcher.op == "=" and matcher.label == "severity":
        return matcher.value
    return f'{matcher.label}{matcher.op}"{matcher.value}"'
