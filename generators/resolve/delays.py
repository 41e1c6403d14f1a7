"""How late people are told. In: tuned alerts. Out: faults for outages and absences whose worst case is longer than the spec's own
target. Where the numbers of the spec make alerts of the catalogue late, that is one fault, at the number."""

from __future__ import annotations

from generators.fault import Where
from generators.plan import Alert, Derived, StackPlan
from generators.promql import metric_names, parse
from generators.record import dataclass
from generators.resolve.context import Context
from generators.resolve.queries import window
from generators.slo import text_of

OWED = ("outage", "absence")
WAIT = 10
SPARE = 2
"""Seconds between a cause that was sent and one that has arrived."""


@dataclass(frozen=True, slots=True)
class Delay:
    """The parts of the worst case, in seconds: the next scrape comes as late as it may, and its answer, or that there is none, is known
    only when it is given up (scrapeAndReport in Prometheus's scrape/scrape.go)."""

    scrape: int
    answer: int
    evaluation: int
    window: int
    hold: int
    wait: int

    @property
    def total(self) -> int:
        return self.scrape + self.answer + self.evaluation + self.window + self.hold + self.wait

    def __str__(self) -> str:
        seen = f"scrape {self.scrape}s + answer {self.answer}s + evaluation {self.evaluation}s"
        return f"{self.total}s at worst ({seen} + window {self.window}s + for {self.hold}s + group_wait {self.wait}s)"


def group_wait(context: Context) -> int:
    """As written. Else as long as it takes until all that one failure sets off has been seen, a scrape and an evaluation, so that
    no message goes out before its cause has arrived; less where nothing depends on anything."""
    spec = context.spec
    if spec.notify.group_wait is not None:
        return spec.notify.group_wait
    needed = {other for service in spec.services.values() for other in service.depends_on}
    scrapes = [spec.services[one].scrape_interval or spec.stack.scrape_interval for one in needed if one in spec.services]
    return max(WAIT, max(scrapes) + spec.stack.evaluation_interval + SPARE) if scrapes else WAIT


def check_delays(context: Context, stack: StackPlan, alerts: tuple[Alert, ...], derived: tuple[Derived, ...]) -> None:
    """Report every outage or absence that would be told too late and does not say why."""
    rules = {one.name: one.expr for one in derived}
    limit = context.spec.targets.detect_within
    late: dict[Where, list[tuple[Delay, str]]] = {}
    for alert in alerts:
        delay = _delay(context, stack, alert, rules)
        if alert.signal not in OWED or alert.slow_because or delay.total <= limit:
            continue
        if not alert.origin or alert.name in context.spec.tune:
            own = ("alerts", alert.name) if not alert.origin else ("tune", alert.name)
            what = f"'{alert.name}' is told after {delay}, later than targets.detect_within {limit}s"
            fix = "Shorten its window or `for`, or say why not with `slow_because:`."
            context.fault("detection-delay", context.where_key(*own), what, fix)
        else:
            late.setdefault(_cause(context, alert, delay, limit), []).append((delay, alert.name))
    for where, found in late.items():
        worst, name = max(found, key=lambda one: one[0].total)
        more = f" and {len(found) - 1} more of the catalogue are" if len(found) > 1 else " of the catalogue is"
        what = f"'{name}'{more} told later than targets.detect_within {text_of(limit)}: after {worst}"
        fix = "Scrape and evaluate more often, or allow more time."
        context.fault("detection-delay", where, what, fix)


def _delay(context: Context, stack: StackPlan, alert: Alert, rules: dict[str, str]) -> Delay:
    scrape = max((service.scrape_interval for service in alert.services), default=stack.scrape_interval)
    averaged = alert.window + max((_lag(context, name, rules, ()) for name in alert.metrics), default=0)
    answer, every = min(stack.scrape_timeout, scrape), stack.evaluation_interval
    held = -(-alert.hold // every) * every  # it must hold at every evaluation, and fires at one
    return Delay(scrape, answer, every, averaged, held, group_wait(context))


def _lag(context: Context, metric: str, rules: dict[str, str], above: tuple[str, ...]) -> int:
    """How late a recorded metric is: the window it averages over, one evaluation, and what it reads itself."""
    if metric not in rules or metric in above:
        return 0
    tree = parse(rules[metric])
    below = max((_lag(context, name, rules, (*above, metric)) for name in metric_names(tree)), default=0)
    return window(tree) + context.spec.stack.evaluation_interval + below


def _cause(context: Context, alert: Alert, delay: Delay, limit: int) -> Where:
    """The number of the spec that makes an alert of the catalogue late: a service's own scrape interval, or the target."""
    usual = context.spec.stack.scrape_interval
    for service in alert.services:
        if service.scrape_interval > usual and delay.total - delay.scrape + usual <= limit:
            return context.where("services", service.name, "scrape_interval")
    place = ("targets", "detect_within") if "detect_within" in context.spec.targets.model_fields_set else ("stack",)
    return context.where(*place)
