"""Where an alert leads. In: its name, its dashboard, and what a link chooses (e.g. service=web). Out: the annotations that hold links, as
the guides promise them."""

from __future__ import annotations

from generators import conventions as name
from generators.plan import Plan


def links(plan: Plan, alert: str, dashboard: str, chosen: str) -> dict[str, str]:
    """Runbook and dashboard; traces, where they are kept."""
    runbooks = plan.environment.external_urls.get("runbooks", "docs/runbooks").rstrip("/")
    found = {
        name.RUNBOOK_URL: f"{runbooks}/{alert}.md",
        name.DASHBOARD_URL: f"{_address(plan, 'grafana', 'http')}/d/{dashboard}?var-{chosen}",
    }
    if plan.tracing:
        found[name.TRACE_URL] = f"{_address(plan, 'jaeger', 'query')}/search?{chosen}"
    return found


def _address(plan: Plan, component: str, port: str) -> str:
    """Where people reach a component: as the environment says, else on this machine."""
    if component in plan.environment.external_urls:
        return plan.environment.external_urls[component].rstrip("/")
    part = plan.stack.components.get(component)
    return f"http://127.0.0.1:{part.ports[port][1]}" if part and port in part.ports else ""
