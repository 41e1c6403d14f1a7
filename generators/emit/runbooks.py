"""Runbooks as Markdown. In: ir.runbooks. Out: docs/runbooks/<Alert>.md, one page an alert, and README.md, the list of them. The
headings are here in each language we speak; what is said under them comes with the IR."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generators.emit.serialize import HEADER
from generators.ir.runbooks import Runbook, Section

DIRECTORY = "docs/runbooks"

_WORDS = {
    "zh-CN": {
        "meaning": "含义",
        "impact": "影响",
        "condition": "触发条件",
        "steps": "先查什么",
        "causes": "可能的原因",
        "silence": "如何静默",
        "test": "如何测试",
        "note": "补充说明（人工撰写）",
        "dashboard": "打开仪表盘",
        "open": "在 Prometheus 中打开",
        "open-silence": "在 Alertmanager 中新建静默",
        "or": "或在命令行（先填写原因）：",
        "index": "告警处理手册",
        "alert": "告警",
    },
    "en": {
        "meaning": "Meaning",
        "impact": "Impact",
        "condition": "Condition",
        "steps": "Look at this first",
        "causes": "Likely causes",
        "silence": "How to silence it",
        "test": "How to test it",
        "note": "Notes, written by people",
        "dashboard": "Open the dashboard",
        "open": "Open in Prometheus",
        "open-silence": "New silence in Alertmanager",
        "or": "Or on the command line (say why):",
        "index": "Runbooks",
        "alert": "Alert",
    },
}


def emit(runbooks: tuple[Runbook, ...]) -> dict[str, str]:
    """One page for each alert, and the list of all."""
    pages = {f"{DIRECTORY}/{runbook.alert}.md": _page(runbook) for runbook in runbooks}
    return {**pages, f"{DIRECTORY}/README.md": _index(runbooks)} if runbooks else {}


def _words(locale: str) -> dict[str, str]:
    return _WORDS.get(locale, _WORDS["en"])


def _page(runbook: Runbook) -> str:
    parts = [f"<!-- {HEADER} -->", f"# {runbook.alert}"]
    if runbook.note:
        parts += [f"## {_words(runbook.sections[0].locale)['note']}", runbook.note.strip()]
    for section in runbook.sections:
        parts += _section(runbook, section)
    return "\n\n".join(parts) + "\n"


def _section(runbook: Runbook, section: Section) -> Iterable[str]:
    words = _words(section.locale)
    yield f"## {section.title}"
    yield _table(section.facts)
    yield f"[{words['dashboard']}]({runbook.dashboard_url})"
    for heading, text in (("meaning", section.meaning), ("impact", section.impact)):
        if text:
            yield f"### {words[heading]}\n\n{text}"
    yield f"### {words['condition']}\n\n{_fenced(runbook.expr, 'promql')}"
    if section.steps:
        yield f"### {words['steps']}"
        for number, step in enumerate(section.steps, 1):
            link = f"\n\n[{words['open']}]({step.link})" if step.link else ""
            yield f"{number}. {step.meaning}\n\n{_indented(_fenced(step.expr, 'promql') + link)}"
    if section.causes:
        yield f"### {words['causes']}\n\n" + "\n".join(f"- {cause}" for cause in section.causes)
    yield (
        f"### {words['silence']}\n\n[{words['open-silence']}]({runbook.silence_url})\n\n"
        f"{words['or']}\n\n{_fenced(runbook.silence_command, 'sh')}"
    )
    told = "\n".join(f"- {one}" for one in section.tests)
    yield f"### {words['test']}\n\n{told}\n\n{_fenced(runbook.test_command, 'sh')}"


def _table(facts: tuple[tuple[str, str], ...]) -> str:
    rows = [f"| {_cell(name)} | {_cell(value)} |" for name, value in facts]
    return "\n".join(["| | |", "|---|---|", *rows])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" if line else "" for line in text.splitlines())


def _index(runbooks: tuple[Runbook, ...]) -> str:
    words = _words(runbooks[0].sections[0].locale)
    rows = [f"| [{one.alert}]({one.alert}.md) | {' / '.join(_cell(part.title) for part in one.sections)} |" for one in runbooks]
    return "\n".join([f"<!-- {HEADER} -->", "", f"# {words['index']}", "", f"| {words['alert']} | |", "|---|---|", *rows]) + "\n"
