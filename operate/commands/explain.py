"""`touchline explain ALERT...`: one page an alert, for whoever it wakes: what it says and what to look at first, who is told and when,
what mutes it and what it mutes, how late it may come, the types of its condition, and the generated tests that hold it."""

from __future__ import annotations

import argparse
import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from generators.build import plans_of
from generators.compile.alerting import compile_alerting
from generators.plan import Plan
from generators.promql.types import Line
from generators.resolve.context import did_you_mean
from generators.slo import text_of
from operate.commands import FINE, Call, UserFault, environments, foremost, sound
from operate.explain import told
from operate.explain.lateness import SOURCES
from operate.explain.muting import Muting
from operate.explain.page import Audience, Book, Channels, Late, Page
from operate.show import Show

RULES = frozenset({"rules"})
COLOURS = {"critical": "bold red", "warning": "bold yellow", "info": "bold blue"}
WORDS = {"runbook_url": "runbook", "dashboard_url": "dashboard", "trace_url": "traces"}
SHOWN = 3
"""Tests named where more show the same."""
LONGEST = 90
"""Characters of a part of a condition; the whole is shown as it is."""
_FILLED = re.compile(r"\{\{-?\s*(?:\$labels\.(\w+)|\$value)[^}]*\}\}")


def add(parser: argparse.ArgumentParser) -> None:
    """Which alerts."""
    parser.add_argument("alerts", nargs="+", metavar="ALERT", help="an alert, by its name")


def run(call: Call) -> int:
    """Exit code 1 for a name that no alert has: all of them in one message."""
    names = tuple(dict.fromkeys(call.arguments.alerts))
    with call.show.phase("explain", str(call.spec)):
        book = _book(call)
        if unknown := [_unknown(book, one) for one in names if one not in book.rules]:
            raise UserFault("\n".join(unknown))
        pages = [book.page(one) for one in names]
    if call.show.format == "json":
        call.show.json({"environment": book.plan.environment.name, "alerts": [_as_json(page) for page in pages]})
        return FINE
    for page in pages:
        _show(call.show, page)
    return FINE


def _book(call: Call) -> Book:
    """What the spec comes to in the environment asked for, and the channels of every one (of that alone, where one was asked for)."""
    environment = call.environment(foremost(call.spec))
    compiled = sound(call, environment, "compose", RULES).compiled
    asked = [environment] if call.arguments.environment else environments(call.spec)
    plans: dict[str, Plan] = {}
    for one, (plan, faults) in plans_of(call.spec, asked, "compose").items():
        if plan is None:
            raise UserFault(f"the environment {one} has {len(faults)} faults", faults)
        plans[one] = plan
    return Book(compiled, plans[environment], {one: _channels(plan) for one, plan in plans.items()})


def _channels(plan: Plan) -> dict[str, tuple[str, ...]]:
    inbox = plan.notify.inbox_http
    return {one.name: tuple(told.addressed(each, inbox) for each in one.integrations) for one in compile_alerting(plan).receivers}


def _unknown(book: Book, wrong: str) -> str:
    """What there is instead."""
    what = f"no alert is called '{wrong}'"
    service = next((one for one in book.plan.services if one.name == wrong), None)
    if service is None:
        return f"{what}. {did_you_mean(wrong, list(book.rules))}"
    mine = [alert.name for alert in book.plan.alerts if service in alert.services]
    return f"{what}: that is a service, watched by {', '.join(mine)}"


def _as_json(page: Page) -> dict[str, Any]:
    parts = [{**dataclasses.asdict(one), "source": SOURCES[one.what]} for one in page.late.parts]
    late = {"best": page.late.best, "worst": page.late.worst, **dataclasses.asdict(page.late), "parts": parts}
    # `asdict` copies what it finds, and a moment with a zone of ours cannot be copied.
    audiences = [{**dataclasses.asdict(dataclasses.replace(one, silence=None)), "silence": _span(one)} for one in page.audiences]
    rest = dataclasses.asdict(dataclasses.replace(page, audiences=()))
    return {**rest, "texts": dict(page.texts), "late": late, "audiences": audiences}


def _span(audience: Audience) -> dict[str, str] | None:
    silence = audience.silence
    return {"begins": silence.begins.isoformat(), "ends": silence.ends.isoformat()} if silence else None


def _show(show: Show, page: Page) -> None:
    kind = ", ".join(filter(None, (page.severity, page.signal)))
    show.head(f"{page.alert}: {kind}, on {', '.join(page.services) or 'no service of its own'}", COLOURS.get(page.severity, ""))
    for key in sorted(key for key in page.texts if key.startswith("summary")):
        show.line(f"  {_readable(page.texts[key])}")
    heard = dict.fromkeys(one.receiver for audience in page.audiences for one in audience.tellers)
    if heard and page.late.parts:
        show.line(f"  Told to {', '.join(heard)}, {seconds(page.late.best)} to {seconds(page.late.worst)} after it begins.")
    _first(show, page)
    for audience in page.audiences:
        _audience(show, audience, page.channels)
    _late(show, page.late, page)
    _muting(show, "Held back while one of these fires", page.muted_by)
    _muting(show, "While it fires, these are held back", page.mutes)
    show.table(f"Condition, in {page.file}", ("part", "type"), [(_part(one), one.type) for one in page.types])
    show.table("Generated tests", ("test", "shows", "file"), list(_tests(page)))
    commands = [(file, _command(page, file)) for file in dict.fromkeys(one.file for one in page.proofs)]
    show.table("How to run them", ("file", "command"), commands)
    show.line("")


def _part(line: Line) -> str:
    """A part of the condition, by its depth. What is long is cut: its own parts follow below."""
    text = line.text if len(line.text) <= LONGEST or not line.depth else f"{line.text[:LONGEST]} …"
    return "  " * line.depth + text


def _readable(text: str) -> str:
    """A template as people read it: what the alert fills in stands in angle brackets."""
    return _FILLED.sub(lambda found: f"<{found[1] or 'value'}>", text)


def _tests(page: Page) -> Iterator[tuple[str, str, str]]:
    """Tests of one file that show the same stand together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in page.proofs:
        alike.setdefault((one.file, one.shows), []).append(one.name)
    for (file, shows), names in alike.items():
        more = f"; and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield "; ".join(names[:SHOWN]) + more, shows, file


def _first(show: Show, page: Page) -> None:
    """What a person needs before all else."""
    links = [(WORDS[key], _readable(page.texts[key])) for key in WORDS if page.texts.get(key)]
    if page.runbook and page.texts.get("runbook_url") != page.runbook:
        links.insert(1, ("the same, in the repository", page.runbook))
    show.table("Where to go", ("what", "where"), links)
    show.table("What to look at first", ("what it tells", "query"), [(step.meaning, step.expr) for step in page.steps])


def _audience(show: Show, audience: Audience, channels: Channels) -> None:
    of = f", on {', '.join(audience.services)}" if audience.services else ""
    if not audience.tellers:
        show.line(f"Nobody is told of it{of}.")
        return
    rows = [
        (
            one.receiver,
            *(", ".join(channels[each].get(one.receiver, ())) or "-" for each in channels),
            ", ".join(one.group_by) or "all together",
            f"every {text_of(one.repeat)}",
            ", ".join(one.hours) or "always",
        )
        for one in audience.tellers
    ]
    show.table(f"Who is told{of}", ("receiver", *channels, "one message for each", "again", "hours"), rows)
    if len(audience.week) > 1:
        week = [(when, ", ".join(receivers) or "nobody") for when, receivers in audience.week]
        show.table("At which time of the week (winter)", ("when", "told"), week)
    works = [(name, when, "nobody") for name, when in audience.maintenance]
    show.table("During planned work", ("work", "when", "told"), works)


def _late(show: Show, late: Late, page: Page) -> None:
    if not late.parts:
        return
    rows = [(SHORT[one.what], seconds(one.best), seconds(one.worst), one.why) for one in late.parts]
    rows.append(
        (
            "in all",
            seconds(late.best),
            seconds(late.worst),
            "until Alertmanager hands the message over" if late.delivery else "until it fires",
        )
    )
    show.table("How late it is told", ("part", "best", "worst", "why"), rows)
    for text in _more(late, page):
        show.line(f"  {text}")


def _more(late: Late, page: Page) -> Iterator[str]:
    """What may come on top of the sum."""
    if late.joining:
        yield f"If its group was told of another alert just before: up to {seconds(late.joining)} more (group_interval)."
    if late.delivery:
        yield f"The channel itself: {late.delivery.why}."
    for silence in {one.silence for one in page.audiences if one.silence}:
        yield f"Outside its hours it waits until they begin, at longest from {_moment(silence.begins)} to {_moment(silence.ends)}."
    if page.unless:
        yield f"It stays quiet while {page.unless}."
    if page.keep_firing:
        yield f"After its end it keeps firing for {text_of(page.keep_firing)}."
    if page.slow_because:
        yield f"Slow because: {page.slow_because}"


SHORT = {
    "scrape": "next scrape",
    "answer": "answer to it",
    "window": "window fills",
    "recording": "recording rule",
    "evaluation": "next evaluation",
    "for": "for",
    "grouping": "group_wait",
    "delivery": "delivery",
}
assert SHORT.keys() == SOURCES.keys()


def seconds(count: int) -> str:
    """Seconds as people say them: 47 s, 2 min 7 s, 3 d 1 h."""
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        whole, count = divmod(count, length)
        if whole:
            parts.append(f"{whole} {unit}")
    return " ".join(parts) or "0 s"


def _moment(moment: datetime) -> str:
    return f"{told.DAYS[moment.weekday()]} {moment:%H:%M} ({moment.tzinfo})"


def _muting(show: Show, title: str, found: tuple[Muting, ...]) -> None:
    rows = [(", ".join(one.alerts), ", ".join(one.services) or "any", " ".join(one.limit), one.rule) for one in found]
    show.table(title, ("alerts", "of", "with", "inhibition rule"), rows)


def _command(page: Page, file: str) -> str:
    """One command for all tests of a file: the one test's own, or the file's."""
    mine = [one.command for one in page.proofs if one.file == file]
    return mine[0] if len(mine) == 1 else mine[0].split(" --run ")[0] + f" {file}" if " --run " in mine[0] else mine[0]
