"""`python -m football_load --host http://127.0.0.1:8000`. In: what `locust` takes. Out: this process becomes Locust, without its page,
on the locustfile beside this."""

from __future__ import annotations

import os
import sys
from pathlib import Path

LOCUSTFILE = Path(__file__).with_name("users.py")
QUIET = ("--headless", "--loglevel", "WARNING", "--only-summary")

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *QUIET, *sys.argv[1:]])
