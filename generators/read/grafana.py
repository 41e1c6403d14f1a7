"""Grafana's dashboards and provisioning. In: a document. Out: queries with who asks whom, variables with an example value each,
provisioned datasources, and the folders where dashboards are looked for
(https://grafana.com/docs/grafana/latest/administration/provisioning/)."""

from __future__ import annotations

from collections.abc import Iterator

from generators.ir.found import DatasourceRef, FoundDashboard, FoundDatasource, FoundProvider, FoundQuery
from generators.read.document import Document, Node

EXAMPLE = "x"
_NO_NAME = frozenset({"All", "all", "auto"})


def is_dashboard(root: Node) -> bool:
    """Whether a JSON document is a dashboard, alone or wrapped as the API gives it."""
    inner = _model(root)
    rows = inner["panels"].is_list or inner["rows"].is_list
    return rows and ("schemaVersion" in inner or "templating" in inner or "title" in inner)


def _model(root: Node) -> Node:
    return root["dashboard"] if root["dashboard"].is_map else root


def is_datasources(root: Node) -> bool:
    """Whether a document provisions datasources."""
    return "apiVersion" in root and any(each["type"].text for each in root["datasources"].items())


def is_providers(root: Node) -> bool:
    """Whether a document says where Grafana looks for dashboards."""
    return any(each["options"]["path"].text for each in root["providers"].items())


def read_datasources(document: Document) -> tuple[FoundDatasource, ...]:
    """The datasources of a provisioning file."""
    return tuple(
        FoundDatasource(
            name=each["name"].text,
            uid=each["uid"].text,
            type=each["type"].text,
            url=each["url"].written,
            by_browser=each["access"].text in ("direct", "browser"),
            where=each.where,
        )
        for each in document.root["datasources"].items()
    )


def read_providers(document: Document) -> tuple[FoundProvider, ...]:
    """The folders that Grafana reads dashboards from."""
    paths = (each["options"]["path"] for each in document.root["providers"].items())
    return tuple(FoundProvider(document.path, path.written) for path in paths if path.text)


def read_dashboard(document: Document) -> FoundDashboard:
    """One dashboard."""
    model = _model(document.root)
    title = model["title"].text
    queries: list[FoundQuery] = []
    sources: list[DatasourceRef] = []
    for panel in _panels(model):
        source = _source(panel["datasource"])
        targets = list(panel["targets"].items())
        sources += [source] if source.name and targets else []
        for target in targets:
            own = _source(target["datasource"])
            sources += [own] if own.name and own.name != source.name else []
            if target["expr"].text:
                who = f"the panel '{panel['title'].text or panel['id'].text}'"
                queries.append(FoundQuery(target["expr"].written, who, _asked(own, source), target["legendFormat"].text))
    for each in model["annotations"]["list"].items():
        if each["expr"].text and each["enable"].text != "false":
            queries.append(FoundQuery(each["expr"].written, f"the annotation '{each['name'].text}'", _source(each["datasource"])))
    variables = list(model["templating"]["list"].items())
    return FoundDashboard(
        path=document.path,
        title=title,
        queries=tuple(queries),
        sources=tuple(sources),
        variables={each["name"].text: _example(each) for each in variables if each["name"].text},
        choosers={each["name"].text: each["query"].text for each in variables if each["type"].text == "datasource"},
        inputs=frozenset(each["name"].text for each in document.root["__inputs"].items()),
        where=model.where,
    )


def _asked(own: DatasourceRef, of_panel: DatasourceRef) -> DatasourceRef:
    return own if own.name or own.type else of_panel


def _panels(model: Node) -> Iterator[Node]:
    """Every panel, those in rows (old and new) included."""
    pending = [*model["panels"].items(), *(panel for row in model["rows"].items() for panel in row["panels"].items())]
    while pending:
        panel = pending.pop(0)
        yield panel
        pending += panel["panels"].items()


def _source(node: Node) -> DatasourceRef:
    if node.is_map:
        return DatasourceRef(node["uid"].text, node["type"].text, node.where)
    return DatasourceRef(node.text, "", node.where)


def _example(variable: Node) -> str:
    """A value the variable may have: an interval's or a constant's own, for all else a word."""
    kind, chosen = variable["type"].text, variable["current"]["value"]
    if kind not in ("interval", "constant", "custom", "textbox"):
        return EXAMPLE
    # A chosen value may well be no text at all: a list of labels that goes on with nothing.
    current = next((each.text for each in chosen.one_or_many()), "All")
    first = variable["query"].text.split(",")[0].rpartition(" : ")[2].strip()
    plain = (text for text in (current, first) if text not in _NO_NAME and "$" not in text)
    return next(plain, "5m" if kind == "interval" else EXAMPLE)
