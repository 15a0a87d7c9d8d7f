"""The two analysis tables of a pilot, out of the store: live cases of one process, or one rehearsal.

Rows go from the database into columns by Arrow; no value passes through Python code of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from perintis.doors.store.arrow import read_columns
from perintis.doors.store.database import Database
from perintis.doors.store.rehearsals import find_rehearsal
from perintis.doors.store.types import to_micros
from perintis.rules.counted import declared_figures
from perintis.words.counted import figure_column, whole_column
from perintis.words.errors import BadInput
from perintis.words.pilot import Pilot
from perintis.words.recorded import TIMER_STEP, Process, WorkStatus
from perintis.words.tables import ATTRIBUTE_PREFIX, CASE_COLUMNS, STEP_COLUMNS, DataSet, Grade

if TYPE_CHECKING:
    import polars as pl

CLOCK = "from the application being handed in to the decision"

_CASES = """
    SELECT id, reference AS "case", office, opened, closed, due, outcome, CAST(segments AS TEXT) AS segments,
        CAST(figures AS TEXT) AS figures
    FROM cases WHERE {which}"""
_STEPS = """
    SELECT w.case_id, w.id AS work, w.step, w.visit, w.agency, w.officer, w.ready, w.started, w.completed, w.status,
        w.due, w.cost, w.keyed
    FROM work w JOIN cases c ON c.id = w.case_id WHERE {which}"""
_FINAL = [
    WorkStatus.COMPLETED.value, WorkStatus.SENT_BACK.value, WorkStatus.WITHDRAWN.value, WorkStatus.FAILED.value,
]  # fmt: skip


def pilot_dataset(
    database: Database, pilot: Pilot[Any], *, process: Process, rehearsal: int | None = None,
    until: datetime | None = None, include_timers: bool = False, version: str | None = None,
) -> DataSet:  # fmt: skip
    """The cases of one process as they stood at `until`: live ones, or those of one rehearsal.

    What was recorded later is left out: a case closed after `until` is an open case. `until` is needed for live cases;
    a rehearsal was observed until its own end, in its own time. Waits for a date are no work and stay out, unless
    asked for. `version` keeps the cases of one phase alone, those opened under that version of the pilot. The case
    identifier is the application's reference.
    """
    if rehearsal is not None:
        found = find_rehearsal(database, rehearsal)
        if (found.pilot, found.process) != (pilot.name, process.value):
            raise BadInput(f"rehearsal {rehearsal} is one of {found.pilot} {found.process}; name it together with that")
        until = min(until, found.observed_until) if until is not None else found.observed_until
    if until is None:
        raise BadInput("say until when live cases are read")
    until = until.astimezone(UTC)
    which, values = _which(pilot, process, rehearsal, version)
    raw, steps = read_columns(
        database,
        [
            (_CASES.format(which=which.format(c="")), values, _case_types()),
            (_STEPS.format(which=which.format(c="c.")), values, _step_types()),
        ],
    )
    cases = _cases(raw.sort("id"), pilot, process, until)
    name = f"{pilot.name} {process.value.replace('_', '-')}" + (
        "" if rehearsal is None else f" (rehearsal {rehearsal})"
    )
    return DataSet(
        name=name,
        cases=cases,
        steps=_steps(steps, raw, pilot, until, include_timers),
        observed_until=until,
        grade=Grade.MEASURED if rehearsal is None else Grade.REHEARSAL,
        clock=CLOCK,
        simulated=rehearsal is not None,
    )


def _which(
    pilot: Pilot[Any], process: Process, rehearsal: int | None, version: str | None
) -> tuple[str, tuple[Any, ...]]:
    chosen = "{c}rehearsal IS NULL" if rehearsal is None else f"{{c}}rehearsal = {int(rehearsal)}"
    which, values = f"{chosen} AND {{c}}pilot = ? AND {{c}}process = ?", (pilot.name, process.value)
    return (which, values) if version is None else (f"{which} AND {{c}}version = ?", (*values, version))


def _case_types() -> dict[str, Any]:
    import polars as pl

    return {
        "id": pl.Int64, "case": pl.String, "office": pl.String, "opened": pl.Int64, "closed": pl.Int64,
        "due": pl.Int64, "outcome": pl.String, "segments": pl.String, "figures": pl.String,
    }  # fmt: skip


def _step_types() -> dict[str, Any]:
    import polars as pl

    return {
        "case_id": pl.Int64, "work": pl.Int64, "step": pl.String, "visit": pl.Int32, "agency": pl.String,
        "officer": pl.String, "ready": pl.Int64, "started": pl.Int64, "completed": pl.Int64, "status": pl.String,
        "due": pl.Int64, "cost": pl.Float64, "keyed": pl.String,
    }  # fmt: skip


def _cases(raw: pl.DataFrame, pilot: Pilot[Any], process: Process, until: datetime) -> pl.DataFrame:
    import polars as pl

    at, instant = to_micros(until), pl.Datetime("us", "UTC")
    closed = pl.when(pl.col("closed") <= at).then(pl.col("closed"))
    opened = pl.col("opened").cast(instant)
    return (
        raw.filter(pl.col("opened") <= at)
        .with_columns(closed.alias("closed"))
        .select(
            "case",
            pl.lit(process.value).alias("cohort"),
            "office",
            opened,
            _offset(opened, pilot.lead.calendar.timezone).alias("opened_offset"),
            pl.col("closed").cast(instant),
            pl.col("due").cast(instant),
            pl.when(pl.col("closed").is_not_null()).then(pl.col("outcome")).alias("outcome"),
            *(_segment(name) for name in pilot.segments),
            *_figures(pilot),
        )
        .select(*CASE_COLUMNS, pl.selectors.starts_with(ATTRIBUTE_PREFIX))
    )


def _segment(name: str) -> pl.Expr:
    """A fact of a case as text; field names are Python names, so they need no quoting in the path."""
    import polars as pl

    return pl.col("segments").str.json_path_match(f"$.{name}").alias(f"{ATTRIBUTE_PREFIX}{name}")


def _figures(pilot: Pilot[Any]) -> Iterator[pl.Expr]:
    """What the pilot's decisions count, as numbers: null of a case that is not closed, and where it was not counted."""
    import polars as pl

    told = pl.when(pl.col("closed").is_not_null()).then(pl.col("figures"))
    for name, of in declared_figures(pilot.decision):
        places = {figure_column(name): f"$.{name}"} if of is None else {
            figure_column(name): f"$.{name}[0]", whole_column(name): f"$.{name}[1]",
        }  # fmt: skip
        for column, place in places.items():
            yield told.str.json_path_match(place).cast(pl.Float64, strict=False).alias(column)


def _offset(instant: pl.Expr, timezone: str) -> pl.Expr:
    """Minutes from UTC at that place then."""
    import polars as pl

    local = instant.dt.convert_time_zone(timezone)
    return (local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_minutes().cast(pl.Int32)


def _steps(
    raw: pl.DataFrame, cases: pl.DataFrame, pilot: Pilot[Any], until: datetime, include_timers: bool
) -> pl.DataFrame:
    import polars as pl

    at, instant = to_micros(until), pl.Datetime("us", "UTC")
    wanted = pl.col("ready") <= at
    if not include_timers:
        wanted &= pl.col("step") != TIMER_STEP
    done, final = pl.col("completed").fill_null(at + 1) <= at, pl.col("status").is_in(_FINAL)
    failed = pl.col("completed").is_null() & (pl.col("status") == WorkStatus.FAILED.value)
    return (
        raw.filter(wanted)
        .sort("case_id", "work")
        .join(cases.select("id", "case", "office"), left_on="case_id", right_on="id", maintain_order="left")
        .with_columns(
            pl.when(final & (done | failed)).then(pl.col("status")).alias("outcome"),
            pl.when(done | failed).then(pl.col("cost")).alias("cost"),
            pl.when(pl.col("started") <= at).then(pl.col("started")).cast(instant).alias("started"),
            pl.when(done).then(pl.col("completed")).cast(instant).alias("completed"),
            pl.col("ready", "due").cast(instant),
            pl.col("keyed").str.split(",").fill_null([]),  # of our own steps it is known that nothing is typed
        )
        .with_columns(_agency_offset(pilot).alias("offset"))
        .select(STEP_COLUMNS)
    )


def _agency_offset(pilot: Pilot[Any]) -> pl.Expr:
    """Minutes from UTC at the agency when the step was completed; the lead's where the agency is not of the pilot."""
    import polars as pl

    zones: dict[str, list[str]] = {}
    for agency in pilot.agencies:
        zones.setdefault(agency.calendar.timezone, []).append(agency.code)
    offset = _offset(pl.col("completed"), pilot.lead.calendar.timezone)
    for zone, codes in zones.items():
        if zone != pilot.lead.calendar.timezone:
            offset = pl.when(pl.col("agency").is_in(codes)).then(_offset(pl.col("completed"), zone)).otherwise(offset)
    return offset
