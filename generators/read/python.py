"""The Python side of a repository. In: all texts by path. Out: the metrics that its code defines and how they are used, the modules
that define them, and the words in quotes that any source file holds, among which are the names of metrics defined elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from generators.ir.found import FoundMetric, FoundModule
from generators.read.python_metrics import Definition, Parsed, definitions, mentions_library, parse_python
from generators.read.python_uses import is_test, modules, used
from generators.record import dataclass

SOURCES = (
    ".go",
    ".java",
    ".kt",
    ".scala",
    ".js",
    ".ts",
    ".mjs",
    ".jsx",
    ".tsx",
    ".rs",
    ".rb",
    ".cs",
    ".php",
    ".ex",
    ".erl",
    ".c",
    ".cc",
    ".cpp",
)
"""Files of other languages that may define metrics."""
_QUOTED = re.compile(r"[\"'`]([^\"'`\n]{3,120})[\"'`]")
_WORD = re.compile(r"[A-Za-z_:][\w:]*[_:][\w:]*")
_PLACEHOLDERS = ("%", "{", "$", "")
_DEFINES = re.compile(r"\b(Counter|Gauge|Histogram|Summary|Info|Enum)\w*\s*\(")
_STARTS = (".yml", ".yaml", ".toml", ".cfg", ".ini", ".sh", ".conf", ".service", ".json")


@dataclass(frozen=True, slots=True)
class Python:
    """What Python code says of metrics. `mentioned` are words of any source file that may name one."""

    metrics: tuple[FoundMetric, ...] = ()
    modules: tuple[FoundModule, ...] = ()
    mentioned: frozenset[str] = frozenset()


def read_python(texts: Mapping[str, str]) -> Python:
    """Read the Python files among the texts. The trees of files that name no metric are never made."""
    files = {path: text for path, text in texts.items() if path.endswith(".py")}
    parsed = {path: parse_python(path, text) for path, text in files.items() if mentions_library(text) and not is_test(path)}
    found = tuple(one for each in parsed.values() for one in definitions(each))
    broken = tuple(each for each in parsed.values() if each.tree is None and _DEFINES.search(each.text))
    if not found and not broken:
        return Python()
    words = _words(texts)
    metrics = used(found, _users(found, files, parsed))
    return Python(metrics, modules(found, broken, files, words), frozenset(_mentioned(texts)))


def _users(found: tuple[Definition, ...], files: Mapping[str, str], parsed: dict[str, Parsed]) -> Iterator[Parsed]:
    """The trees of files that name a metric's variable."""
    names = sorted({one.variable for one in found if one.variable})
    named = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b") if names else None
    for path, text in files.items():
        if path in parsed:
            yield parsed[path]
        elif named and named.search(text) and not is_test(path):
            yield parse_python(path, text)


def _words(texts: Mapping[str, str]) -> str:
    """What starts programs: compose files, Dockerfiles, scripts, settings."""
    return "\n".join(
        text
        for path, text in texts.items()
        if path.endswith(_STARTS) or posixpath.basename(path).lower().startswith(("dockerfile", "makefile", "procfile"))
    )


def _mentioned(texts: Mapping[str, str]) -> Iterator[str]:
    """Words in quotes in source files, as metrics would be written: dots and dashes are underscores there. One that a place-holder
    follows ("queue_%s_size") ends with an underscore: it is how names begin."""
    for path, source in texts.items():
        if path.endswith((*SOURCES, ".py")):
            for match in _QUOTED.finditer(source):
                text = re.sub(r"[.\-/]", "_", match[1])
                for word in _WORD.finditer(text):
                    begins = word[0].endswith("_") and text[word.end() : word.end() + 1] in _PLACEHOLDERS
                    yield word[0].lstrip("_") if begins else word[0].strip("_")
