"""The store: bounded, and the same after a restart."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

from services.inbox.message import Alert, Content, Link
from services.inbox.store import Store

AT = datetime(2026, 11, 23, 3, 0, 0, 123000, tzinfo=UTC)
FULL = Content(
    kind="email",
    channel="ops@example.com",
    title="接口不可用 \ud800",
    text="two\nlines",
    raw="raw",
    severity="critical",
    status="firing",
    alerts=(Alert("APIDown", "firing", {"alertname": "APIDown"}, {"summary": "s"}),),
    links=(Link("Runbook", "https://example.com"),),
    html="<p>x</p>",
    warnings=("w",),
)


def small(text: str) -> Content:
    return Content(kind="slack", channel="ops", title=text, text=text, raw="")


def titles(store: Store) -> list[str]:
    return [one.content.title for one in store.newest()]


def test_a_restart_brings_everything_back(tmp_path):
    path = tmp_path / "deep" / "inbox.jsonl"
    first = Store(10, path)
    saved = [first.add(FULL, AT), first.add(small("later"), AT)]
    second = Store(10, path)
    assert second.newest() == list(reversed(saved))
    assert second.add(small("new"), AT).id == 3


def test_a_restart_keeps_to_the_bound(tmp_path):
    path = tmp_path / "inbox.jsonl"
    first = Store(10, path)
    for number in range(5):
        first.add(small(str(number)), AT)
    assert titles(Store(2, path)) == ["4", "3"]


def test_a_torn_or_strange_line_costs_that_line_alone(tmp_path):
    path = tmp_path / "inbox.jsonl"
    Store(10, path).add(small("whole"), AT)
    whole = path.read_bytes()
    strange = [b"\xff\n", b"[]\n", b'{"id": 1}\n', whole.replace(b'"slack"', b'"fax"'), whole[:40]]
    path.write_bytes(whole + b"".join(strange))
    again = Store(10, path)
    assert titles(again) == ["whole"]
    assert again.damaged_lines == len(strange)
    again.add(small("next"), AT)  # must not be glued to the torn line
    assert titles(Store(10, path)) == ["next", "whole"]


def test_the_ring_is_bounded_in_size(tmp_path):
    store = Store(1000, ring_size=1000)
    for number in range(10):
        store.add(small(str(number) * 200), AT)
    assert titles(store) == ["9" * 200, "8" * 200]
    store.add(small("x" * 5000), AT)  # one message larger than the bound is still kept, alone
    assert titles(store) == ["x" * 5000]


def test_the_file_is_bounded(tmp_path):
    path = tmp_path / "inbox.jsonl"
    store = Store(3, path, file_size=4000)
    sizes = []
    for number in range(100):
        store.add(small(str(number)), AT)
        sizes.append(path.stat().st_size)
    assert max(sizes) <= 4000
    assert any(after < before for before, after in itertools.pairwise(sizes))
    assert titles(Store(3, path)) == ["99", "98", "97"]


def test_deleting_empties_the_file(tmp_path):
    path = tmp_path / "inbox.jsonl"
    store = Store(10, path)
    store.add(small("secret"), AT)
    assert store.clear() == 1
    assert path.read_bytes() == b""


def test_a_file_that_cannot_be_written_costs_no_message(tmp_path):
    path = tmp_path / "inbox.jsonl"
    store = Store(10, path)
    path.unlink()
    path.mkdir()
    store.add(small("kept"), AT)
    assert titles(store) == ["kept"]
    assert store.fault is not None
    assert "Is a directory" in store.fault
    path.rmdir()
    store.add(small("next"), AT)
    assert store.fault is None
    assert [json.loads(line)["title"] for line in path.read_text().splitlines()] == ["next"]
