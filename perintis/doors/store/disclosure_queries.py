"""Reads the record of processing: what was disclosed of which case, and whom a new agreement touches. Plain SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from perintis.doors.store.reading import Reader, instant, micros
from perintis.words.errors import NotAgreed

_LINES = (
    "SELECT d.case_id, c.reference, d.seq, e.at, e.step, e.visit, t.discloses, t.receives, t.fields, t.article, "
    "t.agreement, t.version, t.purpose, t.legal_basis, t.retention FROM disclosures d "
    "JOIN events e ON e.case_id = d.case_id AND e.seq = d.seq "
    "JOIN disclosure_terms t ON t.id = d.term_id JOIN cases c ON c.id = d.case_id "
    "WHERE c.pilot = ?{more} ORDER BY e.at, d.case_id, d.seq, "
    "CASE WHEN t.discloses = e.agency THEN 1 ELSE 0 END, t.article"
)
_SUMMARY = (
    "SELECT t.discloses, t.receives, t.fields, t.article, t.agreement, t.version, t.purpose, t.legal_basis, "
    "t.retention, s.times, s.cases, s.earliest, s.latest FROM disclosure_terms t JOIN ("
    "SELECT d.term_id AS term_id, count(*) AS times, count(DISTINCT d.case_id) AS cases, min(e.at) AS earliest, "
    "max(e.at) AS latest FROM disclosures d JOIN events e ON e.case_id = d.case_id AND e.seq = d.seq "
    "JOIN cases c ON c.id = d.case_id WHERE c.pilot = ?{more} GROUP BY d.term_id) s ON s.term_id = t.id{also} "
    "ORDER BY t.agreement, t.version, t.discloses, t.receives, t.article, t.fields"
)
_FILES = (
    "SELECT f.what, f.reference, f.at, f.records, f.reason, t.discloses, t.receives, t.fields, t.article, t.agreement, "
    "t.version, t.purpose, t.legal_basis, t.retention FROM file_disclosures f "
    "JOIN disclosure_terms t ON t.id = f.term_id WHERE f.pilot = ?{more} ORDER BY f.at, f.id"
)
_IDENTITIES = (
    "SELECT at, officer, reason FROM vault_acts WHERE pilot = ? AND act = 'export-identifiable'{more} ORDER BY at, id"
)
_OPEN = "FROM cases c WHERE c.pilot = ? AND c.closed IS NULL AND c.rehearsal IS NULL"
_WORK = (
    "FROM work w JOIN cases c ON c.id = w.case_id WHERE c.pilot = ? AND w.step = ? AND c.closed IS NULL "
    "AND c.rehearsal IS NULL AND w.status "
)


class Chosen(NamedTuple):
    """Which disclosures to read: of one pilot; of one case, with one agency on either side, since an instant."""

    pilot: str
    case: int | None = None
    agency: str | None = None
    since: datetime | None = None


class Processing(NamedTuple):
    """What was processed: the fields by name, from whom, to whom, why, by which article and law, for how long."""

    discloses: str
    receives: str
    fields: tuple[str, ...]
    article: str
    agreement: str
    version: int
    purpose: dict[str, str]
    legal_basis: dict[str, str]
    retention: dict[str, str] | None


class DisclosureLine(NamedTuple):
    """One disclosure: of which case, in which step, when, and what."""

    case: int
    reference: str
    seq: int
    at: datetime
    step: str
    visit: int
    what: Processing


class FileLine(NamedTuple):
    """One file with records of many persons, by one term: an extract delivered, a view of a registry, an export.

    `reference` is that of an extract; `reason` was given where values of persons were asked for.
    """

    file: str
    reference: str | None
    at: datetime
    records: int
    reason: str | None
    what: Processing


class Identified(NamedTuple):
    """An export with references and officers instead of pseudonyms: when, by whom, and why."""

    at: datetime
    officer: str
    reason: str


class DisclosureSum(NamedTuple):
    """All disclosures of one kind: how many, of how many cases, and from when until when."""

    what: Processing
    times: int
    cases: int
    earliest: datetime
    latest: datetime


def list_disclosures(reader: Reader, chosen: Chosen) -> Iterator[DisclosureLine]:
    """The disclosures chosen, in the order of time."""
    more, parameters = _conditions(chosen)
    if chosen.agency is not None:
        more += " AND (t.discloses = ? OR t.receives = ?)"
        parameters += [chosen.agency, chosen.agency]
    for row in reader.rows(_LINES.format(more=more), parameters):
        yield DisclosureLine(row[0], row[1], row[2], instant(row[3]), row[4], row[5], _processing(row[6:]))


def sum_disclosures(reader: Reader, chosen: Chosen) -> list[DisclosureSum]:
    """The disclosures chosen, counted by what was processed: the record of processing of the pilot."""
    more, parameters = _conditions(chosen)
    also = ""
    if chosen.agency is not None:
        also, parameters = " WHERE t.discloses = ? OR t.receives = ?", [*parameters, chosen.agency, chosen.agency]
    rows = reader.rows(_SUMMARY.format(more=more, also=also), parameters)
    return [DisclosureSum(_processing(row[:9]), row[9], row[10], instant(row[11]), instant(row[12])) for row in rows]


def list_files(reader: Reader, chosen: Chosen, reference: str | None = None) -> list[FileLine]:
    """The files with records of many persons, in the order of time; of one case, by its reference."""
    more, parameters = "", list[Any]([chosen.pilot])
    if reference is not None:
        more, parameters = f"{more} AND f.reference = ?", [*parameters, reference]
    if chosen.agency is not None:
        more, parameters = f"{more} AND (t.discloses = ? OR t.receives = ?)", [*parameters, *[chosen.agency] * 2]
    if chosen.since is not None:
        more, parameters = f"{more} AND f.at >= ?", [*parameters, micros(chosen.since)]
    rows = reader.rows(_FILES.format(more=more), parameters)
    return [FileLine(row[0], row[1], instant(row[2]), row[3], row[4], _processing(row[5:])) for row in rows]


def list_identified(reader: Reader, chosen: Chosen) -> list[Identified]:
    """The exports with identities, in the order of time."""
    more, parameters = "", list[Any]([chosen.pilot])
    if chosen.since is not None:
        more, parameters = " AND at >= ?", [*parameters, micros(chosen.since)]
    return [
        Identified(instant(row[0]), row[1], row[2]) for row in reader.rows(_IDENTITIES.format(more=more), parameters)
    ]


def _conditions(chosen: Chosen) -> tuple[str, list[Any]]:
    more, parameters = "", list[Any]([chosen.pilot])
    if chosen.case is not None:
        more, parameters = f"{more} AND d.case_id = ?", [*parameters, chosen.case]
    if chosen.since is not None:
        more, parameters = f"{more} AND e.at >= ?", [*parameters, micros(chosen.since)]
    return more, parameters


def _processing(row: tuple[Any, ...]) -> Processing:
    (discloses, receives, fields, article, agreement, version, purpose, legal_basis, retention) = row
    return Processing(
        discloses, receives, tuple(fields.split(",")), article, agreement, version, _words(purpose),
        _words(legal_basis), None if retention is None else _words(retention),
    )  # fmt: skip


def _words(stored: Any) -> dict[str, str]:
    """A text in both languages. PostgreSQL gives JSON as values, SQLite as its text."""
    found = json.loads(stored) if isinstance(stored, str) and stored[:1] in ('"', "{") else stored
    return {"id": found, "en": found} if isinstance(found, str) else dict(found)


def list_refused(reader: Reader, pilot: str) -> list[tuple[int, str, str]]:
    """The open cases that the agreement does not let go on: number, reference, reason."""
    rows = reader.rows(
        f"SELECT c.id, c.reference, c.problem {_OPEN} AND c.status = 'failed' AND c.problem LIKE ? ORDER BY c.id",
        (pilot, f"{NotAgreed.code}:%"),
    )
    return [(row[0], row[1], row[2].partition(": ")[2]) for row in rows]


def count_open(reader: Reader, pilot: str) -> int:
    """How many cases of a pilot are open."""
    return int(reader.rows(f"SELECT count(*) {_OPEN}", (pilot,))[0][0])


def count_at_step(reader: Reader, pilot: str, step: str) -> tuple[int, int]:
    """How many open cases wait at a step, and how many have been through it."""
    waiting = "IN ('open', 'started', 'retrying', 'failed', 'in_doubt')"
    found = [
        reader.rows(f"SELECT count(DISTINCT w.case_id) {_WORK}{status}", (pilot, step))[0][0]
        for status in (waiting, "= 'completed'")
    ]
    return int(found[0]), int(found[1])
