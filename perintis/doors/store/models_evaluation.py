"""The tables of an evaluation: the plan, its amendments, what came out, what people decided. Rows are only added.

Triggers in the migration refuse to change or remove rows of these tables (but for satisfaction answers, which may have
to go with their case).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from perintis.doors.store.models import Base

APPEND_ONLY = ("plans", "amendments", "evaluations", "decisions", "confirmations", "harm_trips", "harm_answers")


class PlanRow(Base):
    """The plan of a pilot as registered: canonical JSON and its SHA-256. One a pilot; changes are amendments.

    `late` says that the first case was opened, or an evaluation made, before; `cases` and `evaluations` how many.
    """

    __tablename__ = "plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    at: Mapped[datetime]
    hash: Mapped[str]
    plan: Mapped[str] = mapped_column(Text)
    late: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(Text)
    cases: Mapped[int]
    evaluations: Mapped[int]

    __table_args__ = (UniqueConstraint("pilot"),)


class AmendmentRow(Base):
    """A later change of a plan: the whole plan as it is from then on, and the differences in words."""

    __tablename__ = "amendments"
    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    hash: Mapped[str]
    plan: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    results_visible: Mapped[bool]
    changes: Mapped[list[str]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("plan_id", "number"),)


class EvaluationRow(Base):
    """One evaluation with its verdict. `look` counts the formal looks of this plan; `folder` holds its files.

    `snapshot` is the SHA-256 of the frozen tables, `baseline_hash` that of the baseline; `information` is that of the
    first primary metric (1/variance), from which the bounds of later looks follow; `fraction` is its share of the
    planned information.
    """

    __tablename__ = "evaluations"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str] = mapped_column(index=True)
    version: Mapped[str]
    at: Mapped[datetime]
    data_until: Mapped[datetime]
    baseline: Mapped[str]
    simulated: Mapped[bool]
    plan_hash: Mapped[str]
    registered: Mapped[bool]
    look: Mapped[int | None] = mapped_column(Integer)
    looks: Mapped[int] = mapped_column(Integer)
    final: Mapped[bool]
    fraction: Mapped[float | None] = mapped_column(Float)
    information: Mapped[float | None] = mapped_column(Float)
    word: Mapped[str]
    code: Mapped[str]
    sentence: Mapped[str] = mapped_column(Text)
    change: Mapped[str | None] = mapped_column(Text)
    staged: Mapped[bool]
    grade: Mapped[str]
    snapshot: Mapped[str]
    baseline_hash: Mapped[str | None]
    folder: Mapped[str | None]
    json: Mapped[str | None]
    report: Mapped[str | None]


class DecisionRow(Base):
    """What people decided, beside the verdict they saw. Where it `differs`, it holds only once confirmed."""

    __tablename__ = "decisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str] = mapped_column(index=True)
    evaluation_id: Mapped[int | None] = mapped_column(ForeignKey("evaluations.id"))
    at: Mapped[datetime]
    word: Mapped[str]
    verdict: Mapped[str | None]
    differs: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str]


class ConfirmationRow(Base):
    """The second person's word on a decision that differs from the verdict; once a decision."""

    __tablename__ = "confirmations"
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by: Mapped[str]


class SatisfactionRow(Base):
    """The answers of one respondent to the nine elements (U1 to U9, 1 to 4 each); once a case."""

    __tablename__ = "satisfaction"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[datetime]
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("case_id"),)


class HarmTripRow(Base):
    """The daily monitor saw harm: which metric, how far, and in which data."""

    __tablename__ = "harm_trips"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    data_until: Mapped[datetime]
    metric: Mapped[str]
    estimate: Mapped[float] = mapped_column(Float)
    bound: Mapped[float] = mapped_column(Float)
    sentence: Mapped[str] = mapped_column(Text)


class HarmAnswerRow(Base):
    """What a person said to it: go on (`resume`) or not, and why. The latest answer, by `number`, holds.

    `confirmed_by` is the second person where it takes an earlier "stop" back.
    """

    __tablename__ = "harm_answers"
    trip_id: Mapped[int] = mapped_column(ForeignKey("harm_trips.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(Text)
    resume: Mapped[bool]
    confirmed_by: Mapped[str | None]
