"""The tables. Constraints make a duplicate impossible; the comments say which promise each one keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from perintis.doors.store.types import Instant

_BIG = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is SQLite's own row number

_UNFINISHED = "status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"


class Base(DeclarativeBase):
    """All tables of the store; names of constraints are fixed so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, str: String, int: _BIG}  # noqa: RUF012


class StoreIdentity(Base):
    """One row: a random name of this store, so that keys sent to agencies never meet those of another store."""

    __tablename__ = "store"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created: Mapped[datetime]


class IntakeRow(Base):
    """A set of applications that arrived together."""

    __tablename__ = "intakes"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    received: Mapped[datetime]
    source: Mapped[str]
    digest: Mapped[str]
    opened: Mapped[int]
    already_open: Mapped[int]
    rejected: Mapped[int]


class RunRow(Base):
    """One run of a pilot: a Prefect flow run, a local run or a rehearsal, with its counts and metrics."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    process: Mapped[str]
    kind: Mapped[str]
    flow_run: Mapped[str | None]
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]]
    metrics: Mapped[dict[str, Any]]
    seed: Mapped[int | None]


class CaseRow(Base):
    """One application from submission to decision. Facts for finding and grouping; no personal value."""

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    version: Mapped[str]
    process: Mapped[str]
    reference: Mapped[str]
    rehearsal: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    intake: Mapped[int | None] = mapped_column(ForeignKey("intakes.id"))
    office: Mapped[str | None]
    segments: Mapped[dict[str, Any]]
    status: Mapped[str]
    opened: Mapped[datetime]
    closed: Mapped[datetime | None]
    due: Mapped[datetime | None]
    breached: Mapped[datetime | None]
    outcome: Mapped[str | None]
    problem: Mapped[str | None] = mapped_column(Text)
    last_seq: Mapped[int] = mapped_column(default=0)
    wake_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    restricted: Mapped[datetime | None]
    anchored: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    figures: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        # An application is opened once. A rehearsal's cases are apart from real ones and from other rehearsals'.
        Index(
            "uq_cases_reference", "pilot", "reference", unique=True,
            sqlite_where=text("rehearsal IS NULL"), postgresql_where=text("rehearsal IS NULL"),
        ),
        UniqueConstraint("rehearsal", "reference"),
        Index(
            "ix_cases_runnable", "pilot", "process", "status", "wake_at",
            sqlite_where=text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
            postgresql_where=text("rehearsal IS NULL AND status IN ('ready', 'waiting')"),
        ),
        Index("ix_cases_worker", "worker", sqlite_where=text("worker IS NOT NULL"),
              postgresql_where=text("worker IS NOT NULL")),
        Index("ix_cases_closed", "pilot", "process", "closed",
              sqlite_where=text("rehearsal IS NULL AND closed IS NOT NULL"),
              postgresql_where=text("rehearsal IS NULL AND closed IS NOT NULL")),
        Index("ix_cases_due", "due", sqlite_where=text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL"),
              postgresql_where=text("closed IS NULL AND breached IS NULL AND rehearsal IS NULL")),
    )  # fmt: skip


class PayloadRow(Base):
    """Personal data of one case, apart from everything else; each text sealed with the key of the case."""

    __tablename__ = "payloads"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    application: Mapped[str] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class WorkRow(Base):
    """One step visit of one case. `result` is personal data, sealed; `answered` numbers the answering event.

    That its case is there is no foreign key: whoever writes it holds the case's row, and `db verify` checks it. The
    keys of work and events together took two fifths of PostgreSQL's time.
    """

    __tablename__ = "work"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int]
    step: Mapped[str]
    visit: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    agency: Mapped[str]
    status: Mapped[str]
    ready: Mapped[datetime]
    started: Mapped[datetime | None]
    completed: Mapped[datetime | None]
    due: Mapped[datetime | None]
    breached: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(Integer)
    officer: Mapped[str | None]
    cost: Mapped[float | None] = mapped_column(Float)
    keyed: Mapped[str | None]
    error: Mapped[str | None]
    answered: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("case_id", "step", "visit"),  # a step visit is completed once
        Index("ix_work_inbox", "agency", "status", "due",
              sqlite_where=text(_UNFINISHED), postgresql_where=text(_UNFINISHED)),
        Index("ix_work_completed", "completed", sqlite_where=text("completed IS NOT NULL"),
              postgresql_where=text("completed IS NOT NULL")),
        Index("ix_work_due", "due", sqlite_where=text("completed IS NULL AND breached IS NULL AND due IS NOT NULL"),
              postgresql_where=text("completed IS NULL AND breached IS NULL AND due IS NOT NULL")),
    )  # fmt: skip


class EventRow(Base):
    """One line about a step, append-only. Codes and times, no personal value; together they rebuild the state.

    `hash` chains it to the event before (`perintis.rules.chain`); `commitment` stands for what is personal about it.
    Events of rehearsals have neither. `case_id` is no foreign key, as in `WorkRow`.
    """

    __tablename__ = "events"
    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    step: Mapped[str]
    visit: Mapped[int] = mapped_column(Integer)
    lifecycle: Mapped[str]
    agency: Mapped[str]
    officer: Mapped[str | None]
    ready: Mapped[datetime | None]
    started: Mapped[datetime | None]
    cost: Mapped[float | None] = mapped_column(Float)
    detail: Mapped[str | None] = mapped_column(Text)
    commitment: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = ({"sqlite_with_rowid": False},)


class OutboxRow(Base):
    """A request on its way to an agency's system; its key is the same for every attempt."""

    __tablename__ = "outbox"
    key: Mapped[str] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    step: Mapped[str]
    visit: Mapped[int] = mapped_column(Integer)
    agency: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str]
    attempt: Mapped[int] = mapped_column(Integer)
    queued: Mapped[datetime]
    next_at: Mapped[datetime]
    sent: Mapped[datetime | None]
    worker: Mapped[str | None]

    __table_args__ = (
        Index("ix_outbox_unsent", "status", "next_at",
              sqlite_where=text("status IN ('queued', 'sending')"),
              postgresql_where=text("status IN ('queued', 'sending')")),
    )  # fmt: skip


class InboxRow(Base):
    """A message from an agency's system. The same message twice is one row; what became of it is kept."""

    __tablename__ = "inbox"
    agency: Mapped[str] = mapped_column(primary_key=True)
    message: Mapped[str] = mapped_column(primary_key=True)
    received: Mapped[datetime]
    key: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str]
    reason: Mapped[str | None]

    __table_args__ = (
        Index("ix_inbox_new", "status", sqlite_where=text("status = 'new'"), postgresql_where=text("status = 'new'")),
    )
