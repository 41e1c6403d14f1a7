"""A whole repository. In: its texts by path, and which paths exist. Out: everything of it that monitoring is made of, as a
`Repository`; the faults of texts that do not parse; and what was passed over, with the reason. What a file is, its content says."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from generators.fault import Fault
from generators.ir.found import (
    FoundAlerting,
    FoundCompose,
    FoundDashboard,
    FoundDatasource,
    FoundPrometheus,
    FoundProvider,
    Repository,
    Setting,
)
from generators.ir.rules import RuleFile
from generators.read.alertmanager import is_alertmanager, read_alertmanager
from generators.read.compose import compose_settings, is_compose, read_compose
from generators.read.document import Document, Node
from generators.read.grafana import (
    is_dashboard,
    is_datasources,
    is_providers,
    read_dashboard,
    read_datasources,
    read_providers,
)
from generators.read.json_text import json_source
from generators.read.prometheus import is_prometheus, read_prometheus
from generators.read.python import read_python
from generators.read.rules import is_logql, is_rules, read_rules
from generators.read.yaml_documents import yaml_documents

YAML_SUFFIXES = (".yml", ".yaml", ".rules", ".rule")
_OURS = re.compile(
    r"^\s*[\"']?(scrape_configs|rule_files|alerting|groups|route|receivers|services|datasources|providers)[\"']?\s*:|^kind:\s*(Service|PrometheusRule)\b",
    re.MULTILINE,
)
_DASHBOARD = re.compile(r'"(panels|rows)"\s*:')
_TEMPLATE = re.compile(
    r"\{%|\{\{-?\s*(\.Values|\.Release|\.Chart|include\b|if\b|range\b|end\b|template\b|tpl\b|define\b|with\b)|\{\{-"
)
_ANY_BRACES = re.compile(r"^[^#\n\"']*\{\{.*\}\}", re.MULTILINE)


@dataclass
class Reading:
    """What has been found so far; `skipped` says of a path why it was not judged."""

    faults: list[Fault] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    prometheus: list[FoundPrometheus] = field(default_factory=list)
    rule_files: list[RuleFile] = field(default_factory=list)
    alertings: list[FoundAlerting] = field(default_factory=list)
    composes: list[FoundCompose] = field(default_factory=list)
    dashboards: list[FoundDashboard] = field(default_factory=list)
    datasources: list[FoundDatasource] = field(default_factory=list)
    providers: list[FoundProvider] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def read_repository(
    texts: Mapping[str, str],
    documents: Iterable[Document],
    paths: frozenset[str],
    closed: frozenset[str],
    progress: Callable[[str], None],
) -> tuple[Repository, Reading]:
    """Read every text, and documents that something else has made of texts. `closed` are directories that nobody looked into;
    `progress` is told each path before it is read."""
    reading = Reading()
    for path in sorted(texts):
        progress(path)
        if path.endswith(".json"):
            _json(path, texts[path], reading)
        elif path.endswith(YAML_SUFFIXES):
            _yaml(path, texts[path], reading)
    for document in documents:
        if is_dashboard(document.root):
            reading.dashboards.append(read_dashboard(document))
        else:
            _document(document, reading)
    progress("Python metrics")
    python = read_python(texts)
    repository = Repository(
        paths=paths,
        closed=closed,
        ignored=tuple(_ignored(texts)),
        prometheus=tuple(reading.prometheus),
        rule_files=tuple(reading.rule_files),
        alertings=tuple(reading.alertings),
        composes=tuple(reading.composes),
        dashboards=tuple(reading.dashboards),
        datasources=tuple(reading.datasources),
        providers=tuple(reading.providers),
        metrics=python.metrics,
        modules=python.modules,
        settings=tuple(reading.settings),
        names=frozenset(reading.names),
        mentioned=python.mentioned,
    )
    return repository, reading


def _ignored(texts: Mapping[str, str]) -> Iterator[str]:
    """The patterns of .gitignore files, from the root; a negation is left out."""
    for path, text in texts.items():
        if posixpath.basename(path) == ".gitignore":
            folder = posixpath.dirname(path)
            for line in map(str.strip, text.splitlines()):
                if line and not line.startswith(("#", "!")):
                    yield posixpath.join(folder, line.strip("/")) if line.startswith("/") else line.rstrip("/")


def _json(path: str, text: str, reading: Reading) -> None:
    if not _DASHBOARD.search(text):
        return
    source = json_source(text, path)
    if source.faults:
        reading.faults += source.faults
    elif is_dashboard(Document(path, source).root):
        reading.dashboards.append(read_dashboard(Document(path, source)))


def _yaml(path: str, text: str, reading: Reading) -> None:
    if not _OURS.search(text):
        return
    sources = yaml_documents(text, path)
    broken = [fault for source in sources for fault in source.faults if fault.id == "yaml"]
    if broken and (_TEMPLATE.search(text) or _ANY_BRACES.search(text)):
        reading.skipped[path] = "a template: what it becomes is not known here"
        return
    ours = False
    for source in sources:
        ours = _document(Document(path, source), reading) or ours
        if ours:
            reading.faults += [fault for fault in source.faults if fault not in broken]
    if broken:
        reading.faults += broken[:1]


def _document(document: Document, reading: Reading) -> bool:
    """Read one document as what it is; whether it is anything of ours."""
    root = document.root
    for is_kind, read in _KINDS:
        if is_kind(root):
            read(document, reading)
            return True
    if root["kind"].text == "Service":
        reading.names.add(root["metadata"]["name"].text)
    return False


def _prometheus(document: Document, reading: Reading) -> None:
    reading.prometheus.append(read_prometheus(document))
    reading.settings += _settings(document.root, "prometheus")


def _settings(root: Node, kind: str) -> Iterable[Setting]:
    return (Setting(key, node.written, kind) for key, node in root.scalars())  # type: ignore[arg-type]  # literals below


def _rules(document: Document, reading: Reading) -> None:
    if is_logql(document.root):
        reading.skipped[document.path] = "rules of another engine than Prometheus (Loki's LogQL, Graphite)"
        return
    file, faults = read_rules(document)
    reading.rule_files.append(file)
    reading.faults += faults


def _alertmanager(document: Document, reading: Reading) -> None:
    found, faults = read_alertmanager(document)
    reading.alertings.append(found)
    reading.faults += faults
    reading.settings += _settings(document.root, "alertmanager")


def _compose(document: Document, reading: Reading) -> None:
    reading.composes.append(read_compose(document))
    reading.settings += compose_settings(document)


def _provisioning(document: Document, reading: Reading) -> None:
    if is_datasources(document.root):
        reading.datasources += read_datasources(document)
    reading.providers += read_providers(document)
    reading.settings += _settings(document.root, "grafana")


_KINDS: tuple[tuple[Callable[[Node], bool], Callable[[Document, Reading], None]], ...] = (
    (is_rules, _rules),
    (is_prometheus, _prometheus),
    (is_alertmanager, _alertmanager),
    (lambda root: is_datasources(root) or is_providers(root), _provisioning),
    (is_compose, _compose),
)
"""What a document can be, and who reads it."""
