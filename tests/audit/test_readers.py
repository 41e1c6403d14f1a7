# ruff: noqa: E501 - a configuration that stands on one line here is read at a glance
"""Foreign text is read as the programs it is for read it, and every value knows its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generators.ir.alerting import Matcher
from generators.read.alertmanager import parse_matchers
from generators.read.compose import known, read_compose
from generators.read.document import Document
from generators.read.durations import seconds_of
from generators.read.json_text import json_source
from generators.read.python_metrics import definitions, parse_python
from generators.read.python_uses import used
from generators.read.yaml_documents import yaml_documents

SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)

# How long making an example takes says nothing about the reader.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_is_read_as_pythons_own_reader_does(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    source = json_source(text, "a.json")
    assert (source.value, source.faults) == (value, [])


@UNHURRIED
@given(VALUES)
def test_each_json_value_stands_where_its_place_says(value: Any) -> None:
    text = json.dumps(value, indent=1)
    source = json_source(text, "a.json")
    lines = text.split("\n")
    for place in source.values:
        where, found = source.where(place), source.value
        for part in place:
            found = found[part]
        rest = "\n".join([lines[where.line - 1][where.column - 1 :], *lines[where.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == found


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", '{"a" 1}', '{"a":1,}', "[1 2]", "tru", '"a', "{1:2}", "[1]]", '{"a":', "\x00", '"\\x"']
)
def test_what_is_no_json_is_one_fault(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    source = json_source(text, "a.json")
    assert [fault.id for fault in source.faults] == ["json"]


DOCUMENT = """a: &a {x: 1, y: [p, q]}
b: {<<: *a, x: 2}
c: {<<: [*a, {z: 3}], y: n}
? [k, l]
: m
d: !tag text
"""


def test_yaml_of_others_has_merges_tags_and_several_documents() -> None:
    plain = yaml.safe_load(DOCUMENT.replace("!tag ", "").replace("? [k, l]\n: m\n", ""))
    first, second = yaml_documents(DOCUMENT + "---\ne: 1\n", "a.yml")
    assert first.value == plain
    assert second.value == {"e": 1}
    assert str(second.where(("e",))) == "a.yml:8:4"


def test_the_documents_before_a_broken_one_are_kept() -> None:
    sources = yaml_documents("a: 1\n---\nb: [\n", "a.yml")
    assert sources[0].value == {"a": 1}
    assert [fault.id for source in sources for fault in source.faults] == ["yaml"]


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ('severity="critical"', [Matcher("severity", "=", "critical")]),
        ("severity=~warning|info", [Matcher("severity", "=~", "warning|info")]),
        ('{a="b",c!~"d,e"}', [Matcher("a", "=", "b"), Matcher("c", "!~", "d,e")]),
        ('"my label" != "x\\"y"', [Matcher("my label", "!=", 'x"y')]),
        ("severity", []),
        ('a="b" nonsense', []),
    ],
)
def test_matchers_of_alertmanager(text: str, matchers: list[Matcher]) -> None:
    assert list(parse_matchers(text)) == matchers


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h30m", 5400), ("250ms", 0), ("1y", 31536000), ("0", 0), ("5min", None), ("", None), ("1m1h", None)]
)
def test_durations_of_prometheus(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("${A:-x}", "x"), ("a/${A-b}:c", "a/b:c"), ("${A}", None), ("$A", None), ("${A:?no}", None), ("plain", "plain")],
)
def test_variables_of_compose(text: str, value: str | None) -> None:
    assert known(text) == value


def test_short_and_long_forms_of_compose_are_alike() -> None:
    short = "services:\n  a:\n    image: x:1\n    ports: ['127.0.0.1:8080:80/tcp']\n    volumes: ['./a:/b:ro', 'v:/c']\n    environment: [K=V]\n    depends_on: [b]\n"
    long = (
        "services:\n  a:\n    image: x:1\n    ports: [{target: 80, published: 8080}]\n    environment: {K: V}\n    depends_on: {b: {condition: x}}\n"
        "    volumes: [{type: bind, source: ./a, target: /b, read_only: true}, {type: volume, source: v, target: /c}]\n"
    )
    services = []
    for text in (short, long):
        (source,) = yaml_documents(text, "c/compose.yml")
        (service,) = read_compose(Document("c/compose.yml", source)).services
        mounts = [(mount.source.text, mount.target, mount.path, mount.read_only, mount.volume) for mount in service.mounts]
        services.append((service.ports, service.environment, [one.text for one in service.needs], mounts))
    assert services[0] == services[1]
    assert services[0][0] == ((8080, 80),)
    assert services[0][3][0] == ("./a", "/b", "c/a", True, False)


CODE = """
import prometheus_client as pc
from prometheus_client import Counter as C, Histogram, Info
from prometheus_client.core import GaugeMetricFamily

SPACE = "app"
LABELS = ["method", "path"]
A = C("requests", "Requests", LABELS, namespace=SPACE)
B = Histogram(f"{SPACE}_wait_seconds", "Wait", buckets=(0.1, 1, float("inf")))
D = pc.Gauge(name="depth", documentation="Depth", labelnames=("queue",), subsystem="q")
E = Info("build", "Build")
F = pc.Gauge(computed(), "?")
G = pc.Gauge("free", "Free", labels())


def collect():
    yield GaugeMetricFamily("family_a", "A", labels=["x"])
"""


def test_definitions_of_python() -> None:
    found = {one.metric.name: one for one in definitions(parse_python("a.py", CODE))}
    assert set(found) == {"app_requests_total", "app_wait_seconds", "q_depth", "build_info", "free", "family_a"}
    assert found["app_requests_total"].metric.labels == ("method", "path")
    assert [str(bound) for bound in found["app_wait_seconds"].metric.buckets] == ["0.1", "1"]
    assert (found["q_depth"].metric.kind, found["q_depth"].metric.labels, found["free"].labels_known) == (
        "gauge",
        ("queue",),
        False,
    )
    assert str(found["app_requests_total"].metric.where) == "a.py:8:5"


@pytest.mark.parametrize(
    ("use", "judged"),
    [
        ("X.inc()", "changed"),
        ("X.labels('a').set(v)", "changed"),
        ("X.set(1)", "constant"),
        ("X.set(1); X.set(2)", "changed"),
        ("X.set(1); X.set(1)", "constant"),
        ("X.inc(0)", "constant"),
        ("X.labels('a')", "never"),
        ("X.clear()", "never"),
        ("pass", "never"),
        ("f(X)", "unclear"),
        ("y = X", "unclear"),
        ("y = X.labels('a')", "unclear"),
        ("f(X.labels('a'))", "unclear"),
        ("d = {'x': X}", "unclear"),
        ("getattr(m, 'X')", "unclear"),
        ("return X", "unclear"),
        ("X._value.set(3)", "unclear"),
        ("del X", "never"),
    ],
)
def test_how_a_metric_is_used(use: str, judged: str) -> None:
    parsed = parse_python("a.py", f"from prometheus_client import Gauge\nX = Gauge('x', 'x')\n\n\ndef f():\n    {use}\n")
    assert parsed.tree is not None
    assert [one.use for one in used(definitions(parsed), [parsed])] == [judged]
