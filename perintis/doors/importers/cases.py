"""Cases and their step visits to the two analysis tables: opened, closed, due, cohort, office, outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from perintis.doors.importers.attributes import declared_types, with_figures
from perintis.doors.importers.instants import INSTANT, OFFSET, InstantReader, local_days
from perintis.doors.importers.mapping import Cohort, Mapping
from perintis.doors.importers.pairing import visits
from perintis.doors.importers.rejects import Rejects
from perintis.words.recorded import Outcome
from perintis.words.tables import ATTRIBUTE_PREFIX, CASE_COLUMNS, STEP_COLUMNS

BEFORE, AFTER, OTHER, ALL, UNKNOWN = "before", "after", "other", "all", "unknown"
NO_DATE = "not a date (ISO 8601; or give date_format)"
BARE_EVENTS: dict[str, Any] = {
    "key": pl.UInt32, "step": pl.String, "agency": pl.String, "office": pl.String, "officer": pl.String,
    "ready": INSTANT, "started": INSTANT, "completed": INSTANT, "offset": OFFSET, "first": INSTANT,
    "first_offset": OFFSET, "outcome": pl.String, "step_due": INSTANT, "cost": pl.Float64,
    "keyed": pl.List(pl.String),
}  # fmt: skip

Tables = tuple[pl.DataFrame, pl.DataFrame]


class TableBuilder:
    """Builds the case table and the step table of some whole cases."""

    def __init__(self, mapping: Mapping, instants: InstantReader, rejects: Rejects) -> None:
        self._mapping = mapping
        self._instants = instants
        self._due = instants.to_the_end_of_the_day()
        self._rejects = rejects
        closed = mapping.closed
        self._closing = None if closed is None or closed.activities is None else self._steps(closed.activities)
        self._withdrawing = self._steps(mapping.withdrawn)
        self.other_transitions: Counter[str] = Counter()

    def build(self, raw: pl.DataFrame, events: pl.DataFrame | None) -> Tables:
        """The two tables from cases (key, row, case, roles as text, attributes) and their typed events."""
        found = pl.DataFrame(schema=BARE_EVENTS)
        if events is not None:
            found, other = visits(_by_time(events))
            self.other_transitions += other
        cases = self._dated(raw, found)
        cases = declared_types(cases, self._mapping, self._instants, self._rejects)
        cases = with_figures(cases, self._mapping, self._rejects)
        steps = _step_table(found, cases)
        return _case_table(cases, self._mapping.cohort), steps

    def _steps(self, activities: Iterable[str]) -> list[str]:
        """The steps that these activities are."""
        return [self._mapping.steps.get(activity, activity) for activity in activities]

    def _dated(self, raw: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        """The cases with opened, opened_offset, closed, due, outcome and office; those that do not fit rejected."""
        first = found.group_by("key", maintain_order=True).agg(
            first=pl.col("first").first(), first_offset=pl.col("first_offset").first(),
            last=pl.max_horizontal(pl.col("completed").max(), pl.col("started").max(), pl.col("ready").max()),
            some_office=pl.col("office").drop_nulls().first(),
        )  # fmt: skip
        cases = raw.join(first, on="key", how="left", maintain_order="left")
        cases = self._with_date(cases, "opened", self._instants, "first", "first_offset")
        cases = self._with_due(self._closed(cases, found))
        cases = self._rejects.drop(cases, pl.col("opened").is_null(), "opened", "no event and no opening date")
        cases = self._rejects.drop(cases, pl.col("closed") < pl.col("opened"), "closed", "before it was opened")
        office = pl.col("case_office") if "case_office" in cases.columns else pl.lit(None, dtype=pl.String)
        return cases.with_columns(office=pl.coalesce(office, "some_office"))

    def _with_due(self, cases: pl.DataFrame) -> pl.DataFrame:
        """With `due`; counted in days it is the last microsecond of a local day, so that the whole day is in time.

        That day is where the case was closed, if its offset is told: summer time may have begun since it was opened.
        """
        rule = self._mapping.due
        if rule is None or rule.days is None:
            return self._with_date(cases, "due", self._due)
        at_opening = pl.col("opened_offset").fill_null(0)
        at_the_end = pl.coalesce("closed_offset", at_opening) if "closed_offset" in cases.columns else at_opening
        last_day = (pl.col("opened") + pl.duration(minutes=at_opening)).dt.truncate("1d")
        after = last_day + pl.duration(days=rule.days + 1) - pl.duration(minutes=at_the_end)
        return cases.with_columns(due=after - pl.duration(microseconds=1))

    def _with_date(
        self, cases: pl.DataFrame, role: str, reader: InstantReader, otherwise: str = "", offset: str = ""
    ) -> pl.DataFrame:
        """With the columns ROLE and ROLE_offset, read from text or else taken from other columns."""
        fallback = pl.col(otherwise) if otherwise else pl.lit(None, dtype=INSTANT)
        fallback_offset = pl.col(offset) if offset else pl.lit(None, dtype=OFFSET)
        if role not in cases.columns:
            return cases.with_columns(fallback.alias(role), fallback_offset.alias(f"{role}_offset"))
        read = reader.read(cases[role])
        told = pl.Series("told", cases[role].is_not_null())
        cases = cases.drop(role).with_columns(read["at"].alias(role), read["offset"].alias(f"{role}_offset"), told)
        return self._rejects.drop(cases, pl.col("told") & pl.col(role).is_null(), role, NO_DATE).drop("told")

    def _closed(self, cases: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        """With `closed` by the rule of the mapping, and `outcome`, which an open case has not."""
        rule = self._mapping.closed
        by_step = pl.lit(None, dtype=pl.String)
        if self._closing is not None:
            ends = found.filter(pl.col("step").is_in(self._closing) & pl.col("completed").is_not_null())
            last = ends.group_by("key").agg(
                closed=pl.col("completed").max(),
                closed_offset=pl.col("offset").filter(pl.col("completed") == pl.col("completed").max()).last(),
                closing_step=pl.col("step").filter(pl.col("completed") == pl.col("completed").max()).last(),
            )
            cases = cases.join(last, on="key", how="left", maintain_order="left")
            by_step = pl.col("closing_step")
        elif rule is not None and rule.column is not None:
            cases = self._with_date(cases, "closed", self._instants)
        else:
            cases = cases.with_columns(closed="last")
        outcome = pl.col("outcome") if "outcome" in cases.columns else by_step
        cases = cases.with_columns(outcome=pl.when(pl.col("closed").is_not_null()).then(outcome))
        return self._ended_otherwise(cases, found) if self._withdrawing else cases

    def _ended_otherwise(self, cases: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        """Cases that ended in another way before they were closed: withdrawn at that moment."""
        ends = found.filter(pl.col("step").is_in(self._withdrawing) & pl.col("completed").is_not_null())
        first = ends.group_by("key").agg(gone=pl.col("completed").min())
        early = pl.col("gone").is_not_null() & (pl.col("closed").is_null() | (pl.col("gone") < pl.col("closed")))
        return (
            cases.join(first, on="key", how="left", maintain_order="left")
            .with_columns(
                closed=pl.when(early).then("gone").otherwise("closed"),
                outcome=pl.when(early).then(pl.lit(Outcome.WITHDRAWN.value)).otherwise("outcome"),
            )
            .drop("gone")
        )


def _by_time(events: pl.DataFrame) -> pl.DataFrame:
    """Events by case and time; equal times keep the order of the file."""
    time = pl.coalesce("start", "at")
    same_case = pl.col("key") == pl.col("key").shift(1)
    in_order = events.select(
        (pl.col("key") >= pl.col("key").shift(1)).all() & (~same_case | (time >= time.shift(1))).all()
    ).item()
    return events if in_order else events.sort("key", time, maintain_order=True)


def _step_table(found: pl.DataFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """The visits of the cases that were kept, numbered within case and step."""
    named = found.join(cases.select("key", "case"), on="key", how="inner", maintain_order="left")
    return named.with_columns(visit=_visit_numbers(named), due="step_due").select(STEP_COLUMNS)


def _visit_numbers(rows: pl.DataFrame) -> pl.Series:
    """For each row, the how-manieth of its case and step it is, from 1.

    By sorting numbers, since a window over thousands of small groups takes thirty times as long.
    """
    step = rows["step"].cast(pl.Categorical).to_physical().cast(pl.Int64).to_numpy()
    group = rows["key"].cast(pl.Int64).to_numpy() * (int(step.max(initial=0)) + 1) + step
    order = np.argsort(group, kind="stable")
    begins = np.diff(group[order], prepend=-1) != 0
    places = np.arange(rows.height)
    numbers = np.empty(rows.height, dtype=np.int32)
    numbers[order] = places - np.maximum.accumulate(np.where(begins, places, 0)) + 1
    return pl.Series(numbers)


def _around(change: date, days: int | None) -> pl.Expr:
    """The cohort by opening day: before or after a change, or other where that is too far away."""
    day = local_days("opened", "opened_offset")
    cohort = pl.when(day < change).then(pl.lit(BEFORE)).otherwise(pl.lit(AFTER))
    if days is None:
        return cohort
    near = day.is_between(change - timedelta(days=days), change + timedelta(days=days), closed="left")
    return pl.when(near).then(cohort).otherwise(pl.lit(OTHER))


def _case_table(cases: pl.DataFrame, rule: Cohort | None) -> pl.DataFrame:
    cohort = pl.lit(ALL)
    if rule is not None and rule.before is not None:
        cohort = _around(rule.before, rule.days)
    elif rule is not None:
        cohort = pl.col("cohort").fill_null(UNKNOWN)
    attributes = [name for name in cases.columns if name.startswith(ATTRIBUTE_PREFIX)]
    return cases.with_columns(cohort=cohort).select(*CASE_COLUMNS, *attributes)
