"""`python -m services.inbox` as a process: help, exit codes, a stop in good order, and messages that survive it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "services.inbox"]
FREE = ["--listen", "127.0.0.1:0", "--smtp", "127.0.0.1:0"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process and its first line."""
    with subprocess.Popen([*COMMAND, *FREE, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


def post(line: str, path: str, payload: object) -> None:
    address = re.search(r"http=(\S+)", line)
    assert address is not None
    request = urllib.request.Request(address.group(1) + path, json.dumps(payload).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def test_help_shows_where_to_send():
    shown = run("--help")
    assert shown.returncode == 0
    assert "/dingtalk/robot/send?access_token=" in shown.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_in_good_order_and_a_restart_remembers(tmp_path, number):
    store = str(tmp_path / "inbox.jsonl")
    with service("--store", store) as (process, line):
        post(line, "slack/ops", {"text": "第一条"})
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "第一条" in rest.splitlines()[0]
        assert rest.splitlines()[-1].endswith("stopped")
    with service("--store", store) as (_, line):
        assert line.rstrip().endswith("kept=1")


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path):
    store = str(tmp_path / "inbox.jsonl")
    with service("--store", store) as (process, line):
        post(line, "webhook/x", {"title": "survives"})
        process.kill()
    with service("--store", store) as (_, line):
        assert line.rstrip().endswith("kept=1")


def test_without_mail():
    with service("--no-smtp") as (_, line):
        assert "smtp=none" in line


def test_an_address_for_all_is_warned_of():
    with service("--listen", "0.0.0.0:0") as (process, _):
        assert process.stdout is not None
        assert "reachable from other machines" in process.stdout.readline()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--listen", "9099"], "`9099` is not HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "is not HOST:PORT"),
        (["--keep", "0"], "`0` is not a whole number from 1"),
        (["--dingtalk-secret-file", "/nonexistent"], "/nonexistent"),
        (["--dingtalk-secret-file", "/dev/null"], "is empty"),
        (["--unknown"], "unrecognized arguments: --unknown"),
        (["--dingtalk-keyword=x"] * 11, "at most 10 keywords, here are 11"),
    ],
)
def test_a_wrong_argument_is_exit_1_and_one_clear_line(arguments, words):
    ended = run(*FREE, *arguments)
    assert ended.returncode == 1
    assert words in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("option", ["--listen", "--smtp"])
def test_a_taken_address_is_exit_2(option):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = run(*FREE, option, f"127.0.0.1:{taken.getsockname()[1]}")
    assert ended.returncode == 2
    assert "in use" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_store_that_cannot_be_had_is_exit_2(tmp_path):
    ended = run(*FREE, "--store", str(tmp_path))
    assert ended.returncode == 2
    assert "Is a directory" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_nothing_but_the_standard_library_and_aiosmtpd_is_imported():
    """The image installs aiosmtpd and what it needs (attrs, atpublic); any other import would fail there."""
    program = (
        "import sys; before = set(sys.modules); import services.inbox.__main__; "
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert set(shown.stdout.split()) == {"aiosmtpd", "attr", "public", "services"}
