"""Everything about one alert on one page. In: what a spec was compiled to, its Plan, and the channels of each environment. Out: `Page`.
Where an alert of the Plan has a condition as people wrote it, that is what must come true; a guard (`enough`) only keeps quiet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from generators import conventions as name
from generators.checks.expressions import facts_of
from generators.ir.compiled import Compiled
from generators.ir.rules import AlertingRule
from generators.ir.runbooks import Runbook, Step
from generators.plan import Alert, Plan
from generators.promql import Expr, parse
from generators.promql.types import Line, shown
from generators.proof.failures import alerts_of, states
from generators.slo import TIERS, text_of
from operate.explain import told
from operate.explain.lateness import Clocks, Part, Place, Way, delivered, grouped
from operate.explain.muting import Muting, muted_by, mutes
from operate.explain.proofs import Proof, proofs
from operate.explain.told import Spell, Teller

Channels = Mapping[str, Mapping[str, tuple[str, ...]]]
"""By environment, by receiver: where it tells, in words."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of the alert on these services: each receiver, the week as people read it, and the longest silence."""

    services: tuple[str, ...]
    tellers: tuple[Teller, ...]
    week: tuple[tuple[str, tuple[str, ...]], ...]
    silence: Spell | None
    maintenance: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Late:
    """How late: `parts` until the message is handed over, as the first of its group; `joining` how much later where its group was told
    of another alert just before (seconds); `delivery` what a channel that refuses may add. Empty where nobody is told."""

    parts: Way
    joining: int = 0
    delivery: Part | None = None

    @property
    def best(self) -> int:
        return sum(one.best for one in self.parts)

    @property
    def worst(self) -> int:
        return sum(one.worst for one in self.parts)


@dataclass(frozen=True, slots=True)
class Page:
    """One alert. `texts` are its annotations, `hold` and `keep_firing` seconds, `unless` what keeps it quiet though its condition holds,
    `condition` the whole expression, `file` the rule file it stands in."""

    alert: str
    severity: str
    signal: str
    services: tuple[str, ...]
    texts: Mapping[str, str]
    file: str
    keep_firing: int
    slow_because: str
    unless: str
    runbook: str
    steps: tuple[Step, ...]
    condition: str
    types: tuple[Line, ...]
    audiences: tuple[Audience, ...]
    channels: Channels
    late: Late
    muted_by: tuple[Muting, ...]
    mutes: tuple[Muting, ...]
    proofs: tuple[Proof, ...]


class Book:
    """The pages of one compilation."""

    def __init__(self, compiled: Compiled, plan: Plan, channels: Channels) -> None:
        self.compiled = compiled
        self.plan = plan
        self.channels = channels
        self.clocks = Clocks(compiled.prometheus, compiled.rule_files)
        self.facts = facts_of(compiled)
        self.rules: dict[str, tuple[AlertingRule, Place]] = {}
        for file in compiled.rule_files:
            for group in file.groups:
                for index, rule in enumerate(group.rules):
                    if isinstance(rule, AlertingRule):
                        self.rules.setdefault(rule.alert, (rule, Place(file.name, group.name, index, group.interval)))
        self.written = {alert.name: alert for alert in plan.alerts}

    def page(self, alert: str) -> Page:
        """The page of an alert. Raises KeyError where there is none of this name."""
        rule, place = self.rules[alert]
        written = self.written.get(alert)
        labels = tuple(_labels(self.plan, rule, written))
        tree = next(one.tree for one in self.facts.alerts if one.rule is rule)
        audiences = tuple(self._audiences(labels))
        runbook = next((one for one in self.compiled.runbooks if one.alert == alert), None)
        rules = self.compiled.alerting.inhibit_rules
        return Page(
            alert=alert,
            severity=rule.labels.get(name.SEVERITY, ""),
            signal=rule.labels.get(name.SIGNAL, ""),
            services=tuple(dict.fromkeys(one[name.SERVICE] for one in labels if one.get(name.SERVICE))),
            texts=rule.annotations,
            file=f"prometheus/rules/{place.file}.yml",
            keep_firing=rule.keep_firing,
            slow_because=written.slow_because if written else "",
            unless=_guard(written),
            runbook=f"docs/runbooks/{alert}.md" if runbook else "",
            steps=_steps(runbook) if runbook else (),
            condition=rule.expr,
            types=shown(self.facts.types(tree)),
            audiences=audiences,
            channels=_used(self.channels, audiences),
            late=self._late(rule, place, written, tree, audiences),
            muted_by=muted_by(rules, labels),
            mutes=mutes(rules, labels),
            proofs=proofs(self.compiled, alert, labels),
        )

    def _audiences(self, labels: tuple[Mapping[str, str], ...]) -> Iterator[Audience]:
        """Services that are told of alike stand together."""
        together: dict[tuple[Teller, ...], list[str]] = {}
        for one in labels:
            found = tuple(t for t in told.tellers(self.compiled.alerting, one) if t.receiver != name.NOBODY_RECEIVER)
            together.setdefault(found, []).append(one.get(name.SERVICE, ""))
        for tellers, services in together.items():
            week = told.spells(self.plan, tellers)
            works = [work for work in self.plan.notify.maintenance if set(work.services) & set(services)]
            yield Audience(
                tuple(dict.fromkeys(filter(None, services))),
                tellers,
                told.written(week),
                told.longest_silence(week) if tellers else None,
                tuple((work.name, told.planned(work)) for work in works),
            )

    def _late(self, rule: AlertingRule, place: Place, written: Alert | None, tree: Expr, audiences: tuple[Audience, ...]) -> Late:
        if written and written.signal == "heartbeat":
            return Late(())
        watched = {service.name for service in written.services} if written else set()
        crossing = _crossing(self.plan, rule.alert)
        firing = self.clocks.until_firing(_condition(written) or tree, place, rule.hold, watched, crossing)
        tellers = [teller for audience in audiences for teller in audience.tellers]
        if not tellers:
            return Late(firing)
        slowest = max(tellers, key=lambda one: (one.wait, one.interval))
        return Late((*firing, grouped(slowest.wait)), max(slowest.interval - slowest.wait, 0), delivered(slowest.interval))


def _steps(runbook: Runbook) -> tuple[Step, ...]:
    """What to look at first, in all languages of the runbook."""
    together = zip(*(section.steps for section in runbook.sections), strict=True)
    return tuple(replace(each[0], meaning=" / ".join(dict.fromkeys(one.meaning for one in each))) for each in together)


def _condition(alert: Alert | None) -> Expr | None:
    """What must come true, without what only keeps the alert quiet."""
    if alert is None:
        return None
    return parse(f'{name.ANOMALY_VALUE}{{{name.ANOMALY}="{alert.name}"}}' if alert.anomaly else alert.when)


def _guard(alert: Alert | None) -> str:
    """What keeps an alert quiet though its condition holds."""
    if alert is not None and alert.enough is not None:
        return f"fewer than {alert.enough.at_least:f} were counted by increase({alert.enough.selector}[{text_of(alert.enough.over)}])"
    if alert is not None and alert.anomaly is not None:
        return f"there are less than {text_of(alert.anomaly.warm_up)} of history"
    return ""


def _crossing(plan: Plan, alert: str) -> int:
    """Seconds for which everything must fail, at even traffic, before a burn-rate tier's long window crosses its factor
    (https://sre.google/workbook/alerting-on-slos/, table 5-8): at the strictest of the objectives."""
    tier = next((one for one in TIERS if one.name == alert), None)
    return min((int(tier.factor * slo.budget * tier.long) for slo in plan.slos), default=0) if tier else 0


def _labels(plan: Plan, rule: AlertingRule, written: Alert | None) -> Iterator[Mapping[str, str]]:
    """The labels that Alertmanager may see of the alert: one set a service."""
    own = {name.ALERTNAME: rule.alert, **rule.labels, **plan.environment.labels}
    signal = rule.labels.get(name.SIGNAL, "")
    if signal == "burn" and written is None:
        yield from ({**own, name.SLO: slo.id, **slo.service.labels} for slo in plan.slos)
    elif signal == name.ECHO:
        yield from ({**own, **service.labels} for service in plan.services if states(plan, service))
    elif written is None or not written.services:
        yield own
    else:
        yield from ({**own, **service.labels} for service in written.services if written in alerts_of(plan, service))


def _used(channels: Channels, audiences: tuple[Audience, ...]) -> Channels:
    """Of each environment the receivers that hear of it."""
    heard = {teller.receiver: None for audience in audiences for teller in audience.tellers}
    return {one: {receiver: receivers.get(receiver, ()) for receiver in heard} for one, receivers in channels.items()}
