"""What SLO rules cost a real Prometheus, and when they tell. In: fifty availability SLOs with days of history. Out: CPU of evaluating
our shape beside the plain form, and how long after an outage's beginning and end each one's page begins and ends. Three servers
run side by side on the same history and the same scrapes: ours, plain, and one without rules, whose CPU is taken off both."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import yaml

from bench.figure import Figure
from bench.history import backfill, copied
from bench.live import Exporter, Outage, Server, prometheus
from bench.plain import PlainSlo, plain_rules, slos_of
from bench.processes import BenchError
from bench.system import names, write_spec
from generators.build import build

SERVICES, DAYS = 50, 3
TARGETS = {20: 1 / 12, 2: 1 / 4}
"""Series of each service, and the most that our shape may cost of the plain form."""

WARM_UP, MEASURED = 90, 480
"""Seconds before the CPU is read first, and until it is read again: twice the slowest cadence."""

OUTAGE = Outage(length=90, stagger=1.2)
"""Long enough for the fast tier (14.4 x 0.1 % of an hour is 52 s), too short for the steady one (6 x 0.1 % of six hours is 130 s)."""

AFTER = 420
"""Seconds after the last service has recovered in which every page has to end."""

PAGES = {
    "ours": ('ALERTS{alertstate="firing", burn="page"}', "slo"),
    "plain": ('ALERTS{alertstate="firing", sloth_severity="page"}', "sloth_slo"),
}
"""The pages of a form, and the label that says whose."""


def run() -> Iterator[Figure]:
    """Both numbers of series."""
    for series, most in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            yield from _compare(Path(folder), series, most)


def _compare(folder: Path, series: int, most: float) -> Iterator[Figure]:
    end = int(time.time()) // 240 * 240
    data = backfill(folder, SERVICES, series, DAYS, end)
    outage = Outage(OUTAGE.length, OUTAGE.stagger)
    forms = {"ours": _ours(folder), "plain": plain_rules(_slos()), "bare": ""}
    with ExitStack() as running:
        exporter = running.enter_context(Exporter(SERVICES, series, end - DAYS * 86400, outage).served())
        servers = {
            form: running.enter_context(prometheus(folder / form, copied(data, folder / f"data-{form}"), exporter, rules))
            for form, rules in forms.items()
        }
        _wait("warming up", WARM_UP)
        before = {form: server.cpu() for form, server in servers.items()}
        outage.start = time.time() + 30
        _wait("measuring CPU while an outage comes and goes", MEASURED)
        spent = {form: server.cpu() - before[form] for form, server in servers.items()}
        once = {form: _once(server) for form, server in servers.items() if form != "bare"}
        _wait("waiting for the pages to end", max(0.0, outage.begins(SERVICES) + outage.length + AFTER - time.time()))
        told = {form: _told(servers[form], form, outage) for form in PAGES}
    yield from _costs(series, most, spent, once)
    yield from _times(series, told)


def _costs(series: int, most: float, spent: Mapping[str, float], once: Mapping[str, float]) -> Iterator[Figure]:
    title = f"{series} series a service"
    ours, plain = (spent[form] - spent["bare"] for form in ("ours", "plain"))
    detail = f"{ours:.2f} s by {plain:.2f} s in {MEASURED} s; {spent['bare']:.2f} s without rules taken off"
    yield Figure("evaluation", f"CPU of the rules, {title}", ours / plain, "x", most, detail)
    detail = f"{once['ours']:.3f} s by {once['plain']:.3f} s, every group once, by Prometheus's own account"
    yield Figure("evaluation", f"one evaluation of every rule, {title}", once["ours"] / once["plain"], "x", most, detail)


def _times(series: int, told: Mapping[str, list[tuple[float, float]]]) -> Iterator[Figure]:
    for index, (what, most) in enumerate((("detection", 30), ("resolve", None))):
        ours, plain = (median(times[index] for times in told[form]) for form in PAGES)
        detail = f"{ours:.0f} s beside {plain:.0f} s, medians of {SERVICES} outages, all requests failing"
        yield Figure("evaluation", f"{what}, {series} series a service", ours - plain, " s later", most, detail)


def _wait(what: str, seconds: float) -> None:
    print(f"evaluation: {what}, {seconds:.0f} s", file=sys.stderr, flush=True)
    time.sleep(seconds)


def _slos() -> tuple[PlainSlo, ...]:
    return tuple(slos_of(service)[0] for service in names(SERVICES))


def _ours(folder: Path) -> str:
    """Our rules without the latency SLOs that the bench's spec has as well."""
    groups = yaml.safe_load(build(write_spec(folder, SERVICES)).files["prometheus/rules/slo.yml"])["groups"]
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if not rule.get("labels", {}).get("slo", "").endswith("-latency")]
    return json.dumps({"groups": groups})


def _once(server: Server) -> float:
    """Seconds of evaluating every group once: the median of what each took in the time measured."""
    found = server.instant(f"sum(quantile_over_time(0.5, prometheus_rule_group_last_duration_seconds[{MEASURED}s]))")
    return float(found[0]["value"][1])


def _told(server: Server, form: str, outage: Outage) -> list[tuple[float, float]]:
    """For each service the seconds from the outage's beginning to its page, and from the outage's end to the page's."""
    expr, label = PAGES[form]
    found = server.range(f"max by ({label}) ({expr})", outage.start - 30, time.time())
    moments = {one["metric"][label]: [at for at, _ in one["values"]] for one in found}
    told = []
    for number, slo in enumerate(_slos()):
        firing = moments.get(slo.id)
        if not firing or firing[0] < outage.begins(number) or time.time() - firing[-1] < 5:
            seen = f"{firing[0] - outage.begins(number):.0f} to {firing[-1] - outage.begins(number):.0f} s" if firing else "never"
            raise BenchError(
                f"{form}: the page of {slo.id} fired {seen} after its outage began: not at all, too early or for ever"
            )
        told.append((firing[0] - outage.begins(number), firing[-1] - outage.begins(number) - outage.length))
    return told
