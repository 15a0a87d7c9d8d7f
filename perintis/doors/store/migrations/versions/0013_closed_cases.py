"""Closed cases are found by when they were closed, so that the end of a run does not read all cases of a pilot."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_CLOSED = sa.text("rehearsal IS NULL AND closed IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_cases_closed", "cases", ["pilot", "process", "closed"], sqlite_where=_CLOSED, postgresql_where=_CLOSED
    )


def downgrade() -> None:
    op.drop_index("ix_cases_closed", table_name="cases")
