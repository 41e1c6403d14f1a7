"""Scenarios of alerts and messages, for people to read and for alertmanager-clock to play. In: ir.scenarios. Out:
alertmanager/tests/<name>.yml. A time like 25s..970s is from when to when an alert fires; one alone has no end."""

from __future__ import annotations

from typing import Any

from generators.emit.serialize import yaml
from generators.ir.scenarios import Firing, Scenario, ScenarioFile


def emit(file: ScenarioFile) -> str:
    """The text of the file."""
    content: dict[str, Any] = {
        "resend": f"{file.resend}s",
        "valid": f"{file.valid}s",
        "alerts": file.alerts,
    }
    if file.usually:
        content["usually"] = file.usually
    content["scenarios"] = [_scenario(one, file) for one in file.scenarios]
    return yaml(content, file.title)


def _scenario(scenario: Scenario, file: ScenarioFile) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": scenario.name, "starts": scenario.starts, "lasts": f"{scenario.lasts}s"}
    spans: dict[str, list[str]] = {}
    for firing in scenario.firings:
        spans.setdefault(_span(firing), []).append(firing.alert)
    # Where all fire at once, the names are those of the file.
    everything = list(spans.values()) == [list(file.alerts)]
    entry["fires"] = dict.fromkeys(spans, "all") if everything else spans
    if scenario.messages:
        entry["messages"] = [{"at": f"{one.at}s", "receiver": one.receiver, "alerts": one.alerts} for one in scenario.messages]
    elif file.usually:
        entry["quiet"] = scenario.quiet
    else:
        entry["told"] = scenario.told
    return entry


def _span(firing: Firing) -> str:
    return f"{firing.fires}s" if firing.ends is None else f"{firing.fires}s..{firing.ends}s"
