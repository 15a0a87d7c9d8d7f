"""Which seasons the cases of a data set were opened in, and whether Ramadan and Eid are among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

EID = "Eid al-Fitr"
FASTING = timedelta(days=30)
AFTER_EID = timedelta(days=7)
ANOTHER_EID = timedelta(days=60)
MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class MonthCount:
    """Cases opened in one month, by the local day."""

    month: str
    cases: int


@dataclass(frozen=True)
class EidSeason:
    """One Ramadan with its Eid: `eid` is the first day of the feast, the season the 30 days before and 7 days after it.

    `whole` tells whether the cases were opened from before its first to after its last day; `cases` those within it.
    """

    eid: date
    cases: int
    whole: bool


@dataclass(frozen=True)
class Seasons:
    """The months in which cases were opened, oldest first (an empty month within the period counts as one with 0).

    `never` are the months of the year (1 to 12) in which no case was opened. `eids` are the Ramadan and Eid seasons
    that the period touches; None where the calendar of the country has no Eid, or no country is known.
    """

    first: date
    last: date
    months: tuple[MonthCount, ...]
    never: tuple[int, ...]
    eids: tuple[EidSeason, ...] | None

    @property
    def eid_covered(self) -> bool | None:
        """Whether at least one whole Ramadan and Eid season is there; None where that cannot be asked."""
        return None if self.eids is None else any(season.whole and season.cases for season in self.eids)


def seasons_of(cases: pl.DataFrame, country: str | None) -> Seasons:
    """The seasons of a case table with rows, by the local days of opening; `country` as in the `holidays` library."""
    import polars as pl

    local = (pl.col("opened") + pl.duration(minutes=pl.col("opened_offset").fill_null(0))).dt.date()
    days = cases.select(day=local)["day"].drop_nulls()
    counts = dict(days.value_counts().iter_rows())
    first, last = min(counts), max(counts)
    months = dict.fromkeys(_months(first, last), 0)
    for day, number in counts.items():
        months[f"{day:%Y-%m}"] += number
    seen = {int(month[5:]) for month, number in months.items() if number}
    eids = _eids(country, first, last) if country else None
    return Seasons(
        first=first,
        last=last,
        months=tuple(MonthCount(month, number) for month, number in months.items()),
        never=tuple(month for month in range(1, MONTHS_A_YEAR + 1) if month not in seen),
        eids=None if eids is None else tuple(_season(eid, counts, first, last) for eid in eids),
    )


def _season(eid: date, counts: dict[date, int], first: date, last: date) -> EidSeason:
    begins, ends = eid - FASTING, eid + AFTER_EID
    within = sum(number for day, number in counts.items() if begins <= day <= ends)
    return EidSeason(eid, within, whole=first <= begins and last >= ends)


def _eids(country: str, first: date, last: date) -> list[date] | None:
    """The Eids whose season the period touches; None where that calendar has none."""
    found = [eid for year in range(first.year - 1, last.year + 2) for eid in _eids_of(country, year)]
    if not found:
        return None
    return [eid for eid in found if first <= eid + AFTER_EID and eid - FASTING <= last]


@cache
def _eids_of(country: str, year: int) -> tuple[date, ...]:
    """The first days of Eid al-Fitr in a year: one, or two about every thirty years."""
    import holidays

    days = holidays.country_holidays(country, years=year, language="en_US")
    firsts: list[date] = []
    for day in sorted(day for day, name in days.items() if name.startswith(EID)):
        if not firsts or day - firsts[-1] > ANOTHER_EID:
            firsts.append(day)
    return tuple(firsts)


def _months(first: date, last: date) -> list[str]:
    months, year, month = [], first.year, first.month
    while (year, month) <= (last.year, last.month):
        months.append(f"{year:04}-{month:02}")
        year, month = (year + 1, 1) if month == MONTHS_A_YEAR else (year, month + 1)
    return months
