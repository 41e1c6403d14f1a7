"""Planted faults: of the mistakes that fixed operators plant into good rules of others, how many does the audit find, and what does it say
of the rules as they are? In: the mixins inside the pinned Go modules. Out: `Figure`s for each operator, and for false findings.

`python -m bench.planted DIR...` measures any other rules and names what was missed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from bench.figure import Figure
from bench.planted.argued import TRUE
from bench.planted.corpus import Corpus, pinned
from bench.planted.measure import Trial, findings, trials
from bench.planted.operators import OPERATORS
from generators.fault import Fault

MOST_MISSED = 10
MOST_FALSE = 2
"""Percent of the findings."""
MOST_EXPRESSIONS = 0.5
"""Percent of the expressions: one in 200."""


def run() -> Iterator[Figure]:
    """The figures of the pinned mixins."""
    corpora = tuple(pinned(lambda text: print(f"  {text}", file=sys.stderr)))
    yield from missed([trial for corpus in corpora for trial in trials(corpus)])
    yield from false(corpora)


def missed(tried: Iterable[Trial]) -> Iterator[Figure]:
    """The share of planted faults that were not found, of all and of each operator."""
    tried = tuple(tried)
    for name in ("all operators", *(operator.name for operator in OPERATORS)):
        chosen = [trial for trial in tried if name in ("all operators", trial.planted.operator)]
        found = sum(bool(trial.brought) for trial in chosen)
        share = 100 * (1 - found / len(chosen)) if chosen else 0
        target = MOST_MISSED if name == "all operators" else None
        yield Figure("planted", f"missed: {name}", share, " %", target, f"{found} of {len(chosen)} planted faults found")


def false(corpora: Iterable[Corpus]) -> Iterator[Figure]:
    """The share of findings in the rules as they are that nobody has argued to be true, of the findings and of the expressions."""
    corpora = tuple(corpora)
    told = [fault for corpus in corpora for fault in findings(corpus)]
    wrong = [fault for fault in told if not argued(fault)]
    rules = sum(corpus.rules for corpus in corpora)
    detail = f"{len(wrong)} of {len(told)} findings in {rules} expressions; bench/planted/argued.py has the arguments"
    yield Figure("planted", "false findings, of findings", 100 * len(wrong) / max(len(told), 1), " %", MOST_FALSE, detail)
    yield Figure("planted", "false findings, of expressions", 100 * len(wrong) / rules, " %", MOST_EXPRESSIONS, detail)


def argued(fault: Fault) -> bool:
    """Whether the finding was read, and found to be right."""
    return (fault.what.split("'")[1], fault.id) in TRUE
