"""A running Grafana against a release. In: its address, a login and the released dashboards and datasources. Out: what is
missing, added or different. Where Grafana does not run nothing here is asked, and the report says so."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generators.ir.dashboards import Grafana
from operate.live import http

Login = tuple[str, str] | None


def datasources(base: str, login: Login, grafana: Grafana) -> list[str]:
    """Every provisioned datasource by uid."""
    running = {one["uid"]: one for one in http.get(f"{base}/api/datasources", login=login)}
    found = []
    for source in grafana.datasources:
        one = running.pop(source.uid, None)
        if one is None:
            found.append(f"datasource {source.uid} is not there")
            continue
        for field, ours in (("name", source.name), ("type", source.type), ("url", source.url), ("isDefault", source.default)):
            if one[field] != ours:
                found.append(f"datasource {source.uid}: {field} runs as {one[field]!r}, the release says {ours!r}")
    return found + [f"datasource {uid} is there and not in the release" for uid in sorted(running)]


def dashboards(base: str, login: Login, grafana: Grafana, files: Mapping[str, str]) -> list[str]:
    """Every dashboard of the release, loaded as it was written, and none beside them in its folder."""
    listed = http.get(f"{base}/api/search", {"type": "dash-db", "limit": "5000"}, login)
    running = {one["uid"] for one in listed if one.get("folderTitle", "") == grafana.folder}
    wanted = {json.loads(text)["uid"]: json.loads(text) for name, text in files.items() if name.startswith("grafana/dashboards/")}
    found = [f"dashboard {uid} is there and not in the release" for uid in sorted(running - set(wanted))]
    for uid, model in wanted.items():
        if uid not in running:
            found.append(f"dashboard {uid} is not there")
            continue
        loaded = http.get(f"{base}/api/dashboards/uid/{uid}", login=login)["dashboard"]
        found += [f"dashboard {uid}: {line}" for line in _different(_essence(model), _essence(loaded))]
    return found


def _different(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    return [
        f"{key} is {theirs.get(key) or 'not there'}, the release says {ours.get(key) or 'none'}"
        for key in sorted({*ours, *theirs})
        if ours.get(key) != theirs.get(key)
    ]


def _essence(model: Mapping[str, Any]) -> dict[str, str]:
    """What a dashboard asks, and under which titles. Grafana brings a model to its own form when it loads it (schemaVersion,
    defaults of options), so that the whole cannot be compared."""
    found = {"title": str(model.get("title", ""))}
    for panel in _panels(model):
        name = f"panel {panel.get('id')}"
        found[name] = f"{panel.get('type')} '{panel.get('title', '')}'"
        for target in panel.get("targets", ()):
            found[f"{name} query {target.get('refId')}"] = str(target.get("expr", target.get("query", "")))
    return found


def _panels(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in model.get("panels", ()):
        yield panel
        yield from _panels(panel)
