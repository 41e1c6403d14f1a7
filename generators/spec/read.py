"""One file of a spec, by its suffix: .jsonnet and .libsonnet are evaluated, all else is YAML. In: a path. Out: a `Source`, its
faults included."""

from __future__ import annotations

from pathlib import Path

from generators.fault import Fault, Where
from generators.spec.source import Source
from generators.spec.yaml_text import yaml_source


def read(path: Path, shown: str) -> Source:
    """Read one file; `shown` is its name in faults. Raises OSError."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        what = f"the byte 0x{raw[error.start]:02x} is no UTF-8"
        return Source(faults=[Fault("encoding", Where(shown, line, column), what, "Save the file as UTF-8.")])
    if path.suffix in (".jsonnet", ".libsonnet"):
        from generators.spec.jsonnet_text import jsonnet_source  # few specs are

        return jsonnet_source(path, text, shown)
    return yaml_source(text, shown)
