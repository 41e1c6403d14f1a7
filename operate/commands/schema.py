"""`touchline schema`: the JSON Schema of a spec, for editors."""

from __future__ import annotations

import argparse
import sys

from generators.emit.serialize import to_json
from generators.spec.model import schema
from operate.commands import FINE, Call


def add(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(call: Call) -> int:
    """Print it."""
    sys.stdout.write(to_json(schema()))
    return FINE
