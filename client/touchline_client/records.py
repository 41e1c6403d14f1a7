"""The form of a worker's file: a header, then one record for each label set of each metric. In: keys and numbers. Out: bytes, and the
records read back from bytes that another process may be writing to at this moment.

A record is a key (JSON: name, shape, label values) and float64 slots. The writer publishes a record by moving `used` behind it, last; a
slot is eight aligned bytes, which a processor writes at once. An exemplar is wider and carries a checksum: one read half written is left
out."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

MAGIC = b"touchl01"
HEADER = struct.Struct("<8sQdQ")  # magic, pid, start (seconds since the epoch), used bytes
HEADER_SIZE = 64
USED_AT = 24
RECORD = struct.Struct("<II")  # bytes of the key, number of slots; a key of no bytes fills the rest of a segment
SLOT = 8
EXEMPLAR_SLOTS = 5
_EXEMPLAR = struct.Struct("<II16sdd")  # checksum, nothing, trace id, value, seconds since the epoch
_SEEN = struct.Struct("<16sdd")

Key = tuple[str, str, tuple[str, ...]]
"""Name, shape ("counter", "gauge:sum", "histogram:0.1,1") and label values."""
Exemplar = tuple[str, float, float]
"""Trace id, value, seconds since the epoch."""


def encode_key(name: str, shape: str, labels: Sequence[str]) -> bytes:
    """The key of a record. What cannot be encoded (lone surrogates) is replaced."""
    return json.dumps([name, shape, *labels], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


@lru_cache(maxsize=20_000)
def decode_key(key: bytes) -> Key:
    """The key read back. Raises ValueError where it is none."""
    name, shape, *labels = json.loads(key)
    return str(name), str(shape), tuple(map(str, labels))


def padded(length: int) -> int:
    """Up to the next slot."""
    return -(-length // SLOT) * SLOT


def size_of(key: bytes, slots: int) -> int:
    """Bytes that a record takes."""
    return RECORD.size + padded(len(key)) + slots * SLOT


def write_header(buffer: memoryview, pid: int, started: float) -> None:
    """Begin a file: nothing in it."""
    HEADER.pack_into(buffer, 0, MAGIC, pid, started, HEADER_SIZE)


def write_record(buffer: memoryview, at: int, key: bytes, slots: int) -> int:
    """Write a record of zeros into zeroed memory; returns the offset of its slots. It is read once `used` stands behind it."""
    buffer[at + RECORD.size : at + RECORD.size + len(key)] = key
    RECORD.pack_into(buffer, at, len(key), slots)
    return at + RECORD.size + padded(len(key))


def pack_exemplar(cell: memoryview[float], slot: int, trace_id: str, value: float, now: float) -> None:
    """Put an exemplar into its slots. Raises ValueError where the id is not 32 hexadecimal digits."""
    trace = bytes.fromhex(trace_id)
    if len(trace) != 16:
        raise ValueError("a trace id has 32 hexadecimal digits")
    _EXEMPLAR.pack_into(cell, slot * SLOT, zlib.crc32(_SEEN.pack(trace, value, now)), 0, trace, value, now)


def unpack_exemplar(slots: Sequence[float]) -> Exemplar | None:
    """The exemplar in these five slots; None where there is none, or one half written."""
    if slots[4] == 0.0:
        return None
    checksum, _, trace, value, when = _EXEMPLAR.unpack(struct.pack("<5d", *slots))
    return (trace.hex(), value, when) if zlib.crc32(_SEEN.pack(trace, value, when)) == checksum else None


def read_records(data: bytes) -> Iterator[tuple[Key, tuple[float, ...]]]:
    """Every record of a file's bytes; ends where the bytes make no sense any more. Raises ValueError where it is no such file."""
    if len(data) < HEADER_SIZE or data[: len(MAGIC)] != MAGIC:
        raise ValueError("not a file of touchline-client")
    end, at = min(HEADER.unpack_from(data)[3], len(data)), HEADER_SIZE
    while at + RECORD.size <= end:
        length, slots = RECORD.unpack_from(data, at)
        begin = at + RECORD.size + padded(length)
        at = begin + slots * SLOT
        if at > end:
            return
        if length:
            yield (
                decode_key(data[begin - padded(length) : begin - padded(length) + length]),
                struct.unpack_from(f"<{slots}d", data, begin),
            )


def write_all(records: Iterator[tuple[Key, Sequence[float]]], pid: int, started: float) -> bytes:
    """A whole file at once, as one process leaves it behind for others."""
    parts = [b"\0" * HEADER_SIZE]
    for (name, shape, labels), values in records:
        key = encode_key(name, shape, labels)
        parts.append(
            RECORD.pack(len(key), len(values)) + key.ljust(padded(len(key)), b"\0") + struct.pack(f"<{len(values)}d", *values)
        )
    whole = bytearray(b"".join(parts))
    HEADER.pack_into(whole, 0, MAGIC, pid, started, len(whole))
    return bytes(whole)
