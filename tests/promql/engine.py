"""What the real Prometheus of the pinned release says of many expressions at once.

In: expressions. Out: those that promtool refuses, with its words; and the form in which Prometheus's API returns the others."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from generators.promql import EXPERIMENTAL_FUNCTIONS, FILL_MODIFIERS
from operate.tools import ToolMissing, path
from tests.ports import free_ports

FEATURES = f"--enable-feature={EXPERIMENTAL_FUNCTIONS},{FILL_MODIFIERS}"
_REFUSED = re.compile(r'rule \d+, "e(\d+)": (.*)')


def tool(name: str) -> str:
    """The real tool; the test is skipped, saying why, where it has not been obtained."""
    try:
        return str(path(name))
    except ToolMissing as missing:
        pytest.skip(str(missing))


def _rules(exprs: Sequence[str]) -> str:
    rules = [{"record": f"e{number}", "expr": expr} for number, expr in enumerate(exprs)]
    # YAML knows no pairs of surrogates, so characters stand as themselves.
    return json.dumps({"groups": [{"name": "corpus", "rules": rules}]}, ensure_ascii=False)


def refused_by_promtool(exprs: Sequence[str], folder: Path, flags: Sequence[str]) -> dict[int, str]:
    """The expressions that promtool refuses, by their place, with its message. All are asked about in one run."""
    file = folder / "rules.yml"
    file.write_text(_rules(exprs), encoding="utf-8")
    done = subprocess.run(
        [tool("promtool"), "check", "rules", "--lint=none", *flags, str(file)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    found = {int(match[1]): match[2] for match in _REFUSED.finditer(done.stdout + done.stderr)}
    assert (done.returncode == 0) == (not found), done.stderr[:2000]
    return found


@contextmanager
def running_prometheus(folder: Path, config: str, *more: str) -> Iterator[str]:
    """The address of a Prometheus with this configuration, in which SELF stands for that address, and `more` flags; it is stopped at the
    end."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    (folder / "prometheus.yml").write_text(config.replace("SELF", f'"{address}"') + "\n", encoding="utf-8")
    flags = ("--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={address}", FEATURES, *more)
    log = folder / "log"
    with log.open("w") as out:
        server = subprocess.Popen([tool("prometheus"), *flags], cwd=folder, stdout=out, stderr=out)
    try:
        _await_ready(f"http://{address}/-/ready", server, log)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def _await_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Prometheus did not become ready: " + log.read_text(encoding="utf-8")[-2000:])


def printed_by_prometheus(exprs: Sequence[str], folder: Path) -> list[str]:
    """Each expression as /api/v1/rules returns it."""
    (folder / "rules.yml").write_text(_rules(exprs), encoding="utf-8")
    with (
        running_prometheus(folder, "global: {evaluation_interval: 1h}\nrule_files: [rules.yml]") as address,
        urllib.request.urlopen(f"http://{address}/api/v1/rules", timeout=60) as answer,
    ):
        groups = json.load(answer)["data"]["groups"]
    by_name = {rule["name"]: rule["query"] for rule in groups[0]["rules"]}
    return [by_name[f"e{number}"] for number in range(len(exprs))]
