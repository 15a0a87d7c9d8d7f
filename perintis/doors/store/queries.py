"""What lists and pages ask of the store: read-only, in plain SQL, one function a question.

Rehearsed cases are never among the answers, and no list has cases of which the processing is restricted. No answer
holds personal data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from perintis.doors.store.reading import Reader, Row, instant, micros
from perintis.words.errors import NotFound

_UNFINISHED = "w.status IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"


class WorkLine(NamedTuple):
    """One unfinished activity: what somebody or something still has to do."""

    work: int
    case: int
    pilot: str
    reference: str
    step: str
    visit: int
    kind: str
    agency: str
    status: str
    ready: datetime
    started: datetime | None
    due: datetime | None
    officer: str | None
    office: str | None
    error: str | None


class CaseLine(NamedTuple):
    """One case with what it waits for, most urgent first."""

    case: int
    reference: str
    pilot: str
    process: str
    office: str | None
    status: str
    opened: datetime
    closed: datetime | None
    due: datetime | None
    outcome: str | None
    problem: str | None
    work: tuple[WorkLine, ...]


class StepLine(NamedTuple):
    """How many cases wait at one step: since when the oldest, and how many past their due date."""

    pilot: str
    step: str
    agency: str
    open: int
    oldest: datetime
    overdue: int


class StatusCount(NamedTuple):
    """How many cases of a pilot stand like this; `outcome` only where they are closed."""

    pilot: str
    status: str
    outcome: str | None
    cases: int


class EventLine(NamedTuple):
    """One event of a case."""

    seq: int
    at: datetime
    step: str
    visit: int
    lifecycle: str
    agency: str
    officer: str | None
    started: datetime | None
    outcome: str | None
    error: str | None


class RunLine(NamedTuple):
    """One run with its counts and metrics, as the runs table keeps them."""

    run: int
    pilot: str
    version: str
    process: str
    kind: str
    flow_run: str | None
    started: datetime
    ended: datetime | None
    counts: dict[str, Any]
    metrics: dict[str, Any]
    seed: int | None


@dataclass(frozen=True)
class Filters:
    """Which cases a list is about; None means all."""

    pilot: str | None = None
    agency: str | None = None
    office: str | None = None
    overdue: bool = False
    closed: bool = False

    def where(self, now: datetime) -> tuple[str, list[Any]]:
        """The condition on `cases c`, and its parameters."""
        parts, values = ["c.rehearsal IS NULL AND c.restricted IS NULL"], list[Any]()
        parts.append("c.closed IS NOT NULL" if self.closed else "c.closed IS NULL")
        if self.pilot is not None:
            parts.append("c.pilot = ?")
            values.append(self.pilot)
        if self.office is not None:
            parts.append("c.office = ?")
            values.append(self.office)
        if self.agency is not None:
            parts.append(f"EXISTS (SELECT 1 FROM work w WHERE w.case_id = c.id AND w.agency = ? AND {_UNFINISHED})")
            values.append(self.agency)
        if self.overdue:
            late = f"EXISTS (SELECT 1 FROM work w WHERE w.case_id = c.id AND w.due < ? AND {_LATE})"
            parts.append(f"(c.due < ? OR {late})")
            values += [micros(now)] * 2
        return " AND ".join(parts), values


_LATE = f"{_UNFINISHED} AND w.kind <> 'timer'"  # a date that has come is not anybody's delay
_STOPPED = "CASE WHEN c.status IN ('failed', 'diverged') THEN 0 ELSE 1 END"
_CASE = (
    "SELECT c.id, c.reference, c.pilot, c.process, c.office, c.status, c.opened, c.closed, c.due, c.outcome, c.problem "
    "FROM cases c "
)
_WORK = (
    "SELECT w.id, w.case_id, c.pilot, c.reference, w.step, w.visit, w.kind, w.agency, w.status, w.ready, w.started, "
    "w.due, w.officer, c.office, w.error FROM work w JOIN cases c ON c.id = w.case_id "
)


def count_cases(reader: Reader, pilot: str | None = None) -> list[StatusCount]:
    """How the cases stand, by pilot."""
    where, values = ("AND c.pilot = ? ", [pilot]) if pilot else ("", [])
    rows = reader.rows(
        f"SELECT c.pilot, c.status, c.outcome, count(*) FROM cases c WHERE c.rehearsal IS NULL {where}"
        "GROUP BY c.pilot, c.status, c.outcome ORDER BY c.pilot, c.status, c.outcome",
        values,
    )
    return [StatusCount(*row) for row in rows]


def waiting_by_step(reader: Reader, filters: Filters, now: datetime, *, people: bool = False) -> list[StepLine]:
    """Unfinished work by step, most first and waits for a date last; with `people`, only what an officer does."""
    where, values = filters.where(now)
    if people:
        where += " AND w.kind = 'human'"
    if filters.agency is not None:
        where, values = f"{where} AND w.agency = ?", [*values, filters.agency]
    rows = reader.rows(
        "SELECT c.pilot, w.step, w.agency, count(*), min(w.ready), "
        "sum(CASE WHEN w.due < ? AND w.kind <> 'timer' THEN 1 ELSE 0 END) "
        f"FROM work w JOIN cases c ON c.id = w.case_id WHERE {_UNFINISHED} AND {where} "
        "GROUP BY c.pilot, w.step, w.agency "
        "ORDER BY CASE WHEN w.step = 'timer' THEN 1 ELSE 0 END, count(*) DESC, w.step",
        [micros(now), *values],
    )
    return [StepLine._make((*row[:4], instant(row[4]), int(row[5]))) for row in rows]


def list_cases(reader: Reader, filters: Filters, now: datetime, limit: int) -> list[CaseLine]:
    """Open cases: those that have stopped, then the most urgent first. Or closed ones, the latest first."""
    where, values = filters.where(now)
    due = f"(SELECT min(w.due) FROM work w WHERE w.case_id = c.id AND {_LATE})"
    order = "c.closed DESC, c.id DESC" if filters.closed else f"{_STOPPED}, coalesce({due}, c.due, 9e18), c.id"
    rows = reader.rows(f"{_CASE} WHERE {where} ORDER BY {order} LIMIT {int(limit)}", values)
    return _with_work(reader, rows)


def paused_pilots(reader: Reader) -> list[str]:
    """The pilots that open no new cases because the harm monitor tripped and nobody has answered "resume"."""
    rows = reader.rows(
        "SELECT DISTINCT t.pilot FROM harm_trips t LEFT JOIN harm_answers a ON a.trip_id = t.id AND a.number = "
        "(SELECT max(b.number) FROM harm_answers b WHERE b.trip_id = t.id) "
        "WHERE a.resume IS NULL OR NOT a.resume ORDER BY t.pilot"
    )
    return [row[0] for row in rows]


def references(reader: Reader, pilot: str, limit: int) -> list[str]:
    """The references of up to `limit` live cases of a pilot."""
    rows = reader.rows(
        f"SELECT c.reference FROM cases c WHERE c.rehearsal IS NULL AND c.pilot = ? LIMIT {int(limit)}", [pilot]
    )
    return [row[0] for row in rows]


def count_listed(reader: Reader, filters: Filters, now: datetime) -> int:
    """How many cases the filters let through."""
    where, values = filters.where(now)
    return int(reader.rows(f"SELECT count(*) FROM cases c WHERE {where}", values)[0][0])


def find_case(reader: Reader, wanted: str, *, by_number: bool = False) -> CaseLine:
    """The case with this reference or number; NotFound if there is none, or more than one has the reference."""
    by_reference = f"{_CASE} WHERE c.rehearsal IS NULL AND c.reference = ? ORDER BY c.id"
    rows = [] if by_number else reader.rows(by_reference, [wanted])
    if not rows and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        rows = reader.rows(f"{_CASE} WHERE c.rehearsal IS NULL AND c.id = ?", [int(wanted)])
    if not rows:
        raise NotFound(f"there is no case {wanted!r}; `perintis status` lists the cases")
    if len(rows) > 1:
        several = ", ".join(f"{row[0]} ({row[2]})" for row in rows)
        raise NotFound(f"{wanted!r} is the reference of {len(rows)} cases; give the number of one: {several}")
    return _with_work(reader, rows)[0]


def inbox(reader: Reader, agency: str, limit: int) -> list[WorkLine]:
    """What waits for an agency's officers or system: what is due first comes first."""
    rows = reader.rows(
        f"{_WORK} WHERE w.agency = ? AND {_UNFINISHED} AND w.kind IN ('human', 'exchange') AND c.rehearsal IS NULL "
        f"AND c.restricted IS NULL ORDER BY coalesce(w.due, 9e18), w.ready, w.id LIMIT {int(limit)}",
        [agency],
    )
    return [_work_line(row) for row in rows]


def count_inbox(reader: Reader, agency: str) -> int:
    """How many work items wait for an agency."""
    rows = reader.rows(
        "SELECT count(*) FROM work w JOIN cases c ON c.id = w.case_id "
        f"WHERE w.agency = ? AND {_UNFINISHED} AND w.kind IN ('human', 'exchange') AND c.rehearsal IS NULL "
        "AND c.restricted IS NULL",
        [agency],
    )
    return int(rows[0][0])


def timeline(reader: Reader, case: int) -> list[EventLine]:
    """All events of a case, in the order in which they were recorded."""
    rows = reader.rows(
        "SELECT seq, at, step, visit, lifecycle, agency, officer, started, detail FROM events WHERE case_id = ? "
        "ORDER BY seq",
        [case],
    )
    return [_event_line(row, _detail(row[8])) for row in rows]


def list_runs(reader: Reader, pilot: str, *, kinds: Sequence[str] | None = None, limit: int = 20) -> list[RunLine]:
    """The runs of a pilot, the latest first; `kinds` restricts them."""
    chosen = f"AND kind IN ({', '.join('?' * len(kinds))}) " if kinds else ""
    rows = reader.rows(
        "SELECT id, pilot, version, process, kind, flow_run, started, ended, counts, metrics, seed FROM runs "
        f"WHERE pilot = ? {chosen}ORDER BY id DESC LIMIT {int(limit)}",
        [pilot, *(kinds or ())],
    )
    return [
        RunLine._make((*row[:6], instant(row[6]), _maybe(instant, row[7]), _decoded(row[8]), _decoded(row[9]), row[10]))
        for row in rows
    ]


def names_used(reader: Reader, column: str, pilot: str | None = None) -> list[str]:
    """The offices or agencies that live cases have to do with, for a message that lists them."""
    source = {"office": "SELECT DISTINCT c.office FROM cases c", "agency": "SELECT DISTINCT w.agency FROM cases c "
              "JOIN work w ON w.case_id = c.id AND w.kind <> 'timer'"}[column]  # fmt: skip
    where, values = (" AND c.pilot = ?", [pilot]) if pilot else ("", [])
    rows = reader.rows(f"{source} WHERE c.rehearsal IS NULL{where}", values)
    return sorted(row[0] for row in rows if row[0])


def _with_work(reader: Reader, cases: Sequence[Row]) -> list[CaseLine]:
    work: dict[int, list[WorkLine]] = {row[0]: [] for row in cases}
    for part in _parts(list(work)):
        marks = ", ".join("?" * len(part))
        rows = reader.rows(
            f"{_WORK} WHERE w.case_id IN ({marks}) AND {_UNFINISHED} ORDER BY coalesce(w.due, 9e18), w.id", part
        )
        for row in rows:
            work[row[1]].append(_work_line(row))
    return [_case_line(row, work[row[0]]) for row in cases]


def _parts(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _case_line(row: Row, work: Iterable[WorkLine]) -> CaseLine:
    instants = (instant(row[6]), _maybe(instant, row[7]), _maybe(instant, row[8]))
    return CaseLine._make((*row[:6], *instants, row[9], row[10], tuple(work)))


def _work_line(row: Row) -> WorkLine:
    instants = (instant(row[9]), _maybe(instant, row[10]), _maybe(instant, row[11]))
    return WorkLine._make((*row[:9], *instants, *row[12:15]))


def _event_line(row: Row, detail: dict[str, Any]) -> EventLine:
    started = _maybe(instant, row[7])
    return EventLine._make((row[0], instant(row[1]), *row[2:7], started, detail.get("outcome"), detail.get("error")))


def _maybe(convert: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else convert(value)


def _detail(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


def _decoded(value: Any) -> dict[str, Any]:
    """A JSON column: text from SQLite, already a mapping from PostgreSQL."""
    return dict(json.loads(value)) if isinstance(value, str) else dict(value or {})
