"""How late an alert is told, part by part. In: the tree of a condition and the clocks of what was compiled (scrapes, groups of rules).
Out: `Part`s with the best and the worst case in seconds, and why. Time runs from the moment when what is measured crosses the bound
and stays there; the sum of the parts is when Alertmanager hands over the message.

Every way from a scrape to the condition is followed, through recording rules and their windows; the slowest counts. A part's source
stands in `SOURCES`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from generators.ir.rules import RecordingRule, RuleFile
from generators.ir.scrape import Prometheus
from generators.promql import Expr, ParseFault, parse
from generators.promql.syntax import Call, Duration, Length, MatrixSelector, Subquery, VectorSelector
from generators.promql.walk import children, metric_of
from generators.slo import text_of

_PROMETHEUS = "https://prometheus.io/docs/prometheus/latest"
_ALERTMANAGER = "https://prometheus.io/docs/alerting/latest"
SOURCES: Mapping[str, str] = {
    "scrape": f"{_PROMETHEUS}/configuration/configuration/#scrape_config (scrape_interval)",
    "answer": f"{_PROMETHEUS}/configuration/configuration/#scrape_config (scrape_timeout)",
    "window": f"{_PROMETHEUS}/querying/functions/#rate and #aggregation_over_time",
    "recording": f"{_PROMETHEUS}/configuration/recording_rules/ (one group's rules run in order, at its interval)",
    "evaluation": f"{_PROMETHEUS}/configuration/recording_rules/#rule_group (interval)",
    "for": f"{_PROMETHEUS}/configuration/alerting_rules/ (for)",
    "grouping": f"{_ALERTMANAGER}/configuration/#route (group_wait, group_interval)",
    "delivery": "https://github.com/prometheus/alertmanager/blob/v0.31.1/dispatch/dispatch.go (an attempt ends with the group's interval)",
}

ALERTS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
"""The series that Prometheus itself writes of alerts."""

MIN_TIMEOUT = 10
"""Seconds that Alertmanager tries to deliver at the least (notify.MinTimeout)."""

WHOLE = frozenset({"absent_over_time"})
"""Functions whose answer changes only when the whole range is of the new kind."""
NEWEST = frozenset({"last_over_time", "timestamp"})
"""Functions that look at the newest sample, however long the range."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the way: `what` is a key of SOURCES, times are seconds."""

    what: str
    best: int
    worst: int
    why: str


Way = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A rule among others: its group's file and name, its number in it, and how often the group is evaluated."""

    file: str
    group: str
    index: int
    interval: int

    def beside(self, other: Place) -> bool:
        """Whether both are in one group, whose rules run one after the other at one time."""
        return (self.file, self.group) == (other.file, other.group)


@dataclass(frozen=True, slots=True)
class Recorder:
    """A rule that records a series."""

    rule: RecordingRule
    place: Place
    tree: Expr


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a rule or to a part of one; `last` is the recording rule whose sample is read at its end, `past`: only what was some time
    ago is looked at."""

    parts: Way
    last: Place | None = None
    past: bool = False

    @property
    def worst(self) -> int:
        return sum(part.worst for part in self.parts)

    def then(self, *parts: Part) -> Route:
        return Route((*self.parts, *parts), past=self.past)

    def through(self, *parts: Part) -> Route:
        return replace(self, parts=(*self.parts, *parts))


class Clocks:
    """How often everything is looked at: in the server's configuration and its rules."""

    def __init__(self, prometheus: Prometheus, files: Iterable[RuleFile]) -> None:
        self.usual = (prometheus.scrape_interval, prometheus.scrape_timeout)
        every = {job.name: (job.interval or self.usual[0], job.timeout or self.usual[1]) for job in prometheus.jobs}
        self.scrapes = {job: (interval, min(timeout, interval)) for job, (interval, timeout) in every.items()}
        self.evaluation = prometheus.evaluation_interval
        self.recorders: dict[str, list[Recorder]] = defaultdict(list)
        for file in files:
            for group in file.groups:
                for index, rule in enumerate(group.rules):
                    tree = _tree(rule.expr) if isinstance(rule, RecordingRule) else None
                    if isinstance(rule, RecordingRule) and tree is not None:
                        place = Place(file.name, group.name, index, group.interval)
                        self.recorders[rule.record].append(Recorder(rule, place, tree))

    def until_firing(self, tree: Expr, place: Place, hold: int, watched: Iterable[str] = (), crossing: int = 0) -> Way:
        """The parts until the alert of this condition fires. `watched` narrows the scrapes to the jobs of these services, where there are
        any. `crossing`: seconds for which even the worst failure must last before
        the longest window crosses the bound."""
        names = frozenset(watched)
        routes = [self._evaluated(route, place) for route in self._ways(tree, names, ()) or (Route(()),)]
        # What was an hour ago is what now is held against: it is known already, unless it is all that is looked at.
        recent = [route for route in routes if not route.past] or routes
        slowest = _crossed(max(recent, key=lambda one: one.worst).parts, crossing)
        return (*slowest, held(hold, place.interval)) if hold else slowest

    def _evaluated(self, route: Route, place: Place) -> Route:
        """Until the rule at a place has seen what the route brings."""
        if route.last is None or not route.last.beside(place):
            return route.then(
                Part("evaluation", 0, place.interval, f"group '{place.group}' is evaluated every {place.interval}s")
            )
        if route.last.index < place.index:
            return route.then()  # recorded a moment before, at the same time of evaluation
        late = f"'{place.group}' records it after it is read: seen one evaluation later"
        return route.then(Part("evaluation", place.interval, place.interval, late))

    def _ways(self, node: Expr, watched: frozenset[str], above: tuple[str, ...]) -> tuple[Route, ...]:
        """Every way from a scrape to a part of an expression, each once. `above` are the recordings on the way, which may be circular."""
        if isinstance(node, VectorSelector):
            return tuple(dict.fromkeys(self._selected(node, watched, above)))
        inner = tuple(dict.fromkeys(route for child in children(node) for route in self._ways(child, watched, above)))
        if isinstance(node, MatrixSelector):
            return tuple(one.through(*_window(node.range)) for one in inner)
        if isinstance(node, Subquery):
            step = int(node.step.seconds) if isinstance(node.step, Duration) else self.evaluation
            more = Part("evaluation", 0, step, f"the subquery looks every {step}s")
            return tuple(one.through(more, *_window(node.range)) for one in inner)
        if isinstance(node, Call) and (node.function in WHOLE or node.function in NEWEST):
            return tuple(_filling(node.function, one) for one in inner)
        return inner

    def _selected(self, node: VectorSelector, watched: frozenset[str], above: tuple[str, ...]) -> Iterator[Route]:
        name = metric_of(node) or ""
        recorders = [one for one in self.recorders.get(name, ()) if _fits(node, one.rule)]
        late = _offset(node)
        if name in ALERTS:
            yield Route(late)  # Prometheus writes them with the evaluation of the alert: time runs from when that fires
            return
        if not recorders:
            yield Route((*self._scraped(node, watched), *late), past=bool(late))
        for one in recorders if name not in above else ():
            for route in self._ways(one.tree, watched, (*above, name)):
                seen = self._evaluated(route, one.place)
                parts = tuple(
                    replace(p, what="recording", why=f"{name}: {p.why}") if p.what == "evaluation" else p for p in seen.parts
                )
                yield Route((*parts, *late), one.place, bool(late) or seen.past)

    def _scraped(self, node: VectorSelector, watched: frozenset[str]) -> Way:
        """The slowest of the jobs whose series it may be."""
        named = {m.value for m in node.matchers if m.name in ("service", "job") and m.op == "="} & self.scrapes.keys()
        jobs = named or (watched & self.scrapes.keys()) or self.scrapes.keys()
        interval, timeout = max((self.scrapes[job] for job in jobs), default=self.usual)
        return (
            Part("scrape", 0, interval, f"scraped every {interval}s"),
            Part("answer", 0, timeout, f"a scrape that is not answered is given up after {timeout}s"),
        )


def held(hold: int, interval: int) -> Part:
    """`for`: it must be true at every evaluation until so much time is over, and it fires at an evaluation."""
    lasts = -(-hold // interval) * interval
    more = f", up to the next evaluation: {lasts}s" if lasts != hold else ""
    return Part("for", lasts, lasts, f"must last {text_of(hold)}{more}")


def grouped(wait: int) -> Part:
    """The first message of a group."""
    return Part("grouping", wait, wait, f"group_wait: the first message of a group waits {wait}s for what belongs to it")


def delivered(interval: int) -> Part:
    """What a channel may add: not part of the sum, since a channel that answers takes a moment."""
    tries = max(interval, MIN_TIMEOUT)
    return Part("delivery", 0, tries, f"sent at once; a channel that refuses is tried again for {tries}s")


def _window(length: Length) -> Way:
    if not isinstance(length, Duration) or not length.nanoseconds:
        return ()
    seconds = round(length.seconds)
    return (Part("window", 0, seconds, f"looks back {text_of(seconds)}: just beyond the bound, the whole of it must fill"),)


def _offset(node: VectorSelector) -> Way:
    if not isinstance(node.offset, Duration) or node.offset.nanoseconds <= 0:
        return ()
    seconds = round(node.offset.seconds)
    return (Part("window", seconds, seconds, f"looks at what was {text_of(seconds)} ago"),)


def _filling(function: str, route: Route) -> Route:
    """The window just below a function that fills it wholly, or not at all."""
    if not route.parts or route.parts[-1].what != "window":
        return route
    *parts, window = route.parts
    if function in NEWEST:
        return replace(route, parts=tuple(parts))
    whole = Part("window", window.worst, window.worst, f"{function}() wants {text_of(window.worst)} without a sample")
    return replace(route, parts=(*parts, whole))


def _crossed(parts: Way, crossing: int) -> Way:
    """The longest window fills for a while even when everything fails."""
    if not crossing:
        return parts
    longest = max((one for one in parts if one.what == "window"), key=lambda one: one.worst, default=None)
    why = f"; when everything fails, after {text_of(crossing)}"
    return tuple(replace(one, best=crossing, why=one.why + why) if one is longest else one for one in parts)


def _fits(node: VectorSelector, rule: RecordingRule) -> bool:
    """Whether the rule may record what is selected."""
    known = ((m.value, rule.labels[m.name]) for m in node.matchers if m.op == "=" and m.name in rule.labels)
    return all(wanted == given for wanted, given in known)


def _tree(expr: str) -> Expr | None:
    try:
        return parse(expr)
    except ParseFault:
        return None
