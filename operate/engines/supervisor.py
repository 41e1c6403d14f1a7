"""supervisord, for the `local` engine. In: a state directory with a released local/supervisord.conf. Out: one supervisord for it,
answering over its unix socket; and the processes that one killed hard left behind, found and ended."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from operate.engines import EngineError, Say

# sockaddr_un holds 108 bytes on Linux and 104 on macOS; supervisord binds under a name with its pid added, then renames.
LONGEST_SOCKET = 90
ANSWER_LIMIT = 15  # seconds for a start and for the files of supervisord to appear
PROC = Path("/proc")
# Children inherit this and no more of the caller's environment: a shell may hold credentials.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Supervisord:
    """The supervisord of one state directory."""

    def __init__(self, state: Path) -> None:
        self.state = state

    @property
    def config(self) -> Path:
        return self.state / "releases" / "current" / "local" / "supervisord.conf"

    @property
    def socket(self) -> Path:
        return self._run_directory() / "supervisor.sock"

    def call(self, method: str, *arguments: Any) -> Any:
        """One call of supervisord's API (http://supervisord.org/api.html). OSError when nobody answers."""
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        with contextlib.closing(transport), xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def answers(self) -> bool:
        try:
            self.call("getState")
        except (OSError, xmlrpc.client.ProtocolError, xmlrpc.client.Fault):
            return False
        return True

    def start(self, say: Say) -> None:
        """Start supervisord detached from us, unless it answers. What a dead one left running is ended first."""
        if self.answers():
            return
        self.clear(say)
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"TOUCHLINE_STATE": str(self.state), "TOUCHLINE_RUN": str(self._run_directory())}
        output = self.state / "run" / "supervisord.out"
        with output.open("w") as printed:
            done = subprocess.run(
                [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(self.config)],
                cwd=self.state, env=environment, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
                start_new_session=True, check=False, timeout=60,
            )  # fmt: skip
        deadline = time.monotonic() + ANSWER_LIMIT
        while done.returncode == 0 and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.05)
        raise EngineError("", f"supervisord did not start: {output.read_text(errors='replace').strip() or 'it said nothing'}")

    def stop(self, grace: int, say: Say) -> None:
        """End supervisord and all it runs. They get their stop signal and `grace` seconds."""
        leader = self._leader()
        with contextlib.suppress(OSError, xmlrpc.client.Fault, xmlrpc.client.ProtocolError):
            self.call("shutdown")
            _gone(leader, grace)
        self.clear(say)

    def clear(self, say: Say) -> None:
        """End what no supervisord looks after any more: a supervisord whose socket is lost, and children of a killed one."""
        leader = self._leader()
        if leader:
            say(f"ending supervisord, process {leader}, which does not answer")
            _end(leader)
        for component, pid in self.orphans():
            say(f"ending {component}, process {pid}, which has lost its supervisor")
            _end(pid)
        (self.state / "run" / "supervisord.pid").unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)

    def orphans(self) -> Iterator[tuple[str, int]]:
        """Processes started for this state directory as one of its components, by what the kernel says of their environment."""
        for pid in _own_processes():
            environment = _environment(pid)
            if environment.get("TOUCHLINE_STATE") == str(self.state) and (name := environment.get("TOUCHLINE_COMPONENT")):
                yield name, pid

    def _leader(self) -> int:
        """The pid of this directory's supervisord as its pid file says, checked against what that process really is; else 0."""
        try:
            pid = int((self.state / "run" / "supervisord.pid").read_text())
            command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return 0
        return pid if b"supervisor.supervisord" in command and os.fsencode(self.config) in command else 0

    def _run_directory(self) -> Path:
        """Where the socket is: inside the state directory, or where that path is too long for a socket, in a short directory
        of our own, whose name the state directory keeps."""
        own = self.state / "run"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        if len(os.fsencode(own / "supervisor.sock")) <= LONGEST_SOCKET:
            return own
        note = own / "socket-directory"
        if not note.exists():
            name = f"touchline-{os.getuid()}-{hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]}"
            note.write_text(str(Path("/tmp") / name))
        short = Path(note.read_text().strip())
        short.mkdir(mode=0o700, exist_ok=True)
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise EngineError("", f"{short} is not a private directory of this user", f"Remove it, or {note}.")
        return short


def port_taken(host: str, port: int) -> bool:
    """Whether something else listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _own_processes() -> Iterator[int]:
    if not PROC.is_dir():
        return
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    yield int(entry.name)


def _environment(pid: int) -> dict[str, str]:
    try:
        told = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (os.fsdecode(pair).partition("=") for pair in told.split(b"\0") if pair)
    return {name: value for name, _, value in pairs}


def _end(pid: int) -> None:
    """TERM, and KILL when that was not enough."""
    for number, grace in ((signal.SIGTERM, 30), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if _gone(pid, grace):
            return
    raise EngineError("", f"process {pid} does not end")


def _gone(pid: int, grace: float) -> bool:
    """Wait until a process is gone (or dead and not yet collected by its parent)."""
    deadline = time.monotonic() + grace
    while pid and time.monotonic() < deadline:
        try:
            if (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return not pid
