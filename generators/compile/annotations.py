"""The words of an alert, and where they lead. In: an alert of the Plan. Out: annotations: summary and description in every
language of the project, runbook, dashboard and trace."""

from __future__ import annotations

from generators import conventions as name
from generators.plan import Alert, Plan
from generators.promql import labels_of, parse
from generators.slo import TIERS, BurnTier

_WORST = {"zh-CN": "最严重：", "en": "Worst: "}
_BURN_SUMMARY = {
    "zh-CN": "{{ $labels.slo }} 的错误预算消耗过快",
    "en": "{{ $labels.slo }} burns its error budget too fast",
}
_BURN_DESCRIPTION = {
    "zh-CN": "过去 LONG 和 SHORT 内错误预算的消耗都超过均匀速度的 FACTOR 倍（现在 {{ $value | humanize }} 倍）。"
    "先看 {{ $labels.service }} 最近一次发布和它的依赖。",
    "en": "Over the last LONG and SHORT alike the budget burns more than FACTOR times as fast as it may (now "
    "{{ $value | humanize }} times). Look at the last deployment of {{ $labels.service }} first, then at what it depends on.",
}
SLO_DASHBOARD = "slo"


def base_url(plan: Plan, component: str, port: str = "http") -> str:
    """The address at which people reach a component: as the environment says, else on this machine."""
    given = plan.environment.external_urls.get(component)
    if given:
        return given.rstrip("/")
    part = plan.stack.components.get(component)
    return f"http://127.0.0.1:{part.ports[port][1]}" if part and port in part.ports else ""


def runbook_url(plan: Plan, alert: str) -> str:
    """The address of an alert's runbook; "" where the environment names none."""
    runbooks = base_url(plan, "runbooks")
    return f"{runbooks}/{alert}.md" if runbooks else ""


SERVICE_LABEL = "{{ $labels.service }}"


def links(plan: Plan, alert: str, dashboard: str, traced: bool, service: str = SERVICE_LABEL) -> dict[str, str]:
    """Runbook, dashboard and, where spans exist, traces. `service` chooses what is shown there, "" everything."""
    found = {
        name.RUNBOOK_URL: runbook_url(plan, alert) or f"docs/runbooks/{alert}.md",
        name.DASHBOARD_URL: f"{base_url(plan, 'grafana')}/d/{dashboard}" + (f"?var-service={service}" if service else ""),
    }
    if traced and plan.tracing:
        found[name.TRACE_URL] = f"{base_url(plan, 'jaeger', 'query')}/search" + (f"?service={service}" if service else "")
    return found


def _shown(alert: Alert) -> str:
    """The service that an alert's links choose: from the series, or by name where the condition drops it. A rule's own labels are no
    part of `$labels` (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/#templating)."""
    if not alert.when or labels_of(parse(alert.when)).may_have(name.SERVICE):
        return SERVICE_LABEL
    return alert.service.name if alert.service else ""


def of_alert(alert: Alert, plan: Plan) -> dict[str, str]:
    """All annotations of an alert, the project's own language first."""
    first = plan.project.locale
    found: dict[str, str] = {}
    for locale in plan.project.locales:
        found[name.localized(name.SUMMARY, locale, first)] = alert.summary[locale]
        found[name.localized(name.DESCRIPTION, locale, first)] = alert.description[locale] + worst(alert.worst, locale)
    traced = any(service.traced for service in alert.services)
    return found | links(plan, alert.name, alert.dashboard, traced, _shown(alert))


def worst(query: str, locale: str) -> str:
    """A template that names the worst offenders: the rows of a query, with their labels. `{{ $labels.x }}` within the query is
    put together by printf, since a template cannot stand inside a string."""
    if not query:
        return ""
    pieces = query.split("{{ $labels.")
    labels = [piece.partition(" }}")[0] for piece in pieces[1:]]
    text = pieces[0] + "".join("%s" + piece.partition(" }}")[2] for piece in pieces[1:])
    argument = f"`{text}`" if not labels else f"(printf `{text}` {' '.join(f'$labels.{label}' for label in labels)})"
    row = "{{ range $k, $v := .Labels }}{{ $v }} {{ end }}{{ .Value | humanize }}; "
    return f" {_WORST.get(locale, _WORST['en'])}{{{{ range query {argument} }}}}{row}{{{{ end }}}}"


def burn_annotations(plan: Plan) -> dict[str, dict[str, str]]:
    """The annotations of each burn-rate tier's alert."""
    return {tier.name: _burn(tier, plan) for tier in TIERS}


def _burn(tier: BurnTier, plan: Plan) -> dict[str, str]:
    first = plan.project.locale
    found: dict[str, str] = {}
    for locale in plan.project.locales:
        spoken = locale if locale in _BURN_SUMMARY else "en"
        text = _BURN_DESCRIPTION[spoken]
        for word, value in (("LONG", tier.long_text), ("SHORT", tier.short_text), ("FACTOR", f"{tier.factor:f}")):
            text = text.replace(word, value)
        found[name.localized(name.SUMMARY, locale, first)] = _BURN_SUMMARY[spoken]
        found[name.localized(name.DESCRIPTION, locale, first)] = text
    return found | links(plan, tier.name, SLO_DASHBOARD, traced=True)
