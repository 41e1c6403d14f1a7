"""`python -m football_api.migrations upgrade|downgrade [REVISION]` on FOOTBALL_DATABASE_URL."""

from __future__ import annotations

import argparse
import os
import sys

from sqlalchemy.exc import SQLAlchemyError

from football_api import migrations


def main() -> int:
    """Exit code 0 when the tables are there, 2 when the database is not."""
    parser = argparse.ArgumentParser(prog="python -m football_api.migrations", description="bring the tables to a revision")
    parser.add_argument("direction", choices=["upgrade", "downgrade"])
    parser.add_argument("revision", nargs="?", help="upgrade: head unless said otherwise; downgrade: must be said")
    given = parser.parse_args()
    database = os.environ.get("FOOTBALL_DATABASE_URL", "")
    if not database:
        parser.error("FOOTBALL_DATABASE_URL is not set")
    if given.direction == "downgrade" and given.revision is None:
        parser.error("downgrade to which revision? `base` leaves no table")
    try:
        if given.direction == "upgrade":
            migrations.upgrade(database, given.revision or "head")
        else:
            migrations.downgrade(database, given.revision)
    except (SQLAlchemyError, OSError) as error:
        print(f"football_api.migrations: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
