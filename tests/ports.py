"""Ports of loopback for what a test starts. In: how many, or the ports that a spec's stack has without an offset. Out: ports that no
other test is given, whichever process runs it. Each process has a block of its own below those that the kernel gives to whoever
asks for any, and holds it for its life by keeping the block's first port bound; so a port stays free until its program listens."""

from __future__ import annotations

import errno
import itertools
import socket
from collections.abc import Iterable, Iterator
from functools import cache

FIRST, LAST, BLOCK = 10240, 18000, 256
"""Below the ephemeral ports: 32768 to 60999 on Linux (net.ipv4.ip_local_port_range), 49152 up elsewhere (RFC 6335)."""

OFFSET, STRIDE = 15000, 20
"""Offsets lift a stack's own ports (3000 to 16686) above all blocks. No two of them are a small multiple of STRIDE apart, so that
the stacks of two processes never meet; every port is tried all the same."""


def free_ports(count: int) -> list[int]:
    """Ports of this process's block that nobody uses now."""
    _, ports = _block()
    found = list(itertools.islice((port for port in itertools.islice(ports, BLOCK) if _free(port)), count))
    assert len(found) == count, f"this process's block of {BLOCK} ports has no {count} free ones left"
    return found


def free_offset(inside: Iterable[int]) -> int:
    """What to add to each of these ports, so that nobody uses any of the sums now."""
    first, wanted = _block()[0].getsockname()[1], tuple(inside)
    own = OFFSET + (first - FIRST) // BLOCK * STRIDE
    for offset in range(own, own + STRIDE):
        if all(_free(port + offset) for port in wanted):
            return offset
    raise AssertionError(f"no offset from {own} to {own + STRIDE - 1} leaves the ports {sorted(wanted)} free")


@cache
def _block() -> tuple[socket.socket, Iterator[int]]:
    """The socket that holds this process's block, and its ports, round and round."""
    for first in range(FIRST, LAST, BLOCK):
        holder = socket.socket()
        try:
            holder.bind(("127.0.0.1", first))
            return holder, itertools.cycle(range(first + 1, first + BLOCK))
        except OSError as error:
            holder.close()
            if error.errno != errno.EADDRINUSE:
                raise
    raise AssertionError(f"every block of ports from {FIRST} to {LAST} is held by another process")


def _free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True
