"""The tables. Who may ask, what is played, what was predicted. The migrations make them; a test holds the two together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Float, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Its metadata is what the migrations are compared with. All times carry their zone."""

    type_annotation_map = {datetime: DateTime(timezone=True), str: String(40), float: Float(53)}  # noqa: RUF012  # as SQLAlchemy wants it


class User(Base):
    """A guest, member or premium user. Of the secret only a hash is kept: whoever reads the table can sign in as nobody."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("kind IN ('guest', 'member', 'premium')", name="users_kind"),
        Index("users_last_seen_at", "last_seen_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    last_seen_at: Mapped[datetime | None]


class Match(Base):
    """A fixture as the league's feed tells it; later its result. `imported_at` is how new that is, `scored_at` when the models were
    told how it ended."""

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint("round", "home", name="matches_round_home"),
        Index("matches_kickoff_at", "kickoff_at"),
        Index("matches_settled_at", "settled_at"),
        Index("matches_unscored", "id", postgresql_where="settled_at IS NOT NULL AND scored_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(BigInteger)
    home: Mapped[str]
    away: Mapped[str]
    venue: Mapped[str | None]
    referee: Mapped[str | None]
    kickoff_at: Mapped[datetime]
    imported_at: Mapped[datetime]
    home_goals: Mapped[int | None]
    away_goals: Mapped[int | None]
    settled_at: Mapped[datetime | None]
    scored_at: Mapped[datetime | None]


class Prediction(Base):
    """What a model said of a match when a user asked. `right` is known when the match is settled."""

    __tablename__ = "predictions"
    __table_args__ = (
        UniqueConstraint("match_id", "model_type", "user_id", name="predictions_once"),
        Index("predictions_user", "user_id", "id"),
        CheckConstraint("pick IN ('home', 'away')", name="predictions_pick"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    match_id: Mapped[int] = mapped_column(ForeignKey("matches.id"))
    model_type: Mapped[str]
    pick: Mapped[str]
    home: Mapped[float]
    draw: Mapped[float]
    away: Mapped[float]
    created_at: Mapped[datetime]
    right: Mapped[bool | None]
