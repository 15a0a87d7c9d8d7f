"""Work is found by when it was completed, so that the end of a run does not read the whole store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COMPLETED = sa.text("completed IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_work_completed", "work", ["completed"], sqlite_where=_COMPLETED, postgresql_where=_COMPLETED)


def downgrade() -> None:
    op.drop_index("ix_work_completed", table_name="work")
