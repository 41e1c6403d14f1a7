"""The order in which units of tests are handed to workers, and the ports that each process has for itself."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ports, schedule
from tests.stack.plans import inside_ports

ROOT = Path(__file__).resolve().parents[1]


def test_every_name_of_the_tables_is_there() -> None:
    for beginning in (*schedule.TOGETHER, *schedule.APART, *schedule.FIRST):
        file, _, function = beginning.partition("::")
        if file not in schedule.TOGETHER.values():
            assert f"def {function.partition('[')[0]}" in (ROOT / file).read_text(encoding="utf-8"), beginning


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/spec/test_parts.py::test_a[b::c]", "tests/spec/test_parts.py"),
        ("tests/stack/test_images.py::test_names_of_images[a]", "docker"),
        ("tests/compiler/test_planted.py::test_the_tests_of_routing_notice[x]", schedule.APART[1]),
        ("tests/compiler/test_engines.py::test_jaeger_takes_the_shop[local]", "tests/compiler/test_engines.py"),
    ],
)
def test_the_unit_of_a_test(nodeid: str, unit: str) -> None:
    assert schedule.unit_of(nodeid) == unit


def test_long_units_come_first_and_behind_them_short_ones() -> None:
    first, second, *_ = schedule.FIRST
    waiting = ["tests/a.py", second, "tests/b.py", first, "tests/c.py"]
    assert schedule.next_of(waiting, ["tests/d.py"]) == first
    assert schedule.next_of(waiting, []) == first
    assert schedule.next_of(waiting, [second]) == "tests/c.py"
    assert schedule.next_of(["tests/a.py", "tests/b.py"], []) == "tests/a.py"
    assert schedule.next_of([second], [first]) == second


@pytest.fixture
def other_process() -> Iterator[list[int]]:
    """Three ports that another process was given and does not use yet, and its offset."""
    program = (
        "from tests.ports import free_offset, free_ports\nfrom tests.stack.plans import inside_ports\n"
        "print(*free_ports(3), free_offset(inside_ports()), flush=True)\ninput()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [int(word) for word in process.stdout.readline().split()]


def test_no_process_is_given_the_ports_of_another(other_process: list[int]) -> None:
    *theirs, their_offset = other_process
    assert len(set(theirs)) == 3
    mine = [ports.free_ports(3) for _ in range(ports.BLOCK // 3 + 2)]  # once round, and on
    assert not set(theirs) & {port for three in mine for port in three}
    own = ports.free_offset(inside_ports())
    assert not {port + own for port in inside_ports()} & {port + their_offset for port in inside_ports()}


def test_a_port_in_use_is_given_to_nobody() -> None:
    (port,) = ports.free_ports(1)
    offset = ports.free_offset({3000, 9090})
    with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", 9090 + offset)):
        assert port not in {one for _ in range(ports.BLOCK) for one in ports.free_ports(1)}
        assert ports.free_offset({3000, 9090}) != offset
