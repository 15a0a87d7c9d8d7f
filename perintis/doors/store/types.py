"""How instants are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970 in UTC. Raises ValueError for a naive instant."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """The aware UTC instant."""
    return EPOCH + timedelta(microseconds=micros)


def micros_or_none(instant: datetime | None) -> int | None:
    """`to_micros` of an instant that may be absent."""
    return None if instant is None else to_micros(instant)


def instant_or_none(micros: int | None) -> datetime | None:
    """`from_micros` of what may be absent."""
    return None if micros is None else from_micros(micros)


class Instant(TypeDecorator[datetime]):
    """An aware instant as whole microseconds since 1970 in UTC.

    Integers are exact on SQLite and PostgreSQL alike, sort as time, and become a Polars column without parsing;
    SQLite would give a naive datetime back for its own date type.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return micros_or_none(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return instant_or_none(value)
