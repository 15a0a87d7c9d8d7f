"""Written times to instants: microseconds in UTC and, beside them, the offset of the place where they were written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
OFFSET = pl.Int32
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LONGEST_DATE = len("2014-01-31")
REMEMBERED = 20_000
TYPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d:\d\d)?")
"""How importers write the dates that a file holds as dates, so that they are never mistaken for another format."""

TYPED_DATE = "T00:00:00"
"""What they put behind a date without a time of day."""

Parsed = tuple[int | None, int | None]
"""Microseconds since 1970 in UTC and offset in minutes; both None where the text is not a time."""


class InstantReader:
    """Reads ISO 8601 (or one given format) with or without an offset.

    A time without an offset is meant in `zone`. A bare date is midnight in `zone`, or the last microsecond of the
    day with `end_of_day`, since a deadline on a day is kept until that day ends. What cannot be read becomes null.
    With `typed` the file has dates of its own beside written ones (a workbook, Parquet): these come as ISO 8601 and
    are read in spite of another format.
    """

    def __init__(
        self, zone: ZoneInfo, date_format: str | None = None, *, end_of_day: bool = False, typed: bool = False
    ) -> None:
        self._zone = zone
        self._format = date_format
        self._end_of_day = end_of_day
        self._typed = typed
        self._known: dict[str, Parsed] = {}
        self.zone_used = False

    def to_the_end_of_the_day(self) -> InstantReader:
        """A reader of the same times for deadlines: a bare date lasts until that day ends."""
        return InstantReader(self._zone, self._format, end_of_day=True, typed=self._typed)

    def read(self, texts: pl.Series) -> pl.DataFrame:
        """A frame as long as `texts` with the columns `at` (instant) and `offset` (minutes)."""
        distinct = texts.drop_nulls().unique()
        if len(self._known) > REMEMBERED:
            self._known.clear()
        parsed = [self._known.get(text) or self._remember(text) for text in distinct]
        table = pl.DataFrame(
            {"text": distinct, "at": [at for at, _ in parsed], "offset": [offset for _, offset in parsed]},
            schema={"text": pl.String, "at": pl.Int64, "offset": OFFSET},
        )
        joined = texts.alias("text").to_frame().join(table, on="text", how="left", maintain_order="left")
        return joined.select(pl.col("at").cast(INSTANT), "offset")

    def _remember(self, text: str) -> Parsed:
        parsed = self._known[text] = self._parse(text.strip())
        return parsed

    def _parse(self, text: str) -> Parsed:
        try:
            if self._typed and TYPED.fullmatch(text):
                moment, bare = datetime.fromisoformat(text), text.endswith(TYPED_DATE)
            elif self._format is None:
                moment, bare = datetime.fromisoformat(text), len(text) <= LONGEST_DATE
            else:
                moment, bare = datetime.strptime(text, self._format), "%H" not in self._format  # noqa: DTZ007
            if moment.tzinfo is None:
                self.zone_used = True
                moment = moment.replace(tzinfo=self._zone)
                if bare and self._end_of_day:
                    moment += DAY - timedelta(microseconds=1)
            since = moment - EPOCH
        except (ValueError, OverflowError):
            return None, None
        shift = moment.utcoffset() or timedelta(0)
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return micros, round(shift.total_seconds() / 60)


def local_days(at: str, offset: str) -> pl.Expr:
    """The local date of an instant column, by its offset column (minutes)."""
    return (pl.col(at) + pl.duration(minutes=pl.col(offset).fill_null(0))).dt.date()
