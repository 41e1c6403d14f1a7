"""Users, matches, predictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0001", None, None, None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('guest', 'member', 'premium')", name="users_kind"),
    )
    op.create_index("users_last_seen_at", "users", ["last_seen_at"])
    op.create_table(
        "matches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("home", sa.String(40), nullable=False),
        sa.Column("away", sa.String(40), nullable=False),
        sa.Column("venue", sa.String(40)),
        sa.Column("referee", sa.String(40)),
        sa.Column("kickoff_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("home_goals", sa.Integer),
        sa.Column("away_goals", sa.Integer),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("round", "home", name="matches_round_home"),
    )
    op.create_index("matches_kickoff_at", "matches", ["kickoff_at"])
    op.create_index("matches_settled_at", "matches", ["settled_at"])
    op.create_table(
        "predictions",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("match_id", sa.Integer, sa.ForeignKey("matches.id"), nullable=False),
        sa.Column("model_type", sa.String(40), nullable=False),
        sa.Column("pick", sa.String(40), nullable=False),
        sa.Column("home", sa.Float(53), nullable=False),
        sa.Column("draw", sa.Float(53), nullable=False),
        sa.Column("away", sa.Float(53), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right", sa.Boolean),
        sa.UniqueConstraint("match_id", "model_type", "user_id", name="predictions_once"),
        sa.CheckConstraint("pick IN ('home', 'away')", name="predictions_pick"),
    )
    op.create_index("predictions_user", "predictions", ["user_id", "id"])


def downgrade() -> None:
    """Drop them, and all that is in them."""
    for table in ("predictions", "matches", "users"):
        op.drop_table(table)
