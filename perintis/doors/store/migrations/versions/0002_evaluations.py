"""Plans, amendments, evaluations, decisions, satisfaction answers and trips of the harm monitor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("plans", "amendments", "evaluations", "decisions", "confirmations", "harm_trips", "harm_answers")


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _plans()
    _evaluations()
    _decisions()
    _cases()
    for table in APPEND_ONLY:
        _protect(table)


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cases", _big(), nullable=False),
        sa.Column("evaluations", _big(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("pilot", name=op.f("uq_plans_pilot")),
    )
    op.create_table(
        "amendments",
        sa.Column("id", _big(), nullable=False),
        sa.Column("plan_id", _big(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("results_visible", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_amendments_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendments")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_amendments_plan_id_number")),
    )


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data_until", Instant(), nullable=False),
        sa.Column("baseline", sa.String(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("plan_hash", sa.String(), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=False),
        sa.Column("look", sa.Integer(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=True),
        sa.Column("information", sa.Float(), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=True),
        sa.Column("staged", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.String(), nullable=False),
        sa.Column("snapshot", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=True),
        sa.Column("json", sa.String(), nullable=True),
        sa.Column("report", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    op.create_index(op.f("ix_evaluations_pilot"), "evaluations", ["pilot"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("evaluation_id", _big(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation_id"], ["evaluations.id"], name=op.f("fk_decisions_evaluation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_pilot"), "decisions", ["pilot"])
    op.create_table(
        "confirmations",
        sa.Column("decision_id", _big(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_confirmations_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_confirmations")),
    )


def _cases() -> None:
    op.create_table(
        "satisfaction",
        sa.Column("id", _big(), nullable=False),
        sa.Column("case_id", _big(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_satisfaction_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_satisfaction")),
        sa.UniqueConstraint("case_id", name=op.f("uq_satisfaction_case_id")),
    )
    op.create_table(
        "harm_trips",
        sa.Column("id", _big(), nullable=False),
        sa.Column("pilot", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data_until", Instant(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("estimate", sa.Float(), nullable=False),
        sa.Column("bound", sa.Float(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harm_trips")),
    )
    op.create_index(op.f("ix_harm_trips_pilot"), "harm_trips", ["pilot"])
    op.create_table(
        "harm_answers",
        sa.Column("trip_id", _big(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("resume", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["trip_id"], ["harm_trips.id"], name=op.f("fk_harm_answers_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", name=op.f("pk_harm_answers")),
    )


def _protect(table: str) -> None:
    """Whoever wants another plan or verdict has to add one; what was written stays."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION perintis_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
        )
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
    for table in reversed((*APPEND_ONLY[:2], "evaluations", "decisions", "confirmations", "satisfaction",
                           "harm_trips", "harm_answers")):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS perintis_append_only()")
