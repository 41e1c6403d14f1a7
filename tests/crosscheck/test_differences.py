"""The cross-check itself takes minutes and runs by `make crosscheck`; that it can tell a difference is shown here."""

from __future__ import annotations

from operate.clock import Message
from tests.crosscheck.__main__ import _differences
from tests.crosscheck.recorder import Told

DOWN = {"alertname": "PostgresDown", "service": "postgres"}
LABELS = (tuple(sorted(DOWN.items())),)
VIRTUAL = Message(37.0, "oncall", "pagerduty[0]", {}, (DOWN,), ())


def test_the_same_message_at_about_the_same_time_is_the_same() -> None:
    assert _differences([VIRTUAL], [Told(37.4, "oncall", LABELS, ())]) == []


def test_a_message_missing_late_or_to_another_is_a_difference() -> None:
    assert _differences([VIRTUAL], []) == [
        "only in virtual time: oncall after 37.0 s: firing PostgresDown of postgres; over nothing"
    ]
    assert len(_differences([], [Told(37.4, "oncall", LABELS, ())])) == 1
    for other in (Told(97.0, "oncall", LABELS, ()), Told(37.4, "reports", LABELS, ()), Told(37.4, "oncall", (), LABELS)):
        assert len(_differences([VIRTUAL], [other])) == 2
