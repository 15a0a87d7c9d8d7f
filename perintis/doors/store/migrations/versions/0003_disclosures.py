"""The record of processing: what was disclosed to whom, and the terms of agreements that allowed it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("disclosure_terms", "disclosures")


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "disclosure_terms",
        sa.Column("id", _big(), autoincrement=False, nullable=False),
        sa.Column("agreement", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("discloses", sa.String(), nullable=False),
        sa.Column("receives", sa.String(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("purpose", sa.JSON(), nullable=False),
        sa.Column("legal_basis", sa.JSON(), nullable=False),
        sa.Column("retention", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosure_terms")),
    )
    op.create_table(
        "disclosures",
        sa.Column("case_id", _big(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("term_id", _big(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "seq", "term_id", name=op.f("pk_disclosures")),
        sqlite_with_rowid=False,
    )
    for table in APPEND_ONLY:
        _protect(table)


def _protect(table: str) -> None:
    """What was disclosed stays disclosed; the function for PostgreSQL is that of migration 0002."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION perintis_append_only()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
        )


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
