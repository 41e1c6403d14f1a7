"""The engines' own tools on a release before anything runs it. In: the directory of a candidate. Out: nothing, or every
complaint of promtool and amtool in their own words, and every scenario in which Alertmanager's own code tells others than those whom
the spec promises. What they refuse is the user's to mend; a tool that is missing is not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import yaml

from operate import scenarios, tools
from operate.calls import NoAnswer, called
from operate.faults import UserFault
from operate.show import Show

LIMIT = 600.0
REMEMBERED = 2000
CLOCK = "alertmanager-clock"
HASTY = (
    "What follows from an outage is told before it where notify.group_wait is not longer than a scrape, an evaluation and the time "
    "by which the outage's `for` is longer than its own: raise it."
)


class Refused(UserFault):
    """promtool or amtool refuse the candidate; the text is theirs."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One run of a tool: what it shows, the command, and the files and directories its result depends on."""

    what: str
    tool: str
    arguments: tuple[str, ...]
    reads: tuple[str, ...]


def prove(place: Path, proven: Path, show: Show) -> int:
    """Run every proof that the directory `proven` does not remember to have passed on the same bytes; returns how many there
    are. Raises `Refused` with all complaints, `tools.ToolMissing` without a tool."""
    proofs = list(_proofs(place))
    found = tools.ensure(sorted({proof.tool for proof in proofs}), lambda text: show.note(f"         {text}"))
    if played := list(_scenarios(place)):
        try:
            # No image holds it: where nothing can build it, a deploy goes on without, and says so.
            found |= tools.ensure([CLOCK], lambda text: show.note(f"         {text}"))
            proofs += played
        except tools.ToolMissing as missing:
            show.note(f"the scenarios of routes and inhibition are not played: {missing}", "warning")
    due = {mark: proof for proof in proofs if not (proven / (mark := _mark(place, proof, found[proof.tool]))).exists()}
    complaints: list[str] = []
    proven.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        runs = {pool.submit(_complaint, p, found[p.tool], place): (mark, p) for mark, p in due.items()}
        try:
            for count, ended in enumerate(as_completed(runs), start=1):
                mark, proof = runs[ended]
                said = ended.result()
                show.progress(f"{count} of {len(due)}: {proof.what}")
                if said is None:
                    (proven / mark).touch()
                else:
                    complaints.append(f"{proof.tool} refuses {proof.what}:\n{said}")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # or whoever stops us waits for every proof that has not begun
            raise
    if complaints:
        raise Refused("\n".join(sorted(complaints)))
    _forget(proven)
    return len(proofs)


def _mark(place: Path, proof: Proof, binary: Path) -> str:
    """The name of a proof: its tool and arguments, and every byte below the directories it reads."""
    known = hashlib.sha256("\0".join((str(binary), *proof.arguments)).encode())
    for name in proof.reads:
        for file in sorted((place / name).rglob("*") if (place / name).is_dir() else [place / name]):
            if file.is_file():
                known.update(f"\0{file.relative_to(place)}\0".encode() + file.read_bytes())
    return known.hexdigest()


def _forget(proven: Path) -> None:
    """Keep what was remembered last."""
    marks = sorted(proven.iterdir(), key=lambda file: file.stat().st_mtime)
    for mark in marks[:-REMEMBERED]:
        mark.unlink(missing_ok=True)


def _proofs(place: Path) -> Iterator[Proof]:
    config, rules, routes = "prometheus/prometheus.yml", "prometheus/rules", "alertmanager/alertmanager.yml"
    if (place / config).exists():
        yield Proof("the configuration and its rules", "promtool", ("check", "config", config), (config, rules))
    elif names := _names(place, f"{rules}/*.yml"):
        yield Proof("the rules", "promtool", ("check", "rules", *names), (rules,))
    for name in _names(place, "prometheus/tests/*.yml"):
        yield Proof(f"the unit tests in {name}", "promtool", ("test", "rules", name), (name, *(_tested(place, name) or (rules,))))
    if (place / routes).exists():
        yield Proof("the configuration", "amtool", ("check-config", routes), ("alertmanager",))
    for case in _route_cases(place / "alertmanager/tests/routes.yml"):
        labels = [f"{key}={value}" for key, value in case["labels"].items()]
        wanted = ",".join(case["receivers"])
        arguments = ("config", "routes", "test", f"--config.file={routes}", f"--verify.receivers={wanted}", *labels)
        yield Proof(f"the route test {case.get('name', ' '.join(labels))!r}", "amtool", arguments, (routes,))


def _tested(place: Path, name: str) -> tuple[str, ...]:
    """The rule files that a file of unit tests names before its tests, so that a changed rule file lets only its own tests run
    again; none where it names them otherwise."""
    head, tests, _ = (place / name).read_text(encoding="utf-8").partition("\ntests:")
    try:
        named = yaml.safe_load(head)["rule_files"] if tests else ()
        found = tuple(os.path.relpath((place / name).parent / one, place) for one in named)
    except (yaml.YAMLError, KeyError, TypeError):
        return ()
    return found if all((place / one).is_file() for one in found) else ()


def _scenarios(place: Path) -> Iterator[Proof]:
    for name in _names(place, f"{scenarios.FILES}/*.yml"):
        if scenarios.promises(place / name):
            yield Proof(f"the scenarios in {name}", CLOCK, (name,), (name, scenarios.CONFIG, "alertmanager/templates"))


def _route_cases(file: Path) -> list[dict[str, dict[str, str]]]:
    """Cases of routes.yml: a list of {name, labels, receivers}, at the top or under `tests`."""
    if not file.exists():
        return []
    value = yaml.safe_load(file.read_text(encoding="utf-8"))
    cases = value.get("tests", []) if isinstance(value, dict) else value
    return list(cases or [])


def _names(place: Path, pattern: str) -> tuple[str, ...]:
    return tuple(sorted(str(path.relative_to(place)) for path in place.glob(pattern)))


def _complaint(proof: Proof, tool: Path, place: Path) -> str | None:
    """What the tool says when it refuses; None when it does not."""
    try:
        if proof.tool != CLOCK:
            return _run([str(tool), *proof.arguments], place)
        wrong = scenarios.play(place, proof.arguments, tool)
        return "\n".join([*wrong, *((HASTY,) if any(" fails (" in one for one in wrong) else ())]) or None
    except NoAnswer as error:
        return str(error)


def _run(command: Sequence[str], place: Path) -> str | None:
    """What the tool says when it refuses; None when it does not."""
    answer = called(command, place, LIMIT)
    if answer.returncode == 0:
        return None
    return (answer.stdout + answer.stderr).strip() or f"exit code {answer.returncode}"
