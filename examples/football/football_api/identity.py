"""Who asks. In: a bearer token. Out: the user, or 401. A token is `fp_ID_SECRET`; the table keeps the SHA-256 of the secret, which is
enough for 256 random bits (what people choose as a password would need a slow hash)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from football_api.resources import Session, TheSettings
from football_api.schemas import UserKind
from football_api.tables import User
from football_api.telemetry import user_requests_total

SEEN_EVERY = timedelta(seconds=15)
"""How exactly `last_seen_at` is kept: not every request writes."""
_bearer = HTTPBearer(auto_error=False)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


@dataclass(frozen=True)
class Caller:
    """The user who asks."""

    id: int
    kind: UserKind


def new_secret() -> tuple[str, bytes]:
    """A secret for its owner, and the hash of it for the table."""
    secret = secrets.token_hex(32)
    return secret, hashed(secret)


def hashed(secret: str) -> bytes:
    """What the table keeps of a secret."""
    return hashlib.sha256(secret.encode()).digest()


async def caller(credentials: Credentials, session: Session) -> Caller:
    """Whose token this is. 401 says nothing of what was wrong with it."""
    name, _, secret = (credentials.credentials if credentials else "").removeprefix("fp_").partition("_")
    known = name.isascii() and name.isdigit() and len(name) < 10
    found = await session.get(User, int(name)) if known else None
    if found is None or not hmac.compare_digest(found.secret_hash, hashed(secret)):
        raise HTTPException(401, "a valid token is needed", headers={"WWW-Authenticate": "Bearer"})
    now = datetime.now(UTC)
    asked = Caller(found.id, cast(UserKind, found.kind))
    if found.last_seen_at is None or now - found.last_seen_at > SEEN_EVERY:
        found.last_seen_at = now
        await session.commit()
    user_requests_total.inc(user_kind=asked.kind)
    return asked


async def feed(credentials: Credentials, settings: TheSettings) -> None:
    """Whoever reports results: not a user, and with a token of its own."""
    given = credentials.credentials if credentials else ""
    if not given:
        raise HTTPException(401, "a token is needed", headers={"WWW-Authenticate": "Bearer"})
    if not hmac.compare_digest(given.encode(), settings.feed_token.encode()):
        raise HTTPException(403, "results are reported by the feed alone")


TheCaller = Annotated[Caller, Depends(caller)]
