"""Keys of personal data, hashes of events, anchors; what was stored in clear before is sealed by the upgrade itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant
from perintis.words.errors import NotAllowed

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("restricted", Instant(), nullable=True))
    op.add_column("cases", sa.Column("anchored", sa.Integer(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("commitment", sa.LargeBinary(), nullable=True))
    op.add_column("events", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.create_table(
        "vault",
        sa.Column("case_id", _big(), autoincrement=False, nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("erased", Instant(), nullable=True),
        sa.Column("held", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_vault_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_vault")),
    )
    op.create_table(
        "vault_secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault_secrets")),
    )
    op.create_table(
        "vault_acts",
        sa.Column("id", _big(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_acts")),
    )
    op.create_table(
        "anchors",
        sa.Column("id", _big(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchors")),
    )


def downgrade() -> None:
    """Only of a store without sealed data: an earlier version could not read it, and the keys would be gone."""
    if op.get_bind().exec_driver_sql("SELECT 1 FROM vault LIMIT 1").first() is not None:
        raise NotAllowed("this store holds encrypted personal data that an earlier version cannot read")
    for table in ("anchors", "vault_acts", "vault_secrets", "vault"):
        op.drop_table(table)
    for table, column in (("events", "hash"), ("events", "commitment"), ("cases", "anchored"), ("cases", "restricted")):
        op.drop_column(table, column)
