"""The plain form of SLO rules, as generators such as Sloth write it: every window of every SLO is read from the raw series, with
seventeen rules for each SLO (eight recordings of windows, seven of what is known about the SLO, two alerts)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
PAGE = (("5m", "1h", "14.4"), ("30m", "6h", "6"))
TICKET = (("2h", "1d", "3"), ("6h", "3d", "1"))


@dataclass(frozen=True, slots=True)
class PlainSlo:
    """Selectors of what is counted, without range; `good` where errors are what is missing from it."""

    id: str
    service: str
    objective: str
    total: str
    errors: str = ""
    good: str = ""

    def ratio(self, window: str) -> str:
        """The error ratio of a window, from the raw series."""
        total = f"sum(rate({self.total}[{window}]))"
        if self.good:
            return f"1 - (sum(rate({self.good}[{window}])) / ({total} > 0))"
        return f"(sum(rate({self.errors}[{window}]))) / ({total} > 0)"


def slos_of(service: str) -> tuple[PlainSlo, PlainSlo]:
    """The two SLOs that every service of the bench has."""
    requests, duration, own = "http_requests_total", "http_request_duration_seconds", f'service="{service}"'
    return (
        PlainSlo(f"{service}-availability", service, "0.999", f"{requests}{{{own}}}", f'{requests}{{{own}, status=~"5.."}}'),
        PlainSlo(
            f"{service}-latency", service, "0.95", f"{duration}_count{{{own}}}", good=f'{duration}_bucket{{{own}, le="1.0"}}'
        ),
    )


def plain_rules(slos: tuple[PlainSlo, ...]) -> str:
    """A rule file."""
    return "groups:\n" + "".join(line for slo in slos for line in _groups(slo))


def _groups(slo: PlainSlo) -> Iterator[str]:
    own = f'sloth_id="{slo.id}", sloth_service="{slo.service}", sloth_slo="{slo.id}"'
    labels = f"{{{own.replace('=', ': ')}}}"
    yield f"  - name: sloth-slo-sli-recordings-{slo.id}\n    rules:\n"
    for window in WINDOWS:
        yield _recording(f"slo:sli_error:ratio_rate{window}", slo.ratio(window), labels)
    month = f"sum_over_time(slo:sli_error:ratio_rate5m{{{own}}}[30d]) / count_over_time(slo:sli_error:ratio_rate5m{{{own}}}[30d])"
    yield _recording("slo:sli_error:ratio_rate30d", month, labels)
    yield f"  - name: sloth-slo-meta-recordings-{slo.id}\n    rules:\n"
    per = "on(sloth_id, sloth_slo, sloth_service) group_left slo:error_budget:ratio"
    for record, expr in (
        ("slo:objective:ratio", f"vector({slo.objective})"),
        ("slo:error_budget:ratio", f"vector(1 - {slo.objective})"),
        ("slo:time_period:days", "vector(30)"),
        ("slo:current_burn_rate:ratio", f"slo:sli_error:ratio_rate5m{{{own}}} / {per}{{{own}}}"),
        ("slo:period_burn_rate:ratio", f"slo:sli_error:ratio_rate30d{{{own}}} / {per}{{{own}}}"),
        ("slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{{{own}}}"),
        ("sloth_slo_info", "vector(1)"),
    ):
        yield _recording(record, expr, labels)
    yield f"  - name: sloth-slo-alerts-{slo.id}\n    rules:\n"
    for severity, tiers in (("page", PAGE), ("ticket", TICKET)):
        sides = " or ".join(
            f"((slo:sli_error:ratio_rate{short}{{{own}}} > ({factor} * (1 - {slo.objective}))) and ignoring (sloth_window) "
            f"(slo:sli_error:ratio_rate{long}{{{own}}} > ({factor} * (1 - {slo.objective}))))"
            for short, long, factor in tiers
        )
        yield f"      - alert: BurnRate\n        expr: '{sides}'\n        labels: {{sloth_severity: {severity}, {labels[1:]}\n"


def _recording(record: str, expr: str, labels: str) -> str:
    return f"      - record: {record}\n        expr: '{expr}'\n        labels: {labels}\n"
