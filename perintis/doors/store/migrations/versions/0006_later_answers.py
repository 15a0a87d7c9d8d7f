"""A harm trip may be answered again, and an evaluation keeps the hash of its baseline beside the name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from perintis.doors.store.types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ANSWERS = "harm_answers"
KEPT = ("trip_id", "at", "by", "reason", "resume")


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("evaluations", sa.Column("baseline_hash", sa.String(), nullable=True))
    rows = _taken_out()
    op.create_table(
        ANSWERS,
        *_columns(),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["trip_id"], ["harm_trips.id"], name=op.f("fk_harm_answers_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", "number", name=op.f("pk_harm_answers")),
    )
    _put_back([{**row, "number": 1, "confirmed_by": None} for row in rows], (*KEPT, "number", "confirmed_by"))
    _protect()


def _columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("trip_id", _big(), autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("resume", sa.Boolean(), nullable=False),
    )  # fmt: skip


def _taken_out() -> list[dict[str, object]]:
    """All answers, oldest first; the table is gone with its triggers."""
    answers = sa.table(ANSWERS, *(sa.column(name) for name in KEPT))
    query = sa.select(answers).order_by(answers.c.trip_id, answers.c.at)
    rows = [dict(row._mapping) for row in op.get_bind().execute(query)]
    op.drop_table(ANSWERS)
    return rows


def _put_back(rows: list[dict[str, object]], columns: tuple[str, ...]) -> None:
    if rows:
        op.bulk_insert(sa.table(ANSWERS, *(sa.column(name) for name in columns)), rows)


def _protect() -> None:
    """What was answered stays; a later answer is another row. The function for PostgreSQL is of migration 0002."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {ANSWERS}_append_only BEFORE UPDATE OR DELETE ON {ANSWERS} "
            "FOR EACH ROW EXECUTE FUNCTION perintis_append_only()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {ANSWERS}_no_{what.lower()} BEFORE {what} ON {ANSWERS} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {ANSWERS} are only added'); END"
        )


def downgrade() -> None:
    latest = {row["trip_id"]: row for row in _taken_out()}  # the older table had room for one answer a trip
    op.create_table(
        ANSWERS,
        *_columns(),
        sa.ForeignKeyConstraint(["trip_id"], ["harm_trips.id"], name=op.f("fk_harm_answers_trip_id")),
        sa.PrimaryKeyConstraint("trip_id", name=op.f("pk_harm_answers")),
    )
    _put_back(list(latest.values()), KEPT)
    _protect()
    op.drop_column("evaluations", "baseline_hash")
