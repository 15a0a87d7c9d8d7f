"""Trips of the daily harm monitor and what people said to them. Rows are only added.

A trip pauses the intake of its pilot: no new case is opened until a person has answered "resume". Open cases go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from perintis.doors.store.database import Database
from perintis.doors.store.models_evaluation import HarmAnswerRow, HarmTripRow
from perintis.words.errors import NotAllowed, NotFound


@dataclass(frozen=True)
class HarmTrip:
    """The monitor saw harm in `metric`: an `estimate` beyond its `bound`; `answered_by` is who answered, if anybody."""

    number: int
    pilot: str
    at: datetime
    data_until: datetime
    metric: str
    estimate: float
    bound: float
    sentence: str
    answered_by: str | None = None
    answered_at: datetime | None = None
    reason: str | None = None
    resume: bool | None = None

    @property
    def pauses(self) -> bool:
        """Whether no new case may be opened because of it: nobody has answered, or the answer was to stop."""
        return self.resume is not True


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


def answer_trip(database: Database, number: int, *, by: str, reason: str, resume: bool, at: datetime) -> None:
    """Record what a person said to a trip; once. Raises NotFound, or NotAllowed where somebody answered already."""
    with database.write() as connection:
        if connection.execute(select(HarmTripRow.id).where(HarmTripRow.id == number)).first() is None:
            raise NotFound(f"there is no harm trip {number}")
        if connection.execute(select(HarmAnswerRow.trip_id).where(HarmAnswerRow.trip_id == number)).first():
            raise NotAllowed(f"harm trip {number} was answered already")
        connection.execute(insert(HarmAnswerRow).values(trip_id=number, at=at, by=by, reason=reason, resume=resume))


def harm_trips(database: Database, pilot: str) -> list[HarmTrip]:
    """All trips of a pilot, oldest first."""
    with database.read() as connection:
        return [HarmTrip(*row) for row in connection.execute(_trips(pilot))]


def refuse_while_paused(connection: Connection, pilot: str) -> None:
    """To be asked in the transaction that opens new cases: NotAllowed where a trip of the harm monitor pauses them.

    A trip that was answered with "stop" is told before one that waits, since no answer can open the intake then.
    """
    pausing = [trip for row in connection.execute(_trips(pilot)) if (trip := HarmTrip(*row)).pauses]
    if pausing:
        raise NotAllowed(_paused_words(min(pausing, key=lambda trip: (trip.resume is None, trip.number))))


def _paused_words(trip: HarmTrip) -> str:
    """One sentence: what is refused, which guardrail, since when, and what to do."""
    since, harm = f"{trip.at.day} {trip.at:%B %Y}", f"the harm monitor saw {trip.metric} worse than the baseline"
    told = f"{trip.pilot} takes no new cases since {since} (open ones go on): {harm}"
    if trip.resume is None:
        answer = f"perintis harm {trip.pilot} --answer {trip.number} --by ROLE --reason WHY --resume"
        return f"{told}, and nobody has answered; look at the report, then run `{answer}` (or --stop)"
    return f"{told}, and the answer was to stop; `perintis harm {trip.pilot}` shows whose and why"


def _trips(pilot: str) -> Select[tuple[Any, ...]]:
    trip, answer = HarmTripRow.__table__, HarmAnswerRow.__table__
    return (
        select(
            trip.c.id, trip.c.pilot, trip.c.at, trip.c.data_until, trip.c.metric, trip.c.estimate, trip.c.bound,
            trip.c.sentence, answer.c.by, answer.c.at.label("answered_at"), answer.c.reason, answer.c.resume,
        )
        .outerjoin(answer, answer.c.trip_id == trip.c.id)
        .where(trip.c.pilot == pilot)
        .order_by(trip.c.id)
    )  # fmt: skip
