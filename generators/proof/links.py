"""Where an alert leads. In: its name, its dashboard, and what a link chooses (e.g. service=web). Out: the annotations that hold links, as
the guides promise them."""

from __future__ import annotations

from generators import conventions as name
from generators.plan import Plan


def pages(plan: Plan, alert: str, dashboard: str, chosen: str) -> dict[str, str]:
    """Runbook and dashboard; `chosen` is "" where nothing is chosen."""
    runbooks = plan.environment.external_urls.get("runbooks", "docs/runbooks").rstrip("/")
    return {
        name.RUNBOOK_URL: f"{runbooks}/{alert}.md",
        name.DASHBOARD_URL: f"{_address(plan, 'grafana', 'http')}/d/{dashboard}" + (f"?var-{chosen}" if chosen else ""),
    }


def traces(plan: Plan, chosen: str) -> dict[str, str]:
    """Nothing where no traces are kept."""
    if not plan.tracing:
        return {}
    return {name.TRACE_URL: f"{_address(plan, 'jaeger', 'query')}/search" + (f"?{chosen}" if chosen else "")}


def _address(plan: Plan, component: str, port: str) -> str:
    """Where people reach a component: as the environment says, else on this machine."""
    if component in plan.environment.external_urls:
        return plan.environment.external_urls[component].rstrip("/")
    part = plan.stack.components.get(component)
    return f"http://127.0.0.1:{part.ports[port][1]}" if part and port in part.ports else ""
