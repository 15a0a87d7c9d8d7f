"""The reference registry: deliveries, versions, and links and values with their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _deliveries()
    _history()
    _decisions()


def _deliveries() -> None:
    op.create_table(
        "registry_deliveries",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("received", Instant(), nullable=False),
        sa.Column("rows", _big(), nullable=False),
        sa.Column("accepted", _big(), nullable=True),
        sa.Column("rejected", _big(), nullable=True),
        sa.Column("set_aside", _big(), nullable=True),
        sa.Column("linked", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_deliveries")),
        sa.UniqueConstraint("pilot", "digest", name=op.f("uq_registry_deliveries_pilot_digest")),
    )
    op.create_table(
        "registry_versions",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("delivery_id", _big(), nullable=False),
        sa.Column("published", Instant(), nullable=False),
        sa.Column("persons", _big(), nullable=False),
        sa.Column("records", _big(), nullable=False),
        sa.Column("duplicates", _big(), nullable=False),
        sa.Column("conflicts", _big(), nullable=False),
        sa.Column("resolved", _big(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["registry_deliveries.id"], name=op.f("fk_registry_versions_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_versions")),
        sa.UniqueConstraint("pilot", "number", name=op.f("uq_registry_versions_pilot_number")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_registry_versions_delivery_id")),
    )


def _history() -> None:
    op.create_table(
        "registry_links",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_links")),
        sa.UniqueConstraint(
            "pilot", "agency", "record", "from_version", name=op.f("uq_registry_links_pilot_agency_record_from_version")
        ),
    )
    op.create_table(
        "registry_attributes",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_attributes")),
        sa.UniqueConstraint(
            "pilot", "person", "field", "from_version",
            name=op.f("uq_registry_attributes_pilot_person_field_from_version"),
        ),
    )  # fmt: skip
    for table in ("registry_links", "registry_attributes"):
        present = sa.text("until_version IS NULL")
        op.create_index(
            f"ix_{table}_present", table, ["pilot", "person"], sqlite_where=present, postgresql_where=present
        )


def _decisions() -> None:
    op.create_table(
        "registry_decisions",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("left_agency", sa.String(), nullable=False),
        sa.Column("left_record", sa.String(), nullable=False),
        sa.Column("right_agency", sa.String(), nullable=False),
        sa.Column("right_record", sa.String(), nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("reviewed_by", sa.String(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_decisions")),
        sa.UniqueConstraint(
            "pilot", "left_agency", "left_record", "right_agency", "right_record", "version",
            name=op.f("uq_registry_decisions_pair"),
        ),
    )  # fmt: skip
    op.create_table(
        "registry_accesses",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("rows", _big(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_accesses")),
    )


def downgrade() -> None:
    for table in (
        "registry_accesses", "registry_decisions", "registry_attributes", "registry_links", "registry_versions",
        "registry_deliveries",
    ):  # fmt: skip
        op.drop_table(table)
