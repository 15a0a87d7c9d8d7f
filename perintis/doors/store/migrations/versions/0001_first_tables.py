"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("received", Instant(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("agency", "message", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_new",
        "inbox",
        ["status"],
        unique=False,
        sqlite_where=sa.text("status = 'new'"),
        postgresql_where=sa.text("status = 'new'"),
    )
    op.create_table(
        "intakes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("received", Instant(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("opened", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("already_open", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rejected", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("flow_run", sa.String(), nullable=True),
        sa.Column("started", Instant(), nullable=False),
        sa.Column("ended", Instant(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_pilot"), "runs", ["pilot"], unique=False)
    op.create_table(
        "store",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("rehearsal", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("intake", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("office", sa.String(), nullable=True),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("opened", Instant(), nullable=False),
        sa.Column("closed", Instant(), nullable=True),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("breached", Instant(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("last_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wake_at", Instant(), nullable=True),
        sa.Column("fence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["intake"], ["intakes.id"], name=op.f("fk_cases_intake")),
        sa.ForeignKeyConstraint(["rehearsal"], ["runs.id"], name=op.f("fk_cases_rehearsal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("rehearsal", "reference", name=op.f("uq_cases_rehearsal_reference")),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Every step counts its case's events up; with room in the page such an update touches no index.
        op.execute("ALTER TABLE cases SET (fillfactor = 50)")
    op.create_index(
        "ix_cases_due",
        "cases",
        ["due"],
        unique=False,
        sqlite_where=sa.text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL"),
        postgresql_where=sa.text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL"),
    )
    op.create_index(
        "ix_cases_runnable",
        "cases",
        ["pilot", "process", "status", "wake_at"],
        unique=False,
        sqlite_where=sa.text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
        postgresql_where=sa.text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
    )
    op.create_index(
        "ix_cases_worker",
        "cases",
        ["worker"],
        unique=False,
        sqlite_where=sa.text("worker IS NOT NULL"),
        postgresql_where=sa.text("worker IS NOT NULL"),
    )
    op.create_index(
        "uq_cases_reference",
        "cases",
        ["pilot", "reference"],
        unique=True,
        sqlite_where=sa.text("rehearsal IS NULL"),
        postgresql_where=sa.text("rehearsal IS NULL"),
    )
    op.create_table(
        "events",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("lifecycle", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("officer", sa.String(), nullable=True),
        sa.Column("ready", Instant(), nullable=True),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_events")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("queued", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("sent", Instant(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["status", "next_at"],
        unique=False,
        sqlite_where=sa.text("status IN ('queued', 'sending')"),
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.create_table(
        "payloads",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_payloads_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_payloads")),
    )
    op.create_table(
        "work",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("agency", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ready", Instant(), nullable=False),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("completed", Instant(), nullable=True),
        sa.Column("due", Instant(), nullable=True),
        sa.Column("breached", Instant(), nullable=True),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("officer", sa.String(), nullable=True),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("keyed", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("case_id", "step", "visit", name=op.f("uq_work_case_id_step_visit")),
    )
    op.create_index(
        "ix_work_due",
        "work",
        ["due"],
        unique=False,
        sqlite_where=sa.text("completed IS NULL AND breached IS NULL AND due IS NOT NULL"),
        postgresql_where=sa.text("completed IS NULL AND breached IS NULL AND due IS NOT NULL"),
    )
    op.create_index(
        "ix_work_inbox",
        "work",
        ["agency", "status", "due"],
        unique=False,
        sqlite_where=sa.text("status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"),
        postgresql_where=sa.text("status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_work_inbox",
        table_name="work",
        sqlite_where=sa.text("status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"),
        postgresql_where=sa.text("status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"),
    )
    op.drop_index(
        "ix_work_due",
        table_name="work",
        sqlite_where=sa.text("completed IS NULL AND breached IS NULL AND due IS NOT NULL"),
        postgresql_where=sa.text("completed IS NULL AND breached IS NULL AND due IS NOT NULL"),
    )
    op.drop_table("work")
    op.drop_table("payloads")
    op.drop_index(
        "ix_outbox_unsent",
        table_name="outbox",
        sqlite_where=sa.text("status IN ('queued', 'sending')"),
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.drop_table("outbox")
    op.drop_table("events")
    op.drop_index(
        "uq_cases_reference",
        table_name="cases",
        sqlite_where=sa.text("rehearsal IS NULL"),
        postgresql_where=sa.text("rehearsal IS NULL"),
    )
    op.drop_index(
        "ix_cases_worker",
        table_name="cases",
        sqlite_where=sa.text("worker IS NOT NULL"),
        postgresql_where=sa.text("worker IS NOT NULL"),
    )
    op.drop_index(
        "ix_cases_runnable",
        table_name="cases",
        sqlite_where=sa.text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
        postgresql_where=sa.text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
    )
    op.drop_index(
        "ix_cases_due",
        table_name="cases",
        sqlite_where=sa.text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL"),
        postgresql_where=sa.text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL"),
    )
    op.drop_table("cases")
    op.drop_table("store")
    op.drop_index(op.f("ix_runs_pilot"), table_name="runs")
    op.drop_table("runs")
    op.drop_table("intakes")
    op.drop_index(
        "ix_inbox_new",
        table_name="inbox",
        sqlite_where=sa.text("status = 'new'"),
        postgresql_where=sa.text("status = 'new'"),
    )
    op.drop_table("inbox")
