"""Do the tests bite? In: a compiled spec. Out: a report: for each mutant of its rules, routes and inhibitions whether a test notices."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from generators.ir.compiled import Compiled
from generators.mutants import routing_mutants, rule_mutants
from operate import tools
from operate.mutation.equivalents import not_holding, settled
from operate.mutation.routes import judge_routes
from operate.mutation.rules import judge_rules
from operate.mutation.verdict import Report, Verdict
from operate.proving import CLOCK
from operate.show import Show


def mutate(
    compiled: Compiled, spec: str, argued: Mapping[str, str], show: Show, operators: Collection[str] = (), only: str = ""
) -> Report:
    """Judge every mutant; `operators` narrows them to some kinds, `only` to one alert or record (and then to no route). `argued`
    are the arguments of equivalent mutants by id, which must all hold when nothing is narrowed. Raises Unsound, NoAnswer,
    ToolMissing."""
    found = tools.ensure(["promtool"] if only else ["promtool", "amtool", CLOCK], show.note)
    started = time.monotonic()
    due = sum(only in ("", mutant.name) for mutant in rule_mutants(compiled.rule_files, compiled.contract, operators))
    due += 0 if only else sum(1 for _ in routing_mutants(compiled.alerting, operators))
    judged: Counter[str] = Counter()

    def progress(verdicts: Sequence[Verdict]) -> None:
        judged.update(verdict.outcome for verdict in verdicts)
        done = sum(judged.values())
        show.progress(
            f"{done} of {due} mutants, {judged['survived']} survive: {verdicts[0].of}" if verdicts else f"{done} of {due}"
        )

    verdicts = list(judge_rules(compiled, found["promtool"], operators, only, progress))
    if not only:
        verdicts += judge_routes(compiled, found["amtool"], found[CLOCK], operators, progress)
    whole = not operators and not only
    wrong = not_holding(verdicts, argued) if whole else ()
    return Report(spec, tuple(settled(verdicts, argued)), time.monotonic() - started, wrong)
