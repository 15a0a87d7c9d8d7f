"""Trips of the daily harm monitor and what people said to them. Rows are only added.

A trip pauses the intake of its pilot: no new case is opened until a person has answered "resume". Open cases go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, select

from perintis.doors.store.database import Database
from perintis.doors.store.models_evaluation import HarmAnswerRow, HarmTripRow
from perintis.words.errors import NotAllowed, NotFound
from perintis.words.officers import same_officer


@dataclass(frozen=True)
class HarmAnswer:
    """What a person said to a trip; `confirmed_by` is the second person where it takes back a "stop"."""

    at: datetime
    by: str
    reason: str
    resume: bool
    confirmed_by: str | None = None


@dataclass(frozen=True)
class HarmTrip:
    """The monitor saw harm in `metric`: an `estimate` beyond its `bound`. Of its `answers`, oldest first, the last
    one holds."""

    number: int
    pilot: str
    at: datetime
    data_until: datetime
    metric: str
    estimate: float
    bound: float
    sentence: str
    answers: tuple[HarmAnswer, ...] = ()

    @property
    def answer(self) -> HarmAnswer | None:
        """The answer that holds; None where nobody has answered."""
        return self.answers[-1] if self.answers else None

    @property
    def pauses(self) -> bool:
        """Whether no new case may be opened because of it: nobody has answered, or the answer was to stop."""
        return self.answer is None or not self.answer.resume


def trip_facts(trip: HarmTrip) -> dict[str, Any]:
    """A trip as plain values, with the answer that holds in fields of its own."""
    last = trip.answer
    held = (None,) * 4 if last is None else (last.by, last.at, last.reason, last.resume)
    told = dict(zip(("answered_by", "answered_at", "reason", "resume"), held, strict=True))
    return {**vars(trip), **told, "pauses": trip.pauses, "answers": [vars(answer) for answer in trip.answers]}


def record_trip(
    database: Database, pilot: str, metric: str, *, estimate: float, bound: float, sentence: str, data_until: datetime,
    at: datetime,
) -> int:  # fmt: skip
    """Write a trip down; returns its number."""
    with database.write() as connection:
        made = connection.execute(
            insert(HarmTripRow)
            .values(pilot=pilot, at=at, data_until=data_until, metric=metric, estimate=estimate, bound=bound,
                    sentence=sentence)
            .returning(HarmTripRow.id)
        )  # fmt: skip
        return int(made.scalar_one())


def answer_trip(
    database: Database, number: int, *, by: str, reason: str, resume: bool, at: datetime,
    confirmed_by: str | None = None,
) -> None:  # fmt: skip
    """Record what a person said to a trip. A later answer takes the place of an earlier one, which stays on record.

    To take back a "stop" needs a second person (`confirmed_by`), as a decision against the verdict does. Raises
    NotFound, or NotAllowed where the same was answered already or the second person is missing or the same.
    """
    with database.write() as connection:
        if connection.execute(select(HarmTripRow.id).where(HarmTripRow.id == number)).first() is None:
            raise NotFound(f"there is no harm trip {number}")
        rows = connection.execute(_answers(HarmAnswerRow.trip_id == number)).all()
        if rows:
            _check_again(number, rows[-1], resume, by, confirmed_by)
        connection.execute(
            insert(HarmAnswerRow).values(
                trip_id=number, number=len(rows) + 1, at=at, by=by, reason=reason, resume=resume,
                confirmed_by=confirmed_by,
            )
        )  # fmt: skip


def _check_again(number: int, before: Row[Any], resume: bool, by: str, confirmed_by: str | None) -> None:
    if before.resume == resume:
        word = "resume" if resume else "stop"
        raise NotAllowed(f"harm trip {number} was answered already: {word}, by {before.by}")
    if not resume:
        return
    if confirmed_by is None:
        raise NotAllowed(
            f"harm trip {number} was answered with stop by {before.by}; to take that back a second person has to be "
            "named with --confirmed-by"
        )
    if same_officer(confirmed_by, by):
        raise NotAllowed(f"{by} gives this answer; somebody else has to confirm it")


def harm_trips(database: Database, pilot: str) -> list[HarmTrip]:
    """All trips of a pilot, oldest first."""
    with database.read() as connection:
        return _trips(connection, pilot)


def refuse_while_paused(connection: Connection, pilot: str) -> None:
    """To be asked in the transaction that opens new cases: NotAllowed where a trip of the harm monitor pauses them.

    A trip that was answered with "stop" is told before one that waits, since answering that one opens nothing then.
    """
    pausing = [trip for trip in _trips(connection, pilot) if trip.pauses]
    if pausing:
        raise NotAllowed(_paused_words(min(pausing, key=lambda trip: (trip.answer is None, trip.number))))


def _paused_words(trip: HarmTrip) -> str:
    """One sentence: what is refused, which guardrail, since when, and what to do."""
    since, harm = f"{trip.at.day} {trip.at:%B %Y}", f"the harm monitor saw {trip.metric} worse than the baseline"
    told = f"{trip.pilot} takes no new cases since {since} (open ones go on): {harm}"
    if trip.answer is None:
        answer = f"perintis harm {trip.pilot} --answer {trip.number} --by ROLE --reason WHY --resume"
        return f"{told}, and nobody has answered; look at the report, then run `{answer}` (or --stop)"
    return (
        f"{told}, and the answer was to stop; `perintis harm {trip.pilot}` shows whose and why, and how it can be taken"
        " back"
    )


def _trips(connection: Connection, pilot: str) -> list[HarmTrip]:
    of_pilot = select(HarmTripRow.id).where(HarmTripRow.pilot == pilot)
    answers: dict[int, list[HarmAnswer]] = {}
    for row in connection.execute(_answers(HarmAnswerRow.trip_id.in_(of_pilot))):
        answers.setdefault(row.trip_id, []).append(HarmAnswer(row.at, row.by, row.reason, row.resume, row.confirmed_by))
    trip = HarmTripRow.__table__
    query = select(
        trip.c.id, trip.c.pilot, trip.c.at, trip.c.data_until, trip.c.metric, trip.c.estimate, trip.c.bound,
        trip.c.sentence,
    ).where(trip.c.pilot == pilot).order_by(trip.c.id)  # fmt: skip
    return [HarmTrip(*row, answers=tuple(answers.get(row.id, ()))) for row in connection.execute(query)]


def _answers(which: ColumnElement[bool]) -> Select[Any]:
    return select(HarmAnswerRow.__table__).where(which).order_by(HarmAnswerRow.trip_id, HarmAnswerRow.number)
