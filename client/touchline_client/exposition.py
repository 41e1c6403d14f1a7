"""The page that Prometheus scrapes. In: a contract and the joined slots. Out: text, as OpenMetrics 1.0 (with exemplars) or in
Prometheus's own format 0.0.4. What is in the files and not in the contract, another release's metric for instance, is not exported.

There are no `_created` samples: they would double the counters' series, and nothing in what we compile reads them; Prometheus asks for
them only behind a feature flag."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from touchline_client.metrics import Histogram, Metric
from touchline_client.records import EXEMPLAR_SLOTS, Key, unpack_exemplar

OPENMETRICS = "application/openmetrics-text"
OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

EVERY = 16
"""Label sets after which the interpreter is given to whoever waits for it."""

Series = Sequence[tuple[tuple[str, ...], Sequence[float]]]


def wants_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is liked at least as much as plain text (RFC 9110, 12.5.1); without a word, plain text serves."""
    liked = {"openmetrics": 0.0, "text": 0.0}
    for part in accept.split(","):
        kind, *parameters = (one.strip().lower() for one in part.split(";"))
        name = "openmetrics" if kind == OPENMETRICS else "text" if kind in ("text/plain", "text/*", "*/*") else ""
        if name:
            liked[name] = max(liked[name], _quality(parameters))
    return liked["openmetrics"] > 0 and liked["openmetrics"] >= liked["text"]


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def openmetrics(metrics: Mapping[str, Metric], slots: Mapping[Key, Sequence[float]]) -> bytes:
    """The page as OpenMetrics 1.0."""
    lines: list[str] = []
    for metric, series in _families(metrics, slots):
        # OpenMetrics names a counter without its suffix, and knows none without it.
        counter = metric.kind == "counter" and metric.name.endswith("_total")
        family = metric.name.removesuffix("_total") if counter else metric.name
        kind = "unknown" if metric.kind == "counter" and not counter else metric.kind
        lines += (f"# HELP {family} {_escaped(metric.help)}", f"# TYPE {family} {kind}")
        lines += _samples(metric, series, _no_exemplar if kind == "unknown" else _exemplar)  # what is unknown may have none
    return ("\n".join([*lines, "# EOF"]) + "\n").encode()


def plain(metrics: Mapping[str, Metric], slots: Mapping[Key, Sequence[float]]) -> bytes:
    """The page in Prometheus's format 0.0.4."""
    lines: list[str] = []
    for metric, series in _families(metrics, slots):
        help_text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
        lines += (f"# HELP {metric.name} {help_text}", f"# TYPE {metric.name} {metric.kind}")
        lines += _samples(metric, series, _no_exemplar)
    return ("\n".join(lines) + "\n").encode()


def _families(metrics: Mapping[str, Metric], slots: Mapping[Key, Sequence[float]]) -> Iterator[tuple[Metric, Series]]:
    found: dict[tuple[str, str], list[tuple[tuple[str, ...], Sequence[float]]]] = {}
    for (name, shape, labels), values in slots.items():
        found.setdefault((name, shape), []).append((labels, values))
    for name, metric in metrics.items():
        series = [one for one in found.get((name, metric.shape), ()) if len(one[0]) == len(metric.labels)]
        yield metric, sorted(series, key=_by_labels)


def _by_labels(series: tuple[tuple[str, ...], Sequence[float]]) -> tuple[str, ...]:
    return series[0]


def _samples(metric: Metric, series: Series, exemplar: Callable[[Sequence[float]], str]) -> Iterator[str]:
    for number, (labels, values) in enumerate(series):
        if number % EVERY == 0:
            time.sleep(0)  # requests are served by another thread, which waits for the interpreter
        inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(metric.labels, labels, strict=True))
        if isinstance(metric, Histogram):
            yield from _buckets(metric, inside, values, exemplar)
        else:
            shown = f"{metric.name}{{{inside}}}" if inside else metric.name
            yield f"{shown} {_number(values[0])}{exemplar(values[1:]) if metric.kind == 'counter' else ''}"


def _buckets(
    metric: Histogram, inside: str, values: Sequence[float], exemplar: Callable[[Sequence[float]], str]
) -> Iterator[str]:
    count, comma = 0.0, "," if inside else ""
    for index, bound in enumerate((*metric.bounds, math.inf)):
        count += values[index]
        at = len(metric.bounds) + 2 + index * EXEMPLAR_SLOTS
        yield f'{metric.name}_bucket{{{inside}{comma}le="{_number(bound)}"}} {_number(count)}{exemplar(values[at : at + EXEMPLAR_SLOTS])}'
    braces = f"{{{inside}}}" if inside else ""
    yield f"{metric.name}_sum{braces} {_number(values[len(metric.bounds) + 1])}"
    yield f"{metric.name}_count{braces} {_number(count)}"


def _exemplar(slots: Sequence[float]) -> str:
    found = unpack_exemplar(slots)
    return f' # {{trace_id="{found[0]}"}} {_number(found[1])} {found[2]:.3f}' if found else ""


def _no_exemplar(slots: Sequence[float]) -> str:
    return ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    """As both formats and Go read it."""
    if value == math.inf:
        return "+Inf"
    if value == -math.inf:
        return "-Inf"
    return "NaN" if value != value else repr(value)
