"""Trips of the daily harm monitor and what people said to them. Rows are only added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

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
    trip, answer = HarmTripRow.__table__, HarmAnswerRow.__table__
    query = (
        select(
            trip.c.id, trip.c.pilot, trip.c.at, trip.c.data_until, trip.c.metric, trip.c.estimate, trip.c.bound,
            trip.c.sentence, answer.c.by, answer.c.at.label("answered_at"), answer.c.reason, answer.c.resume,
        )
        .outerjoin(answer, answer.c.trip_id == trip.c.id)
        .where(trip.c.pilot == pilot)
        .order_by(trip.c.id)
    )  # fmt: skip
    with database.read() as connection:
        return [HarmTrip(*row) for row in connection.execute(query)]
