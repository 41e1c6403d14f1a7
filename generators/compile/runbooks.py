"""What to do when an alert fires. In: the Plan. Out: one Runbook an alert, in the project's languages: the words people wrote,
and what the Plan knows besides: who it is about, when it fires, which failing dependency may be the cause."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from generators.compile.annotations import SLO_DASHBOARD, base_url
from generators.compile.inhibition import CAUSES
from generators.compile.runbook_words import BURN, BURN_STEPS, WORDS
from generators.ir.runbooks import Runbook, Section, Step
from generators.plan import Alert, Plan, Service, Text
from generators.record import dataclass
from generators.slo import TIERS, BurnTier, text_of

_LABEL = re.compile(r"\{\{\s*\$labels\.(\w+)\s*\}\}")
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
TEST = "make test    # promtool test rules prometheus/tests/*.yml"


SHOWN = 12
"""Services, objectives and dependencies that a page lists at most: an alert of a whole kind may watch a thousand."""


@dataclass(frozen=True, slots=True)
class Known:
    """The Plan, with its services by name and, by service, the alerts that would say it is gone."""

    plan: Plan
    services: Mapping[str, Service]
    causes: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, plan: Plan) -> Known:
        """Index a Plan."""
        causes: dict[str, tuple[str, ...]] = {}
        for alert in plan.alerts:
            for service in alert.services if alert.signal in CAUSES else ():
                causes[service.name] = (*causes.get(service.name, ()), alert.name)
        return cls(plan, {service.name: service for service in plan.services}, causes)


def compile_runbooks(plan: Plan) -> tuple[Runbook, ...]:
    """The runbooks of every alert and, where there are objectives, of each burn-rate tier."""
    known = Known.of(plan)
    own = [_of_alert(known, alert) for alert in plan.alerts]
    burns = [_of_tier(known, tier) for tier in TIERS] if plan.slos else []
    return (*own, *burns)


def _page(plan: Plan, alert: str, expr: str, dashboard: str, sections: Iterable[Section]) -> Runbook:
    alertmanager = base_url(plan, "alertmanager")
    matchers = quote(f'{{alertname="{alert}"}}', safe="")
    return Runbook(
        alert=alert,
        expr=expr,
        sections=tuple(sections),
        silence_url=f"{alertmanager}/#/silences/new?filter={matchers}",
        silence_command=f"amtool --alertmanager.url={alertmanager} silence add alertname={alert} --duration=2h --comment='…'",
        test_command=TEST,
        dashboard_url=f"{base_url(plan, 'grafana')}/d/{dashboard}",
        note=plan.notes.get(alert, ""),
    )


def _of_alert(known: Known, alert: Alert) -> Runbook:
    plan = known.plan
    sections = (_alert_section(known, alert, locale) for locale in plan.project.locales)
    condition = alert.when or (alert.anomaly.expr if alert.anomaly else "")
    return _page(plan, alert.name, condition, alert.dashboard, sections)


def _alert_section(known: Known, alert: Alert, locale: str) -> Section:
    words = WORDS.get(locale, WORDS["en"])
    steps = [(query, meaning[locale]) for query, meaning in alert.runbook.steps]
    causes = [one[locale] for one in alert.runbook.causes]
    return Section(
        locale=locale,
        title=plain(alert.summary[locale]),
        facts=tuple(_facts(alert, locale)),
        meaning=alert.runbook.meaning[locale],
        impact=alert.runbook.impact[locale],
        steps=_steps(known.plan, steps),
        causes=(*causes, *_failing_dependencies(known, alert.services, alert.name, locale)),
        tests=(words["tested"].format(alert=alert.name), words["ping"]),
    )


def _facts(alert: Alert, locale: str) -> Iterable[tuple[str, str]]:
    words = WORDS.get(locale, WORDS["en"])
    yield words["severity"], words[alert.severity]
    yield words["signal"], words[alert.signal]
    titled = [f"{_titled(service, locale)} (`{service.name}`, {service.tier})" for service in alert.services[:SHOWN]]
    yield words["services"], _listed(titled, len(alert.services))
    yield words["owner"], ", ".join(dict.fromkeys(service.owner for service in alert.services))
    if alert.hold:
        yield words["for"], text_of(alert.hold)
    if alert.keep_firing:
        yield words["keep"], text_of(alert.keep_firing)
    if alert.slow_because:
        yield words["slow"], alert.slow_because


def _titled(service: Service, locale: str) -> str:
    return service.title.get(locale, service.name)


def _listed(items: list[str], of: int) -> str:
    return ", ".join(items) + (f", … ({of})" if of > len(items) else "")


def _failing_dependencies(known: Known, services: tuple[Service, ...], alert: str, locale: str) -> Iterable[str]:
    """What the watched services need, and the alerts that would say it is gone."""
    words = WORDS.get(locale, WORDS["en"])
    needed = dict.fromkeys(name for service in services[:SHOWN] for name in service.depends_on)
    for one in [*needed][:SHOWN]:
        links = ", ".join(f"[{told}]({told}.md)" for told in known.causes.get(one, ()) if told != alert)
        title = _titled(known.services[one], locale)
        yield words["dependency"].format(title=title, name=one) + (f" ({links})" if links else "")


def _steps(plan: Plan, steps: Iterable[tuple[str, str]]) -> tuple[Step, ...]:
    prometheus = base_url(plan, "prometheus")
    return tuple(
        Step(expr, meaning, f"{prometheus}/query?g0.expr={quote(expr, safe='')}&g0.tab=table") for expr, meaning in steps
    )


def _of_tier(known: Known, tier: BurnTier) -> Runbook:
    plan = known.plan
    sections = (_tier_section(known, tier, locale) for locale in plan.project.locales)
    expr = f"slo:burn_rate:{tier.long_text} > {tier.factor:f} and slo:burn_rate:{tier.short_text} > {tier.factor:f}"
    return _page(plan, tier.name, expr, SLO_DASHBOARD, sections)


def _tier_section(known: Known, tier: BurnTier, locale: str) -> Section:
    plan = known.plan
    words = WORDS.get(locale, WORDS["en"])
    texts = BURN.get(locale, BURN["en"])
    numbers = {"factor": f"{tier.factor:f}", "long": tier.long_text, "short": tier.short_text}
    watched = tuple(dict.fromkeys(slo.service.name for slo in plan.slos))
    services = tuple(known.services[name] for name in watched)
    titled = [
        f"{_said(slo.title, locale, slo.id)} (`{slo.id}`, {(slo.objective * 100).normalize():f}%)" for slo in plan.slos[:SHOWN]
    ]
    return Section(
        locale=locale,
        title=texts["title"],
        facts=(
            (words["severity"], words[tier.severity]),
            (words["signal"], words["burn"]),
            (words["objectives"], _listed(titled, len(plan.slos))),
            (words["owner"], ", ".join(dict.fromkeys(service.owner for service in services))),
        ),
        meaning=texts["meaning"].format(**numbers),
        impact=texts[f"impact-{tier.burn}"],
        steps=_steps(
            plan, ((query.format(**numbers), meaning[locale if locale in meaning else "en"]) for query, meaning in BURN_STEPS)
        ),
        causes=(texts["deployment"], *_failing_dependencies(known, services, tier.name, locale)),
        tests=(words["tested"].format(alert=tier.name), words["ping"]),
    )


def _said(text: Text, locale: str, otherwise: str) -> str:
    return text.get(locale, otherwise)


def plain(text: str) -> str:
    """An alert's summary as a heading: `{{ $labels.service }}` becomes `service`, other templates an ellipsis."""
    return _TEMPLATE.sub("…", _LABEL.sub(r"`\1`", text))
