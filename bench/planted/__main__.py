"""`python -m bench.planted [DIR...] [--apart]`: plant faults into the rules of directories (usually: of the pinned mixins), and say how
many the audit finds, which it misses, and what it finds in the rules as they are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.planted import argued, missed
from bench.planted.corpus import Corpus, pinned, read
from bench.planted.measure import Trial, findings, trials
from bench.processes import BenchError


def main() -> int:
    """Exit 0 whatever is found, 2 where nothing can be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.planted", description="Faults planted into rules of others.")
    parser.add_argument("directories", nargs="*", metavar="DIR", type=Path)
    parser.add_argument("--apart", action="store_true", help="each rule file is a repository of its own, as in a collection")
    given = parser.parse_args()
    try:
        corpora = list(_corpora(given.directories))
    except (BenchError, OSError) as failed:
        print(f"planted: {failed}", file=sys.stderr)
        return 2
    tried = [trial for corpus in corpora for each in (_files(corpus) if given.apart else (corpus,)) for trial in _told(each)]
    print()
    for figure in missed(tried):
        print(f"{figure.name:32}{figure.value:5.1f} %  {figure.detail}")
    print(f"{sum(corpus.rules for corpus in corpora)} expressions, {len(tried)} faults planted")
    return 0


def _corpora(directories: list[Path]) -> Iterator[Corpus]:
    def progress(text: str) -> None:
        print(f"  {text}", file=sys.stderr)

    yield from (read(path.name, path, progress) for path in directories) if directories else pinned(progress)


def _files(corpus: Corpus) -> Iterator[Corpus]:
    for file in corpus.repository.rule_files:
        yield Corpus(f"{corpus.name}/{file.name}", replace(corpus.repository, rule_files=(file,)))


def _told(corpus: Corpus) -> Iterator[Trial]:
    for fault in findings(corpus):
        print(f"{'argued' if argued(fault) else 'finding'} {corpus.name} {fault}")
    for trial in trials(corpus):
        if not trial.brought:
            one = trial.planted
            print(f"missed {one.operator} in {corpus.name}: {one.was} => {one.now}")
        yield trial


if __name__ == "__main__":
    sys.exit(main())
