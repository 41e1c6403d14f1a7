"""How the metrics that Python code defines are used. In: definitions, and the texts of all Python files. Out: for each whether its
value ever changes, is only ever set to one constant, or never changes; and whether anything imports its module.

In doubt a metric is used: one that is handed to a function, kept in a mapping or asked for by its name as text may be changed
where this cannot see. Names are matched, not objects: two metrics bound to one name count as used together."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from generators.fault import Where
from generators.ir.found import FoundMetric, FoundModule, Use
from generators.read.python_metrics import Definition, Parsed

_CHANGES = frozenset(
    {
        "inc",
        "dec",
        "set",
        "observe",
        "time",
        "count_exceptions",
        "track_inprogress",
        "set_to_current_time",
        "set_function",
        "info",
        "state",
    }
)
_READS = frozenset({"remove", "clear", "describe", "collect"})
_TEST = re.compile(r"(^|/)(tests?|testing|conftest\.py$|test_[^/]*$)|_test\.py$")
_ENTRY = frozenset({"__main__", "main", "app", "wsgi", "asgi", "manage", "run", "server", "cli", "setup", "settings", "conftest"})
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t][^\n(]*(?:\([^)]*\))?", re.MULTILINE)
_MAIN = re.compile(r"^if\s+__name__\s*==", re.MULTILINE)


def is_test(path: str) -> bool:
    """Whether a file is a test: what only tests do does not happen in production."""
    return _TEST.search(path) is not None


def used(found: Iterable[Definition], trees: Iterable[Parsed]) -> tuple[FoundMetric, ...]:
    """Each definition with how it is used."""
    found = tuple(found)
    names = {one.variable for one in found if one.variable}
    seen: dict[str, list[str | None]] = defaultdict(list)
    unclear: set[str] = set()
    mine = {id(one.node) for one in found}
    inline: dict[int, list[str | None]] = defaultdict(list)
    loose: set[int] = set()
    for parsed in trees:
        if parsed.tree is None or is_test(parsed.path):
            continue
        parents = {id(child): node for node in ast.walk(parsed.tree) for child in ast.iter_child_nodes(node)}
        for node in ast.walk(parsed.tree):
            if id(node) in mine:
                _judge(node, parents, inline[id(node)], loose, id(node))
            name = _loaded(node)
            if name in names:
                _judge(node, parents, seen[name], unclear, name)
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value in names
                and not _listed(node, parents)
            ):
                unclear.add(node.value)
    return tuple(_found(one, seen, unclear, inline, loose) for one in found)


def _loaded(node: ast.AST) -> str:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) else ""


def _listed(node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    """Whether a text stands in `__all__`."""
    above = parents.get(id(parents.get(id(node))))
    targets = above.targets if isinstance(above, ast.Assign) else []
    return any(isinstance(one, ast.Name) and one.id == "__all__" for one in targets)


def _judge(node: ast.AST, parents: Mapping[int, ast.AST], values: list[str | None], unclear: set, key: object) -> None:  # type: ignore[type-arg]
    """What happens to a metric where it is named: a change adds its constant (None where it is none), all else is unclear."""
    above = parents.get(id(node))
    while isinstance(above, ast.Attribute) and above.attr == "labels":
        call = parents.get(id(above))
        if not isinstance(call, ast.Call):
            break
        node, above = call, parents.get(id(call))
    if isinstance(above, ast.Attribute):
        if above.attr in _CHANGES:
            values.append(_constant(above.attr, parents.get(id(above))))
        elif above.attr not in _READS:
            unclear.add(key)
    elif isinstance(above, ast.Assign | ast.AnnAssign) and isinstance(node, ast.Call) and not _is_labels(node):
        return  # the definition itself, bound to its name
    elif not isinstance(above, ast.Expr):
        unclear.add(key)


def _is_labels(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "labels"


def _constant(method: str, call: ast.AST | None) -> str | None:
    """The one value that a call sets or observes, None where it varies. Adding a constant changes a value all the same."""
    if not isinstance(call, ast.Call) or method not in ("set", "observe", "inc", "dec") or call.keywords or len(call.args) != 1:
        return None
    value = call.args[0]
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    if not isinstance(value, ast.Constant) or not isinstance(value.value, int | float):
        return None
    if method in ("inc", "dec"):
        return "0" if value.value == 0 else None
    return ast.unparse(call.args[0])


def _found(
    one: Definition,
    seen: Mapping[str, list[str | None]],
    unclear: set[str],
    inline: Mapping[int, list[str | None]],
    loose: set[int],
) -> FoundMetric:
    values = [*(seen.get(one.variable, []) if one.variable else []), *inline.get(id(one.node), [])]
    use: Use = "never"
    constant = ""
    if one.collected or one.variable in unclear or id(one.node) in loose:
        use = "unclear"
    elif values and None not in values and len(set(values)) == 1:
        use, constant = "constant", str(values[0])
    elif values:
        use = "changed"
    return FoundMetric(one.metric, one.module, one.variable, use, constant, one.labels_known)


def modules(
    found: Iterable[Definition], broken: Iterable[Parsed], texts: Mapping[str, str], others: str
) -> tuple[FoundModule, ...]:
    """The modules that define metrics, and those that would if they parsed. `texts` are all Python files, `others` the words of
    compose files, Dockerfiles, scripts: what starts a module need not import it."""
    counts: dict[str, int] = defaultdict(int)
    wheres: dict[str, Where] = {}
    for one in found:
        counts[one.module] += 1
        wheres.setdefault(one.module, one.metric.where)
    imports = {path: "\n".join(match[0] for match in _IMPORT.finditer(text)) for path, text in texts.items() if not is_test(path)}
    result = [
        FoundModule(path, count, _imported(path, texts, imports, others), "", wheres[path])
        for path, count in sorted(counts.items())
    ]
    result += [FoundModule(each.path, 0, True, each.broken, each.where) for each in broken]
    return tuple(result)


def _imported(path: str, texts: Mapping[str, str], imports: Mapping[str, str], others: str) -> bool:
    folder, file = posixpath.split(path)
    stem = file.removesuffix(".py")
    if stem != "__init__" and f"{path.removesuffix('.py')}/__init__.py" in texts:
        return False  # a package of the same name stands before the module
    if is_test(path) or stem in _ENTRY or _MAIN.search(texts[path]):
        return True
    name = posixpath.basename(folder) if stem == "__init__" else stem
    if not name:
        return True
    word = re.compile(rf"\b{re.escape(name)}\b")
    if any(word.search(statement) for other, statement in imports.items() if other != path):
        return True
    spoken = re.compile(rf"[\w.]\.{re.escape(name)}\b|\b{re.escape(name)}(\.py\b|:\w)")
    return any(spoken.search(text) for text in _spoken(path, texts, others))


def _spoken(path: str, texts: Mapping[str, str], others: str) -> Iterator[str]:
    yield others
    yield from (text for other, text in texts.items() if other != path and not is_test(other))
