"""What a tool is told, and what is said of one that does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.calls import NoAnswer, called

ENV = ["env"]


def told(**extra: str) -> list[str]:
    return called(ENV, None, 10, environment=extra).stdout.splitlines()


def test_a_tool_is_told_what_we_are_told_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    monkeypatch.setenv("OURS", "kept")
    assert {"GOGC=400", "OURS=kept", "TZ=UTC"} <= set(told(TZ="UTC"))
    monkeypatch.setenv("GOGC", "50")
    assert "GOGC=50" in told()


def test_no_answer_is_said_with_the_tool_and_its_words(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match=r"^sleep 5: no answer within 0 s$"):
        called(["sleep", "5"], None, 0.05)
    with pytest.raises(NoAnswer, match="nowhere check: No such file"):
        called([str(tmp_path / "nowhere"), "check"], None, 1)
