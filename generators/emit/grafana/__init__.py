"""Grafana's files. In: the dashboards' IR. Out: `grafana/dashboards/<uid>.json`, as Grafana 13 itself would save them, and what
provisions datasources and dashboards. grafanalib is used in this package alone."""

from __future__ import annotations

from generators.emit.grafana.dashboard import dashboard_json, foreign_json
from generators.emit.grafana.provisioning import dashboards_yaml, datasources_yaml
from generators.ir.dashboards import Grafana

__all__ = ["emit"]


def emit(grafana: Grafana) -> dict[str, str]:
    """Every file of grafana/, by its path."""
    files = {f"grafana/dashboards/{each.uid}.json": dashboard_json(each, grafana) for each in grafana.dashboards}
    files |= {f"grafana/dashboards/{each.uid}.json": foreign_json(each, grafana) for each in grafana.foreign}
    files["grafana/provisioning/datasources/datasources.yml"] = datasources_yaml(grafana)
    files["grafana/provisioning/dashboards/dashboards.yml"] = dashboards_yaml(grafana)
    return files
