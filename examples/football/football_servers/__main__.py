"""`python -m football_servers up|status|stop|start|down`. In: ports and options. Out: progress, then a table of what runs and where; exit
code 1 when something does not start, 2 when a program is missing, and of `status` 1 unless everything runs."""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from football_servers import launch, processes, state
from football_servers.postgres import PostgresError
from football_servers.servers import ORDER, all_servers, cluster
from football_servers.state import Options, State

DEFAULTS = Options()


def main(words: list[str] | None = None) -> int:
    """One verb."""
    given = _parser().parse_args(words)
    where: Path = given.state
    where.mkdir(parents=True, exist_ok=True)
    try:
        with (where / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return int(given.do(given, where))
    except PostgresError as error:
        print(f"football_servers: {error}", file=sys.stderr)
        return 2
    except launch.LaunchError as error:
        print(f"football_servers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("football_servers: interrupted; `status` tells what runs", file=sys.stderr)
        return 130


def _say(line: str) -> None:
    print(f"football: {line}", file=sys.stderr, flush=True)


def _up(given: argparse.Namespace, where: Path) -> int:
    options = Options(**{name: getattr(given, name) for name in asdict(DEFAULTS)})
    before = state.load(where)
    if before is None:
        before = state.fresh(where, options)
    elif before.options != options:
        if any(processes.alive(one) for one in before.processes.values()):
            raise launch.LaunchError("it runs already, with other options; first `python -m football_servers down`")
        before = replace(before, options=options, processes={})
    running = launch.up(before, _say, given.until)
    if given.monitor_password_file is not None:
        launch.let_monitor(running, given.monitor_password_file)
    _show(running)
    return 0


def _status(given: argparse.Namespace, where: Path) -> int:
    found = state.load(where)
    if found is None:
        print("football: never started here")
        return 1
    if given.format == "json":
        print(json.dumps({"servers": _rows(found), "postgres_url": cluster(found).url()}, indent=1))
    else:
        _show(found)
    return 0 if all(row["state"] == "running" for row in _rows(found)) else 1


def _stop(given: argparse.Namespace, where: Path) -> int:
    launch.stop(_started(where), given.name, _say)
    return 0


def _start(given: argparse.Namespace, where: Path) -> int:
    launch.start(_started(where), given.name, _say)
    return 0


def _started(where: Path) -> State:
    found = state.load(where)
    if found is None:
        raise launch.LaunchError("never started here; `python -m football_servers up` does that")
    return found


def _down(given: argparse.Namespace, where: Path) -> int:
    found = state.load(where)
    if found is None:
        _say("never started here")
        return 0
    found = launch.down(found, _say)
    if given.wipe:
        launch.wipe(found)
    return 0


def _rows(found: State) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for server in all_servers(found):
        process = found.processes.get(server.name)
        running = process is not None and processes.alive(process)
        state_now = "stopped" if not running else "running" if server.ready() else "not ready"
        address = f"127.0.0.1:{server.port}" if server.port else ""
        pid = process.pid if process and running else None
        rows.append({"name": server.name, "state": state_now, "address": address, "pid": pid, "log": str(found.log(server.name))})
    return rows


def _show(found: State) -> None:
    rows = [{key: str(value if value is not None else "") for key, value in row.items()} for row in _rows(found)]
    widths = {key: max(len(key), *(len(row[key]) for row in rows)) for key in rows[0]}
    for row in ({key: key for key in widths}, *rows):
        print("  ".join(row[key].ljust(width) for key, width in widths.items()).rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m football_servers", description="run the example on this machine")
    parser.add_argument(
        "--state", type=Path, default=state.folder(), help="where data, logs and secrets lie (default %(default)s)"
    )
    verbs = parser.add_subparsers(required=True)
    up = verbs.add_parser("up", help="start what does not run yet")
    for name in ("api", "models", "postgres", "redis"):
        up.add_argument(f"--{name}-port", type=int, default=getattr(DEFAULTS, f"{name}_port"), help="default %(default)s")
    up.add_argument("--workers", type=int, default=DEFAULTS.workers, help="processes of football-api (default %(default)s)")
    up.add_argument(
        "--monitor-password-file", type=Path, help="let postgres_exporter in, as `monitoring`, with the password in it"
    )
    up.add_argument("--drills", action="store_true", help="let faults be switched on (python -m football_drills)")
    up.add_argument("--load-peak", type=int, default=DEFAULTS.load_peak, help="users at noon (default %(default)s; 0: no load)")
    up.add_argument("--until", choices=ORDER, default=ORDER[-1], help="start no more than this and what it needs (default: all)")
    up.set_defaults(do=_up)
    status = verbs.add_parser("status", help="what runs, and where")
    status.add_argument("--format", choices=["table", "json"], default="table")
    status.set_defaults(do=_status)
    stop = verbs.add_parser("stop", help="stop one, and leave alone those that need it: an outage")
    stop.add_argument("name", choices=ORDER)
    stop.set_defaults(do=_stop)
    start = verbs.add_parser("start", help="start that one again, with the options it had")
    start.add_argument("name", choices=ORDER)
    start.set_defaults(do=_start)
    down = verbs.add_parser("down", help="stop it; data stay")
    down.add_argument("--wipe", action="store_true", help="and remove data, logs and secrets")
    down.set_defaults(do=_down)
    return parser


if __name__ == "__main__":
    sys.exit(main())
