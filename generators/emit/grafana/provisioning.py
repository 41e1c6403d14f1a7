"""What Grafana reads when it starts: its datasources and where its dashboards lie. In: the dashboards' IR. Out: two YAML files
without any secret. Grafana expands `$NAME` from its environment in these files, so every `$` that is meant is doubled
(https://grafana.com/docs/grafana/latest/administration/provisioning/)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generators.emit.serialize import yaml
from generators.ir.dashboards import Grafana, GrafanaDatasource

UPDATE_SECONDS = 10


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_escaped(each) for each in value]
    return value


def _datasource(source: GrafanaDatasource) -> dict[str, Any]:
    return {
        "name": source.name,
        "uid": source.uid,
        "type": source.type,
        "access": "proxy",
        "url": source.url,
        "isDefault": source.default,
        "editable": False,
        "jsonData": _escaped(source.json_data),
    }


def datasources_yaml(grafana: Grafana) -> str:
    """grafana/provisioning/datasources: what is gone from here is gone from Grafana (`prune`)."""
    sources = [_datasource(each) for each in grafana.datasources]
    return yaml({"apiVersion": 1, "prune": True, "datasources": sources}, "Grafana's datasources")


def dashboards_yaml(grafana: Grafana) -> str:
    """grafana/provisioning/dashboards: one folder, read from files, never changed in the browser."""
    provider = {
        "name": grafana.folder,
        "orgId": 1,
        "folder": grafana.folder,
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "updateIntervalSeconds": UPDATE_SECONDS,
        "options": {"path": grafana.dashboards_dir, "foldersFromFilesStructure": False},
    }
    return yaml({"apiVersion": 1, "providers": [provider]}, "Where Grafana finds its dashboards")
