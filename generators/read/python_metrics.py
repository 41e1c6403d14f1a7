"""Metrics that Python code defines with prometheus_client. In: the texts of a repository's Python files. Out: each metric with its
kind, labels and buckets, and the modules that define them or cannot be read. How a metric is used is python_uses.py's to say.

Only what the text tells is believed: a name that is computed is left out, labels that are computed are unknown."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from generators.fault import NOWHERE, Where
from generators.ir.contract import Metric, MetricKind
from generators.record import dataclass

LIBRARY = "prometheus_client"
KINDS: Mapping[str, MetricKind] = {
    "Counter": "counter",
    "Gauge": "gauge",
    "Histogram": "histogram",
    "Summary": "summary",
    "Info": "info",
    "Enum": "gauge",
}
_FAMILIES: Mapping[str, MetricKind] = {
    "CounterMetricFamily": "counter",
    "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram",
    "SummaryMetricFamily": "summary",
    "InfoMetricFamily": "info",
}
_MENTION = re.compile(rf"\b{LIBRARY}\b")
_DEFAULT_BUCKETS = (
    *(Decimal(bound) for bound in ("0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75")),
    *(Decimal(bound) for bound in ("1", "2.5", "5", "7.5", "10")),
)
"""Of prometheus_client 0.21, which adds +Inf."""

_UNITS = ("milliseconds", "microseconds", "nanoseconds", "seconds", "bytes", "ratio")
"""What names end with, as Prometheus recommends."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric as its call defines it. `variable` is the name it is bound to, "" where it is bound to none; `node` the call."""

    metric: Metric
    module: str
    variable: str
    node: ast.Call
    labels_known: bool
    collected: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """A Python file: its tree, or why it has none."""

    path: str
    text: str
    tree: ast.Module | None
    broken: str = ""
    where: Where = NOWHERE


def parse_python(path: str, text: str) -> Parsed:
    """The tree of one file. Never raises; hostile nesting ends as a file that does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Parsed(path, text, ast.parse(text), where=Where(path))
    except SyntaxError as error:
        return Parsed(path, text, None, str(error.msg), Where(path, error.lineno or 1, max(error.offset or 1, 1)))
    except (ValueError, RecursionError, MemoryError) as error:
        return Parsed(path, text, None, str(error) or "nested too deeply", Where(path))


def mentions_library(text: str) -> bool:
    """Whether a file may define metrics."""
    return _MENTION.search(text) is not None


def definitions(parsed: Parsed) -> tuple[Definition, ...]:
    """Every metric that a file defines under a name that its text tells."""
    if parsed.tree is None:
        return ()
    classes, modules = _imported(parsed.tree)
    constants = _constants(parsed.tree)
    variables = {id(value): name for name, value in _bound(parsed.tree)}
    found: list[Definition] = []
    for node in ast.walk(parsed.tree):
        name = _class(node, classes, modules)
        if isinstance(node, ast.Call) and name:
            definition = _definition(parsed.path, node, name, constants, variables.get(id(node), ""))
            if definition is not None:
                found.append(definition)
    return tuple(found)


def _imported(tree: ast.Module) -> tuple[Mapping[str, str], frozenset[str]]:
    """The library's classes by the name they have in this file, and the names of the library itself."""
    classes: dict[str, str] = {}
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == LIBRARY:
            for each in node.names:
                if each.name in ("metrics", "core", "metrics_core"):
                    modules.add(each.asname or each.name)
                for one in (*KINDS, *_FAMILIES) if each.name == "*" else (each.name,):
                    classes[each.asname or one] = one
        elif isinstance(node, ast.Import):
            modules.update(each.asname or each.name for each in node.names if each.name.split(".")[0] == LIBRARY)
    return classes, frozenset(modules)


def _class(node: ast.AST, classes: Mapping[str, str], modules: frozenset[str]) -> str:
    """The library's class that a call makes, "" where it makes none."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    name = ""
    if isinstance(called, ast.Name):
        name = classes.get(called.id, "")
    elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in modules:
        name = called.attr
    return name if name in KINDS or name in _FAMILIES else ""


def _constants(tree: ast.Module) -> Mapping[str, ast.expr]:
    """What the module's own names are bound to, where each is bound once."""
    bound: dict[str, ast.expr | None] = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target if isinstance(node, ast.AnnAssign) else None
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(target, ast.Name) and value is not None:
            bound[target.id] = None if target.id in bound else value
    return {name: value for name, value in bound.items() if value is not None}


def _bound(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            target, value = node.target, node.value
        else:
            continue
        if isinstance(target, ast.Name):
            yield target.id, value
        elif isinstance(target, ast.Attribute):
            yield target.attr, value


def _definition(path: str, node: ast.Call, name: str, constants: Mapping[str, ast.expr], variable: str) -> Definition | None:
    given = {each.arg: each.value for each in node.keywords if each.arg}
    places = (
        ("name", "documentation", "labels")
        if name in _FAMILIES
        else ("name", "documentation", "labelnames", "namespace", "subsystem")
    )
    given.update(zip(places, node.args, strict=False))
    if name in _FAMILIES:
        given.update(zip(("name", "documentation"), node.args, strict=False))
    parts = [fold(given[key], constants) if key in given else "" for key in ("namespace", "subsystem", "name")]
    if any(part is None for part in parts) or not parts[2]:
        return None
    kind = {**KINDS, **_FAMILIES}[name]
    full = "_".join(str(part) for part in parts if part)
    if kind == "counter":
        full = full.removesuffix("_total") + "_total"
    if kind == "info":
        full = full.removesuffix("_info") + "_info"
    labels = _strings(given.get("labelnames", given.get("labels")), constants)
    extra = (full,) if name == "Enum" else ()
    metric = Metric(
        name=full,
        kind=kind,
        labels=(*(labels or ()), *extra),
        help=fold(given["documentation"], constants) or "" if "documentation" in given else "",
        buckets=_buckets(given.get("buckets"), constants) if kind == "histogram" else (),
        unit=next((unit for unit in _UNITS if full.removesuffix("_total").endswith(f"_{unit}")), ""),
        source="python",
        where=Where(path, node.lineno, node.col_offset + 1),
    )
    return Definition(metric, path, variable, node, labels is not None and name not in _FAMILIES, name in _FAMILIES)


def fold(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 0) -> str | None:
    """The text of an expression made of plain texts and the module's own names; None where it is more than that."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else None
    if depth > 8:
        return None
    if isinstance(node, ast.Name) and node.id in constants:
        return fold(constants[node.id], constants, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined((node.left, node.right), constants, depth)
    if isinstance(node, ast.JoinedStr):
        return _joined([each.value if isinstance(each, ast.FormattedValue) else each for each in node.values], constants, depth)
    return None


def _joined(parts: Iterable[ast.expr], constants: Mapping[str, ast.expr], depth: int) -> str | None:
    texts = [fold(part, constants, depth + 1) for part in parts]
    return None if None in texts else "".join(str(text) for text in texts)


def _strings(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> tuple[str, ...] | None:
    """The texts of a list; () where there is none, None where they cannot be told."""
    if node is None:
        return ()
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    texts = [fold(each, constants) for each in node.elts]
    return None if None in texts else tuple(str(text) for text in texts)


def _buckets(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> tuple[Decimal, ...]:
    """The finite bounds; () where they cannot be told."""
    if node is None:
        return _DEFAULT_BUCKETS
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    if not isinstance(node, ast.List | ast.Tuple):
        return ()
    try:
        finite = [each for each in node.elts if "inf" not in ast.unparse(each).lower()]
        return tuple(Decimal(ast.unparse(each).replace("_", "")) for each in finite)
    except (InvalidOperation, RecursionError):
        return ()
