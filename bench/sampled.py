"""One process of the bench of the sample application: `python -m bench.sampled`. In: football-api's settings and ours in the environment; a
line of any words asks for a number. Out: the port it listens on, then for each line the seconds of CPU that the whole process has used.

Background work of the application stays off: it goes by the clock, not by requests."""

from __future__ import annotations

import socket
import sys
import threading
import time

import uvicorn

from football_api.app import create


def main() -> None:
    """Serves until its input ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(create(), lifespan="off", log_level="warning", access_log=False))
        threading.Thread(target=_answer, args=(server,), daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        server.run(sockets=[listening])


def _answer(server: uvicorn.Server) -> None:
    for _ in sys.stdin:
        print(time.process_time(), flush=True)
    server.should_exit = True


if __name__ == "__main__":
    main()
