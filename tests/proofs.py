"""promtool's verdict on a spec's generated rules, once for a whole run of the tests. In: a spec, and the folder that all workers of the
run share. Out: the directory in which `operate.proving` remembers each file of tests that has passed. Whoever asks first proves, the
others wait; the stories of `touchline deploy` begin with a copy, so that a deploy proves again only what their change makes different."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import yaml
from rich.console import Console

from operate.proving import prove
from operate.show import Show
from tests.compiler.specs import built
from tests.emit.tools import need, write
from tests.locks import alone

KINDS = ("prometheus/rules/", "prometheus/tests/")


def rules_proven(spec: Path, run: Path) -> Path:
    """Raises `operate.proving.Refused` with what promtool says where a rule or a test of its production environment fails."""
    need("promtool")
    place = run / "proofs" / spec.stem
    place.mkdir(parents=True, exist_ok=True)
    with alone(place / "lock"):
        write(place / "release", {path: text for path, text in built(spec).files.items() if path.startswith(KINDS)})
        prove(place / "release", place / "proven", Show(out=Console(file=io.StringIO()), err=Console(file=io.StringIO())))
    return place / "proven"


def begin_proven(spec: Path, run: Path, state: Path) -> None:
    """Let the state directory of an environment, in which nothing has been deployed, remember these proofs."""
    shutil.copytree(rules_proven(spec, run), state / "proven")


def with_links_of_production(text: str, environment: str = "local") -> str:
    """A spec's text in which an environment has the addresses of `production` in its links: its rules are then the same bytes."""
    urls = yaml.safe_load(text)["environments"]["production"]["external_urls"]
    return text.replace(f"\n  {environment}:\n", f"\n  {environment}:\n    external_urls: {json.dumps(urls)}\n", 1)
