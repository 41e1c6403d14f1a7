"""Every metric, label and annotation name that we write. In: nothing. Out: names; nobody else spells them."""

from __future__ import annotations

# Labels of an objective's recordings and of alerts.
SLO = "slo"
SERVICE, TIER, OWNER = "service", "tier", "owner"
IDENTITY = (SERVICE, TIER, OWNER)
ALERTNAME = "alertname"
SEVERITY, SIGNAL, BURN = "severity", "signal", "burn"
ECHO = "echo"
"""The signal of alerts that nobody is told of: they remember an outage for what is judged over long windows."""

# Recordings of one SLO: label `slo` alone, so that history survives a new owner.
SLI_TOTAL = "slo:sli_total:rate"
SLI_ERRORS = "slo:sli_errors:rate"
ERROR_BUDGET = "slo:error_budget:ratio"
EVENT_FLOOR = "slo:event_floor:info"
"""The least number of events to judge on; its labels say what the SLO is about (service, tier, owner, window)."""

# Recordings shared by all SLOs.
SLI_TOTAL_SUM = "slo:sli_total:sum"
SLI_ERRORS_SUM = "slo:sli_errors:sum"
BUDGET_REMAINING = "slo:error_budget_remaining:ratio"
HISTORY = "slo:history:ratio"

# Adaptive bands, by label `anomaly`.
ANOMALY = "anomaly"
ANOMALY_VALUE = "anomaly:value:rate"
ANOMALY_MEAN = "anomaly:value:mean"
ANOMALY_DEVIATION = "anomaly:value:deviation"

# Annotations of alerts: the project's own language without suffix, the others with it.
SUMMARY, DESCRIPTION = "summary", "description"
RUNBOOK_URL, DASHBOARD_URL, TRACE_URL = "runbook_url", "dashboard_url", "trace_url"


def rule_file(origin: str, project: str) -> str:
    """The rule file of the alerts that a kind of the catalogue or a mixin brings along, or of the spec's own (origin "")."""
    return origin or project


def burn_rate(window: str) -> str:
    """The series of all SLOs' burn rates over a window such as 1h."""
    return f"slo:burn_rate:{window}"


def localized(annotation: str, locale: str, first: str) -> str:
    """The annotation's name in a locale: summary in the project's own, summary_en in another."""
    return annotation if locale == first else f"{annotation}_{locale.replace('-', '_')}"


# Receivers that are no channel of people's: who must notice our silence, and where nothing is told.
HEARTBEAT_RECEIVER = "touchline-heartbeat"
NOBODY_RECEIVER = "touchline-nobody"
