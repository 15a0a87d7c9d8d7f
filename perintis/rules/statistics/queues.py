"""Queues: how long cases wait at a desk for a given load, and whether a log agrees with itself.

Waits grow with volume even if nothing else changes, so a comparison shows arrivals and utilisation beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perintis.rules.statistics.effect import NoEstimate

if TYPE_CHECKING:
    import polars as pl

    from perintis.rules.metrics.view import View
    from perintis.rules.statistics.effect import Floats, Whole

DAY = 86_400_000_000
WEEK = 7 * DAY
MONDAY = 4 * DAY
"""Microseconds from 1970-01-01, a Thursday, to the first Monday: where weeks begin (UTC)."""

LIMIT = 0.10
FEWEST_CLOSINGS = 10
LONG_LEAD = 0.90
OVERLOAD = "work arrives as fast as it is done or faster: the queue grows without end"


class OfficeWeek(NamedTuple):
    """One office in one week: `open` cases on average (L), `closings` a day (lambda), their mean `lead` in days (W).

    `off` is L / (lambda W) - 1; `chance` its standard error from the spread of the leads. `flagged`: off by more than
    the limit, and by more than twice that. All None, with the `reason`, where the week cannot be judged. `week` counts
    the Mondays from 1970-01-05, which is 0.
    """

    office: str
    week: int
    open: float | None
    closings: float | None
    lead: float | None
    off: float | None
    chance: float | None
    flagged: bool | None
    reason: str | None = None


@dataclass(frozen=True)
class Utilisation:
    """Office hours in which officers worked on these cases, over the office hours that they were there.

    Only work on the cases of this data set is seen: officers who also do other work look idle in it. `cases` are those
    on which any work was begun.
    """

    share: float
    officers: int
    worked_hours: float
    offered_hours: float
    cases: int


def erlang_c_wait(arrivals: float, served: float, desks: int) -> float | NoEstimate:
    """Mean wait before service in an M/M/c queue: `arrivals` and `served` (a desk) a unit of time. Erlang 1917."""
    if min(arrivals, served) <= 0 or desks < 1:
        raise ValueError("arrivals, the rate of service and the number of desks must be above zero")
    load = arrivals / served
    if load >= desks:
        return NoEstimate(OVERLOAD, f"more than {load:g} desks")
    blocked = 1.0
    for k in range(1, desks + 1):
        blocked = load * blocked / (k + load * blocked)
    waiting = blocked / (1 - load / desks * (1 - blocked))
    return waiting / (desks * served - arrivals)


def kingman_wait(
    utilisation: float, service: float, arrival_cv: float = 1.0, service_cv: float = 1.0, desks: int = 1
) -> float | NoEstimate:
    """Mean wait before service in a G/G/c queue, about, in the unit of the mean `service` time.

    The coefficients of variation are not squared. Sources: Kingman 1961; for several desks Sakasegawa 1977.
    """
    if utilisation < 0 or service <= 0 or desks < 1:
        raise ValueError("utilisation, service time and the number of desks must be above zero")
    if utilisation >= 1:
        return NoEstimate(OVERLOAD)
    crowd = float(utilisation ** (sqrt(2 * (desks + 1)) - 1)) / (desks * (1 - utilisation))
    return crowd * (arrival_cv**2 + service_cv**2) / 2 * service


def littles_law(view: View, limit: float = LIMIT, fewest: int = FEWEST_CLOSINGS) -> tuple[OfficeWeek, ...]:
    """Hold every office-week against L = lambda W (Little 1961): if they differ, closings or openings may be missing.

    L is the average number of open cases, lambda and W are of the cases closed in the week. A week is judged only
    from the time on at which the office had been seen for as long as nine in ten of its cases take; before, cases
    opened earlier are missing in every log. Weeks begin on Mondays, UTC; incomplete weeks are left out.

    It is for the eye and no gate: while a pilot grows, L stands above lambda W in a log that lacks nothing. A gate of
    its own counts the weeks in which nothing was recorded (`silent_weeks`), and says why no form of the law would do.
    """
    import polars as pl

    offices = view.data.cases.select("office").with_columns(view.cases["opened"], view.cases["closed"])
    offices = offices.filter(pl.col("office").is_not_null() & (pl.col("opened") <= view.read))
    read = int(view.read.timestamp() * 1_000_000)
    found: list[OfficeWeek] = []
    for (office,), rows in offices.sort("office", "opened").group_by("office", maintain_order=True):
        found += _office_weeks(str(office), rows, read, limit, fewest)
    return tuple(found)


def utilisation(view: View) -> Utilisation | NoEstimate:
    """How busy the officers of a data set were, by the calendar of their agency; pieces of work are united, not summed.

    An officer is taken to be there from the first to the last work seen in their agency. Work without an officer, a
    start or an end cannot be counted: then there is a reason instead of a number.
    """
    return view.once(("utilisation",), lambda: _utilisation(view))


def _utilisation(view: View) -> Utilisation | NoEstimate:
    import polars as pl

    work = view.begun.select("agency", "officer", "started", "completed")
    for column, what in (("officer", "officers"), ("started", "times at which work started")):
        if work[column].null_count() == work.height:
            return NoEstimate(f"{what} were not recorded")
    done = work.filter(pl.col("completed").is_not_null())
    lacking = done.select(pl.any_horizontal(pl.col("officer", "agency", "started").is_null())).to_series().sum()
    if lacking:
        return NoEstimate(f"{lacking} of {done.height} pieces of work have no officer, agency or start")
    worked = offered = 0.0
    officers = 0
    parts = {str(name): rows for (name,), rows in done.sort("started").partition_by("agency", as_dict=True).items()}
    for agency, rows in sorted(parts.items(), key=lambda part: part[0]):
        if view.calendars.agencies.get(agency, view.calendars.case) is None:
            return NoEstimate(f"the office hours of {agency} are not known", "give its calendar")
        pieces = _united(rows)
        ends = pl.DataFrame(
            {"start": [rows["started"].min()], "end": [rows["completed"].max()]}, schema=_instants(rows)
        )
        present = rows["officer"].n_unique()
        officers += present
        worked += float(view.minutes(pieces["start"], pieces["end"], agency).sum()) / 60
        offered += float(view.minutes(ends["start"], ends["end"], agency).sum()) / 60 * present
    if offered == 0:
        return NoEstimate("no office hours lie between the first and the last work")
    return Utilisation(worked / offered, officers, worked, offered, int(view.begun["i"].n_unique()))


def _united(rows: pl.DataFrame) -> pl.DataFrame:
    """The time of each officer's work without overlaps: each piece begins where all earlier ones have ended."""
    import polars as pl

    covered = pl.col("completed").cum_max().shift(1).over("officer")
    pieces = rows.with_columns(start=pl.max_horizontal("started", covered), end="completed")
    return pieces.filter(pl.col("start") < pl.col("end"))


def _instants(rows: pl.DataFrame) -> dict[str, pl.DataType]:
    return {"start": rows.schema["started"], "end": rows.schema["started"]}


def _office_weeks(office: str, rows: pl.DataFrame, read: int, limit: float, fewest: int) -> list[OfficeWeek]:
    opened = np.sort(rows["opened"].cast(int).to_numpy()).astype(np.int64)
    gone = rows.drop_nulls("closed").sort("closed")
    closed = gone["closed"].cast(int).to_numpy().astype(np.int64)
    lead = (closed - gone["opened"].cast(int).to_numpy()) / DAY
    first = (int(opened[0]) - MONDAY) // WEEK + 1
    edges = np.arange(first, (read - MONDAY) // WEEK + 1, dtype=np.int64) * WEEK + MONDAY
    if len(edges) < 2:
        return []
    level = (_passed(opened, edges[1:]) - _passed(opened, edges[:-1])) / WEEK
    level -= (_passed(closed, edges[1:]) - _passed(closed, edges[:-1])) / WEEK
    place = np.searchsorted(closed, edges)
    warm = opened[0] + (np.quantile(lead, LONG_LEAD) * DAY if len(lead) else np.inf)
    found = []
    for k, start in enumerate(edges[:-1]):
        week = int(start - MONDAY) // WEEK
        times = lead[place[k] : place[k + 1]]
        if start < warm:
            why = "cases opened before the first one seen may be missing"
        elif len(times) < fewest:
            why = f"{len(times)} closings; {fewest} are needed"
        else:
            found.append(_judged(office, week, float(level[k]), times, limit))
            continue
        found.append(OfficeWeek(office, week, None, None, None, None, None, None, why))
    return found


def _judged(office: str, week: int, level: float, times: Floats, limit: float) -> OfficeWeek:
    """One week; the chance error of lambda W is that of a sum of a Poisson number of leads."""
    rate, mean = len(times) / 7, float(times.mean())
    if mean <= 0:
        return OfficeWeek(office, week, None, None, None, None, None, None, "all cases closed as they were opened")
    off = level / (rate * mean) - 1
    chance = (1 + off) * sqrt(float((times**2).sum())) / float(times.sum())
    return OfficeWeek(office, week, level, rate, mean, off, chance, abs(off) > max(limit, 2 * chance))


def _passed(instants: Whole, until: Whole) -> Floats:
    """The sum over sorted instants of the time from each to `until`, where it lies before."""
    before = np.searchsorted(instants, until, side="right")
    origin = instants[0] if len(instants) else 0
    sums = np.concatenate([[0.0], np.cumsum((instants - origin).astype(np.float64))])
    found: Floats = before * (until - origin).astype(np.float64) - sums[before]
    return found
