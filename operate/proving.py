"""The engines' own tools on a release before anything runs it. In: the directory of a candidate. Out: nothing, or every
complaint of promtool and amtool in their own words. What they refuse is the user's to mend; a tool that is missing is not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from operate import tools
from operate.show import Show

LIMIT = 600.0


class Refused(Exception):  # noqa: N818 - what is raised is that the tools refused
    """promtool or amtool refuse the candidate; the text is theirs."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One run of a tool: what it shows, and the command."""

    what: str
    tool: str
    arguments: tuple[str, ...]


def prove(place: Path, show: Show) -> int:
    """Run every proof; returns how many. Raises `Refused` with all complaints, `tools.ToolMissing` without a tool."""
    complaints: list[str] = []
    proofs = list(_proofs(place))
    found = tools.ensure(sorted({proof.tool for proof in proofs}), lambda text: show.note(f"         {text}"))
    for proof in proofs:
        said = _run([str(found[proof.tool]), *proof.arguments], place)
        if said is not None:
            complaints.append(f"{proof.tool} refuses {proof.what}:\n{said}")
    if complaints:
        raise Refused("\n".join(complaints))
    return len(proofs)


def _proofs(place: Path) -> Iterator[Proof]:
    if (place / "prometheus/prometheus.yml").exists():
        yield Proof("the configuration and its rules", "promtool", ("check", "config", "prometheus/prometheus.yml"))
    elif rules := _names(place, "prometheus/rules/*.yml"):
        yield Proof("the rules", "promtool", ("check", "rules", *rules))
    if tests := _names(place, "prometheus/tests/*.yml"):
        yield Proof("the unit tests of the rules", "promtool", ("test", "rules", *tests))
    config = "alertmanager/alertmanager.yml"
    if (place / config).exists():
        yield Proof("the configuration", "amtool", ("check-config", config))
    for case in _route_cases(place / "alertmanager/tests/routes.yml"):
        labels = [f"{key}={value}" for key, value in case["labels"].items()]
        wanted = ",".join(case["receivers"])
        arguments = ("config", "routes", "test", f"--config.file={config}", f"--verify.receivers={wanted}", *labels)
        yield Proof(f"the route test {case.get('name', ' '.join(labels))!r}", "amtool", arguments)


def _route_cases(file: Path) -> list[dict[str, dict[str, str]]]:
    """Cases of routes.yml: a list of {name, labels, receivers}, at the top or under `tests`."""
    if not file.exists():
        return []
    value = yaml.safe_load(file.read_text(encoding="utf-8"))
    cases = value.get("tests", []) if isinstance(value, dict) else value
    return list(cases or [])


def _names(place: Path, pattern: str) -> tuple[str, ...]:
    return tuple(sorted(str(path.relative_to(place)) for path in place.glob(pattern)))


def _run(command: Sequence[str], place: Path) -> str | None:
    """What the tool says when it refuses; None when it does not."""
    try:
        answer = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT:.0f} s"
    if answer.returncode == 0:
        return None
    return (answer.stdout + answer.stderr).strip() or f"exit code {answer.returncode}"
