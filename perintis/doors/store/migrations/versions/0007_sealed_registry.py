"""Keys of the registry's persons and of delivered extracts; what was in clear is sealed after the migrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registry_persons",
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("erased", Instant(), nullable=True),
        sa.Column("held", Instant(), nullable=True),
        sa.Column("restricted", Instant(), nullable=True),
        sa.Column("leaving", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("pilot", "person", name=op.f("pk_registry_persons")),
    )
    op.create_table(
        "registry_extract_keys",
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pilot", "digest", "generation", name=op.f("pk_registry_extract_keys")),
    )


def downgrade() -> None:
    op.drop_table("registry_extract_keys")
    op.drop_table("registry_persons")
