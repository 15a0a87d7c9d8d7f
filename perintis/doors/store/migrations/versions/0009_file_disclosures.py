"""Files with records of many persons that agencies delivered or were given belong to the record of processing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "file_disclosures"


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("term_id", _big(), nullable=False),
        sa.Column("records", _big(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_disclosures")),
    )
    if op.get_bind().dialect.name == "postgresql":  # the function is that of migration 0002
        how = "FOR EACH ROW EXECUTE FUNCTION perintis_append_only()"
        op.execute(f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} {how}")
        return
    for what in ("UPDATE", "DELETE"):
        body = f"BEGIN SELECT RAISE(ABORT, 'rows of {TABLE} are only added'); END"
        op.execute(f"CREATE TRIGGER {TABLE}_no_{what.lower()} BEFORE {what} ON {TABLE} {body}")


def downgrade() -> None:
    op.drop_table(TABLE)
