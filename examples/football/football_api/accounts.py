"""Users, made in advance. In: how many of each kind. Out: their tokens as JSON, {kind: [token, ...]}; the table keeps hashes alone, so
what is printed here is printed once. `python -m football_api.accounts --guest 60 --member 30 --premium 10`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from football_api.identity import new_secret
from football_api.tables import User

KINDS = ("guest", "member", "premium")


async def register(database: str, wanted: Mapping[str, int]) -> dict[str, list[str]]:
    """Make that many users of each kind; their tokens, by kind."""
    engine = create_async_engine(database)
    tokens: dict[str, list[str]] = {}
    async with async_sessionmaker(engine)() as session, session.begin():
        for kind, count in wanted.items():
            made = [new_secret() for _ in range(count)]
            users = [User(kind=kind, secret_hash=hashed) for _, hashed in made]
            session.add_all(users)
            await session.flush()
            tokens[kind] = [f"fp_{user.id}_{secret}" for user, (secret, _) in zip(users, made, strict=True)]
    await engine.dispose()
    return tokens


def main() -> int:
    """Exit code 0, or 2 when the database cannot be asked."""
    parser = argparse.ArgumentParser(prog="python -m football_api.accounts", description="register users, print their tokens")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=1, metavar="N")
    given = vars(parser.parse_args())
    if not (database := os.environ.get("FOOTBALL_DATABASE_URL", "")):
        parser.error("FOOTBALL_DATABASE_URL is not set")
    try:
        print(json.dumps(asyncio.run(register(database, given))))
    except (SQLAlchemyError, OSError) as error:
        print(f"football_api.accounts: {str(error).partition(chr(10))[0]}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
