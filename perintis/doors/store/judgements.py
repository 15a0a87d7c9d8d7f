"""Evaluations with their verdicts, and what people decided about them. Rows are only added."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, insert, select

from perintis.doors.store.database import Database
from perintis.doors.store.models_evaluation import ConfirmationRow, DecisionRow, EvaluationRow
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.officers import same_officer

NO_VERDICT = "no verdict"


@dataclass(frozen=True)
class JudgedEvaluation:
    """One evaluation of a pilot as it is kept: the verdict, which look it was, what it rests on, where its files are.

    `word` is scale, adjust, stop, continue or "no verdict"; `code` the reason for programs; `look` None means that it
    was no formal look. `information` is 1/variance of the first primary metric, `fraction` its share of what was
    planned. `snapshot` is the SHA-256 of the frozen tables, `baseline_hash` that of the baseline, whose name may come
    to stand for other content; `folder`, `json` and `report` are paths.
    """

    pilot: str
    version: str
    at: datetime
    data_until: datetime
    baseline: str
    simulated: bool
    plan_hash: str
    registered: bool
    look: int | None
    looks: int
    final: bool
    fraction: float | None
    information: float | None
    word: str
    code: str
    sentence: str
    change: str | None
    staged: bool
    grade: str
    snapshot: str
    folder: str | None = None
    json: str | None = None
    report: str | None = None
    baseline_hash: str | None = None


@dataclass(frozen=True)
class Kept:
    """An evaluation in the store, with its number."""

    number: int
    evaluation: JudgedEvaluation


@dataclass(frozen=True)
class PilotDecision:
    """What people decided. `verdict` is what the rule said then; where it `differs`, the decision holds only once
    `confirmed_by` a second person."""

    number: int
    pilot: str
    evaluation: int | None
    at: datetime
    word: str
    verdict: str | None
    differs: bool
    reason: str
    by: str
    confirmed_by: str | None
    confirmed_at: datetime | None

    @property
    def pending(self) -> bool:
        """Whether a second person still has to confirm it."""
        return self.differs and self.confirmed_by is None


def keep_evaluation(database: Database, evaluation: JudgedEvaluation) -> int:
    """Write an evaluation down; returns its number."""
    with database.write() as connection:
        made = connection.execute(insert(EvaluationRow).values(**asdict(evaluation)).returning(EvaluationRow.id))
        return int(made.scalar_one())


def kept_evaluations(database: Database, pilot: str) -> list[Kept]:
    """All evaluations of a pilot, oldest first."""
    with database.read() as connection:
        query = select(EvaluationRow.__table__).where(EvaluationRow.pilot == pilot).order_by(EvaluationRow.id)
        return [_kept(row) for row in connection.execute(query)]


def _kept(row: Row[tuple[object, ...]]) -> Kept:
    values = dict(row._mapping)
    number = int(values.pop("id"))
    return Kept(number, JudgedEvaluation(**values))


def decide(
    database: Database, pilot: str, word: str, *, reason: str, by: str, at: datetime, confirmed_by: str | None = None
) -> PilotDecision:
    """Record a decision beside the latest formal look at real cases, or where there was none, the latest evaluation.

    It differs where the verdict is another word; then it waits for a second person, who may be named at once. Raises
    NotFound without an evaluation, NotAllowed where both persons are one.
    """
    if confirmed_by is not None:
        _two_persons(by, confirmed_by)
    with database.write() as connection:
        query = select(EvaluationRow.id, EvaluationRow.word, EvaluationRow.simulated)
        latest = connection.execute(
            query.where(EvaluationRow.pilot == pilot).order_by(
                EvaluationRow.simulated, EvaluationRow.look.is_(None), EvaluationRow.id.desc()
            )
        ).first()
        if latest is None:
            raise NotFound(f"there is no evaluation of {pilot} to decide on; make one with `perintis evaluate {pilot}`")
        differs = latest.word != word
        number = connection.execute(
            insert(DecisionRow)
            .values(pilot=pilot, evaluation_id=latest.id, at=at, word=word, verdict=latest.word, differs=differs,
                    reason=reason, by=by)
            .returning(DecisionRow.id)
        ).scalar_one()  # fmt: skip
        if differs and confirmed_by is not None:
            connection.execute(insert(ConfirmationRow).values(decision_id=number, at=at, by=confirmed_by))
        return _decision(connection, int(number))


def confirm_decision(database: Database, pilot: str, *, by: str, at: datetime) -> PilotDecision:
    """Confirm the latest decision of a pilot as a second person; it holds from then on.

    Raises NotFound where none waits, NotAllowed where the same person confirms.
    """
    with database.write() as connection:
        number = connection.execute(
            select(DecisionRow.id).where(DecisionRow.pilot == pilot).order_by(DecisionRow.id.desc())
        ).scalar()
        latest = None if number is None else _decision(connection, number)
        if latest is None or not latest.pending:
            raise NotFound(f"no decision on {pilot} waits for a second person; `perintis history {pilot}` lists them")
        _two_persons(latest.by, by)
        connection.execute(insert(ConfirmationRow).values(decision_id=latest.number, at=at, by=by))
        return _decision(connection, latest.number)


def decisions_on(database: Database, pilot: str) -> list[PilotDecision]:
    """All decisions on a pilot, oldest first."""
    with database.read() as connection:
        query = select(DecisionRow.id).where(DecisionRow.pilot == pilot).order_by(DecisionRow.id)
        return [_decision(connection, number) for number in connection.execute(query).scalars().all()]


def _decision(connection: Connection, number: int) -> PilotDecision:
    decided = DecisionRow.__table__
    second = ConfirmationRow.__table__
    row = connection.execute(
        select(decided, second.c.by.label("confirmed_by"), second.c.at.label("confirmed_at"))
        .outerjoin(second, second.c.decision_id == decided.c.id)
        .where(decided.c.id == number)
    ).one()
    return PilotDecision(
        row.id, row.pilot, row.evaluation_id, row.at, row.word, row.verdict, row.differs, row.reason, row.by,
        row.confirmed_by, row.confirmed_at,
    )  # fmt: skip


def _two_persons(first: str, second: str) -> None:
    if same_officer(first, second):
        raise NotAllowed(f"{first} made this decision; somebody else has to confirm it")
