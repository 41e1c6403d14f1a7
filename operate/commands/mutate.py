"""`touchline mutate [SPEC…]`: do the tests bite? Makes every mistake of the table in docs/guides/mutation.md in the compiled rules and
routes, one at a time, and says which of them no test notices."""

from __future__ import annotations

import argparse
from pathlib import Path

from generators.build import plan_of
from generators.mutants import OPERATORS
from generators.proof.coverage import Share, coverage
from operate.commands import FINE, USERS_FAULT, Call, UserFault, foremost, sound
from operate.mutation import mutate
from operate.mutation.equivalents import FILE, BadEquivalents, arguments
from operate.mutation.rules import Unsound
from operate.mutation.verdict import Report, Score, Verdict
from operate.show import Show


def add(parser: argparse.ArgumentParser) -> None:
    """Which specs, and which of their mutants."""
    names = [operator.name for operator in OPERATORS]
    parser.add_argument("specs", nargs="*", type=Path, metavar="SPEC", help="the specs, as with --spec")
    parser.add_argument(
        "--operator", action="append", default=[], choices=names, metavar="NAME", help=f"some of {', '.join(names)}"
    )
    parser.add_argument("--only", default="", metavar="ALERT", help="the mutants of one alert or record")
    parser.add_argument("--equivalents", type=Path, default=FILE, metavar="FILE", help=f"what is argued away (usually {FILE})")


def run(call: Call) -> int:
    """Exit code 1 when a spec misses a mark, an argument does not hold, or the tests fail before anything is mutated."""
    try:
        specs = call.arguments.specs or [call.spec]
        found = [_report(call, spec) for spec in specs]
    except BadEquivalents as bad:
        raise UserFault(str(bad), bad.faults) from bad
    except Unsound as unsound:
        raise UserFault(str(unsound)) from unsound
    narrowed = bool(call.arguments.operator or call.arguments.only)
    good = all(not report.survivors if narrowed else not report.shortcomings for report, _ in found)
    call.show.json({"good": good, "specs": [{**report.as_dict(), "coverage": _by_what(shares)} for report, shares in found]})
    for report, shares in found:
        call.show.table(f"{report.spec}: what the tests of rules cover", ("what", "covered", "missing"), _rows(shares))
        _shown(call.show, report, narrowed)
    return FINE if good else USERS_FAULT


def _report(call: Call, spec: Path) -> tuple[Report, tuple[Share, ...]]:
    """What became of the mutants of a spec; and how many alerts, arms and label values its tests of rules show."""
    at = Call(call.arguments, call.show, spec, call.root)
    environment = at.environment(foremost(spec))
    compiled = sound(at, environment, "compose").compiled
    plan, _ = plan_of(spec, environment, "compose")
    argued = arguments(call.arguments.equivalents, compiled.project)
    operators, only = frozenset(call.arguments.operator), str(call.arguments.only)
    with call.show.phase("mutate", str(spec)):
        report = mutate(compiled, str(spec), argued, call.show, operators, only)
    if not report.verdicts:
        raise UserFault(f"{spec} has no {'mutant of ' + only if only else 'such mutant'}")
    return report, coverage(plan, compiled.test_files) if plan else ()


def _by_what(shares: tuple[Share, ...]) -> dict[str, dict[str, object]]:
    return {share.what: {"covered": share.covered, "of": share.of, "missing": list(share.missing)} for share in shares}


def _rows(shares: tuple[Share, ...]) -> list[tuple[str, ...]]:
    return [(share.what, f"{share.covered} of {share.of}", ", ".join(share.missing)) for share in shares]


def _shown(show: Show, report: Report, narrowed: bool) -> None:
    operators = [_row(name, score) for name, score in report.by_operator.items()]
    show.table(f"{report.spec}: operators", ("operator", "killed", "survived", "equivalent", "refused", "score"), operators)
    survivors = [_survivor(one) for one in report.survivors]
    show.table(f"{report.spec}: survivors", ("of", "operator", "was", "now", "id", "why"), survivors)
    score = report.score
    said = (
        f"{report.spec}: {score.percent:.1f} % of {score.killed + score.survived} mutants are killed, {score.equivalent} are argued to "
        f"be equivalent, {score.refused} are refused by the engines' own checkers ({report.seconds:.0f} s)"
    )
    wrong = () if narrowed else report.shortcomings
    for one in wrong:
        show.note(f"{report.spec}: {one}", "failed")
    if wrong or (narrowed and report.survivors):
        show.line(said)
    else:
        show.done(said)


def _row(name: str, score: Score) -> tuple[str, ...]:
    counts = (score.killed, score.survived, score.equivalent, score.refused)
    return (name, *map(str, counts), f"{score.percent:.1f} %")


def _survivor(one: Verdict) -> tuple[str, ...]:
    return (one.of, one.operator, one.was, one.now, one.id, one.why)
