"""The pages of the findings, docs/checks/ID.md, as fixtures. In: a page. Out: the files of its bad and of its good example; what the
good one does not repeat is as in the bad one. So what the documents say is what the audit does."""

from __future__ import annotations

import re
from pathlib import Path

from generators.audit import Audit, Tree, audit

PAGES = Path(__file__).resolve().parents[2] / "docs" / "checks"
_FILE = re.compile(r"^`([^`\n]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> tuple[dict[str, str], dict[str, str]]:
    """The bad and the good repository of a page, texts by path."""
    text = page.read_text(encoding="utf-8")
    bad, _, good = text.partition("\n## Bad\n")[2].partition("\n## Good\n")
    wrong = dict(_FILE.findall(bad))
    return wrong, wrong | dict(_FILE.findall(good))


def audited(files: dict[str, str]) -> Audit:
    """The audit of a repository of these files alone."""
    folders = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    return audit(Tree(files, frozenset(files) | folders))
