"""The typed Python module of an application. In: ir.telemetry. Out: one module for each service, as `ruff format` would leave it and as
`mypy --strict` accepts it: a wrong name, label or value of a label is an error in the editor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from unicodedata import east_asian_width

from generators.conventions import GENERATED_MODULE
from generators.ir.telemetry import TelemetryMetric, TelemetryModule

WIDTH = 130
"""Columns of a line."""
LONGEST = 60
"""Characters of a value up to which it is worth a literal type."""

VERBS = {
    "counter": ("inc", "Count `by` more of them.", "self.add(by, {labels})"),
    "histogram": ("observe", "One of them had this value.", "self.record(value, {labels})"),
}


def emit(modules: Sequence[TelemetryModule]) -> dict[str, str]:
    """Each module at its path."""
    return {module.path: "\n".join(_lines(module)) + "\n" for module in modules}


def _lines(module: TelemetryModule) -> Iterator[str]:
    yield f"{GENERATED_MODULE}{module.project}: change its spec, run `make generate`."
    yield "# ruff: noqa"
    yield f'"""What {module.service} exports: one object a metric, called by its name, and the contract that holds them all."""'
    yield ""
    if any(_is_literal(values) for metric in module.metrics for values in metric.values.values()):
        yield from ("from typing import Literal", "")
    kinds = sorted({metric.kind.capitalize() for metric in module.metrics})
    yield f"from touchline_client import {', '.join(['Contract', *kinds, 'Keep'])}"
    for metric in module.metrics:
        yield from ("", "")
        yield from _class(metric)
    yield from ("", "") if module.metrics else ("",)
    for metric in module.metrics:
        yield from _object(metric)
    yield from _contract(module)


def _class(metric: TelemetryMetric) -> Iterator[str]:
    yield f"class {metric.type}({metric.kind.capitalize()}):"
    yield from (f'    """{_docstring(metric.help or metric.name)}"""', "", "    __slots__ = ()", "")
    labels = _tuple(metric.arguments)
    if metric.kind == "gauge":
        yield from _method("set", ["value: float"], [], metric, "It is `value` now.", f"self.assign(value, {labels})")
        yield ""
        yield from _method("inc", [], ["by: float = 1.0"], metric, "It has risen by `by`.", f"self.add(by, {labels})")
        yield ""
        yield from _method("dec", [], ["by: float = 1.0"], metric, "It has fallen by `by`.", f"self.add(-by, {labels})")
        return
    name, says, call = VERBS[metric.kind]
    first, last = ([], ["by: float = 1.0"]) if metric.kind == "counter" else (["value: float"], [])
    yield from _method(name, first, last, metric, says, call.format(labels=labels))


def _method(name: str, first: list[str], last: list[str], metric: TelemetryMetric, says: str, call: str) -> Iterator[str]:
    """Values by position, labels by name alone."""
    named = [line for pair in zip(metric.labels, metric.arguments, strict=True) for line in _argument(metric, *pair)]
    if not named:
        arguments = ", ".join(["self", *first, *(["*", *last] if last else [])])
        yield f"    def {name}({arguments}) -> None:"
    else:
        yield f"    def {name}("
        yield from (f"        {one}," for one in ("self", *first, "*"))
        yield from (f"        {line}" for line in named)
        yield from (f"        {one}," for one in last)
        yield "    ) -> None:"
    yield f'        """{says}"""'
    yield f"        {call}"


def _argument(metric: TelemetryMetric, label: str, argument: str) -> Iterator[str]:
    values = metric.values.get(label, ())
    if not _is_literal(values):
        yield f"{argument}: str,"
        return
    yield from _spread(f"{argument}: Literal[", [_quoted(value) for value in values], "],", 8)


def _is_literal(values: Sequence[str]) -> bool:
    return bool(values) and all(len(value) <= LONGEST and value.isprintable() for value in values)


def _object(metric: TelemetryMetric) -> Iterator[str]:
    yield f"{metric.variable} = {metric.type}("
    yield f"    {_quoted(metric.name)},"
    yield f"    {_quoted(metric.help)},"
    if metric.labels:
        yield from _indented(_spread("labels=", [_quoted(label) for label in metric.labels], ",", 4), 4)
    if metric.values:
        yield "    values={"
        for label, values in metric.values.items():
            yield from _indented(_spread(f"{_quoted(label)}: ", [_quoted(value) for value in values], ",", 8), 8)
        yield "    },"
    if metric.kind == "histogram":
        yield from _indented(_spread("buckets=", [_number(bound) for bound in metric.buckets], ",", 4), 4)
    if metric.kind == "gauge":
        yield f"    workers={_quoted(metric.workers)},"
    yield ")"


def _contract(module: TelemetryModule) -> Iterator[str]:
    slower = "None" if module.slower_than is None else _number(module.slower_than)
    yield "CONTRACT = Contract("
    yield f"    {_quoted(module.service)},"
    yield from _indented(_spread("", [metric.variable for metric in module.metrics], ",", 4), 4)
    yield "    keep=Keep("
    yield f"        errors={module.keep_errors},"
    yield f"        slower_than={slower},"
    yield from _indented(_spread("operations=", _operations(module.keep_operations), ",", 8), 8)
    yield "    ),"
    yield from _indented(_spread("operations=", _operations(module.operations), ",", 4), 4)
    yield f"    metrics_path={_quoted(module.metrics_path)},"
    yield ")"


def _operations(operations: Iterable[tuple[str, str]]) -> list[str]:
    return [f"({_quoted(method)}, {_quoted(route)})" for method, route in operations]


def _spread(begin: str, items: Sequence[str], end: str, indent: int) -> Iterator[str]:
    """A tuple, or what is in brackets that `begin` opened: on one line where it fits, else an item a line."""
    opened = begin.endswith("[")
    one_line = begin + (", ".join(items) if opened else _tuple(items)) + end
    if indent + _width(one_line) <= WIDTH or not items:
        yield one_line
        return
    yield begin + ("" if opened else "(")
    yield from (f"    {item}," for item in items)
    yield end if opened else f"){end}"


def _tuple(items: Sequence[str]) -> str:
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _width(text: str) -> int:
    """Columns on a screen: Chinese characters take two, and `ruff format` counts them so."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line for line in lines)


def _number(value: Decimal) -> str:
    """As a float of Python, exactly as people wrote it."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


def _docstring(text: str) -> str:
    return " ".join(text.replace("\\", "/").replace('"', "'").split())


def _quoted(text: str) -> str:
    """A string of Python in the quotes that need fewer escapes, double ones when in doubt."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in escaped)
    return f"{quote}{shown}{quote}"
