"""Files given away, acts on personal data and looks at values are chained to one another, and anchored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "chained_records"


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("number", _big(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chained_records")),
        sa.UniqueConstraint("record", "number", name=op.f("uq_chained_records_record_number")),
    )
    op.add_column("anchors", sa.Column("records", _big(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":  # the function is that of migration 0002
        how = "FOR EACH ROW EXECUTE FUNCTION perintis_append_only()"
        op.execute(f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE} {how}")
        return
    for what in ("UPDATE", "DELETE"):
        body = f"BEGIN SELECT RAISE(ABORT, 'rows of {TABLE} are only added'); END"
        op.execute(f"CREATE TRIGGER {TABLE}_no_{what.lower()} BEFORE {what} ON {TABLE} {body}")


def downgrade() -> None:
    op.drop_column("anchors", "records")
    op.drop_table(TABLE)
