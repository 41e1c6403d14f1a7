"""Jsonnet monitoring mixins. In: the path of a mixin. Out: a MixinPlan of its `prometheusAlerts`, `prometheusRules` and
`grafanaDashboards` (https://monitoring.mixins.dev), or a fault in words. A mixin's fields may be hidden, so a small snippet asks
for them by name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import _jsonnet

from generators.fault import Fault, Where
from generators.plan import MixinPlan

_ASK = """
local mixin = import %s;
local field(name) = if std.objectHasAll(mixin, name) then mixin[name] else {};
{ [name]: field(name) for name in %s }
"""
RULES = ("prometheusAlerts", "prometheusRules")
PARTS = (*RULES, "grafanaDashboards")
"""What a mixin may have. Jsonnet is lazy: a part that is not asked for needs none of its imports."""


def read_mixin(
    path: Path, shown: str, where: Where, parts: tuple[str, ...] = PARTS
) -> tuple[MixinPlan | None, tuple[Fault, ...]]:
    """Evaluate one mixin, or some parts of it; its imports are looked for beside it and in vendor/."""
    if not path.is_file():
        return None, (Fault("mixin", where, f"the mixin {shown} is not there", "Name a file beside the spec."),)
    snippet = _ASK % (json.dumps(path.name), json.dumps(parts))
    try:
        text = _jsonnet.evaluate_snippet(shown, snippet, jpathdir=[str(path.parent), str(path.parent / "vendor")])
    except RuntimeError as error:
        what = f"Jsonnet says of {shown}: {str(error).splitlines()[0].removeprefix('RUNTIME ERROR: ')}"
        return None, (Fault("jsonnet", where, what, "Mend the mixin, or take it out of `mixins:`."),)
    found = json.loads(text, parse_float=Decimal)
    models = json.loads(text).get("grafanaDashboards", {})
    if not isinstance(models, dict) or not all(isinstance(model, dict) for model in models.values()):
        what = f"the dashboards of {shown} are none"
        return None, (Fault("mixin", where, what, "Write `grafanaDashboards` as models by their file's name."),)
    dashboards = {_uid(file, model): model for file, model in models.items()}
    return MixinPlan(shown, found.get("prometheusAlerts", {}), found.get("prometheusRules", {}), dashboards, where), ()


def _uid(file: str, model: Mapping[str, Any]) -> str:
    """The uid of a mixin's dashboard: its own, or its file's name."""
    return str(model.get("uid") or re.sub(r"\W+", "-", file.rpartition(".")[0] or file))
