"""`python -m football_drills on latency --seconds 120`, `off latency`, `list`. In: what to do. Out: a line; exit code 1 when the service
refuses (it was started without drills), 2 when it does not answer."""

from __future__ import annotations

import argparse
import sys
import time

import httpx

from football_drills.board import DEPENDENCIES, NAMES


def main(words: list[str] | None = None) -> int:
    """One order, given to football-api."""
    parser = argparse.ArgumentParser(prog="python -m football_drills", description="switch faults on and off, for drills")
    parser.add_argument("--api", default="http://127.0.0.1:8000", help="football-api (default %(default)s)")
    verbs = parser.add_subparsers(dest="verb", required=True)
    on = verbs.add_parser("on", help="begin a drill; it ends by itself")
    on.add_argument("name", choices=NAMES)
    on.add_argument("--seconds", type=float, default=120, help="how long (default %(default)s, at most 3600)")
    on.add_argument("--amount", type=float, help="how much: seconds, share of requests, or MiB a second, as the drill goes")
    on.add_argument("--of", choices=DEPENDENCIES, default=DEPENDENCIES[0], help="what dependency_cut cuts (default %(default)s)")
    verbs.add_parser("off", help="end a drill before its time").add_argument("name", choices=NAMES)
    verbs.add_parser("list", help="what runs now")
    given = parser.parse_args(words)
    try:
        answer = _call(given)
    except httpx.HTTPError as error:
        print(f"football_drills: {given.api} does not answer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("football_drills: interrupted; `list` tells what runs", file=sys.stderr)
        return 130
    if answer.status_code == 404:
        print(
            f"football_drills: {given.api} takes no drills; start it with `python -m football_servers up --drills`",
            file=sys.stderr,
        )
        return 1
    if answer.is_error:
        print(f"football_drills: refused: {answer.text}", file=sys.stderr)
        return 1
    if given.verb == "list":
        for drill in answer.json():
            print(f"{drill['name']}: {max(0, drill['until'] - time.time()):.0f} s left")
    else:
        print(f"{given.name}: {given.verb}")
    return 0


def _call(given: argparse.Namespace) -> httpx.Response:
    with httpx.Client(base_url=given.api, timeout=10) as client:
        if given.verb == "list":
            return client.get("/drills")
        if given.verb == "off":
            return client.delete(f"/drills/{given.name}")
        return client.post(f"/drills/{given.name}", json={"seconds": given.seconds, "amount": given.amount, "of": given.of})


if __name__ == "__main__":
    sys.exit(main())
