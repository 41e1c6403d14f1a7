"""When football-models was told of a settled match; an index of those that it was not told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None


def upgrade() -> None:
    """What was settled before counts as told."""
    op.add_column("matches", sa.Column("scored_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE matches SET scored_at = settled_at")
    op.create_index(
        "matches_unscored", "matches", ["id"], postgresql_where=sa.text("settled_at IS NOT NULL AND scored_at IS NULL")
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_index("matches_unscored", "matches")
    op.drop_column("matches", "scored_at")
