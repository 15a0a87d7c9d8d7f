"""What is known of a baseline beside its tables: where it came from, how much is in it, its grade and why."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from perintis.doors.importers.canonical import digest_of
from perintis.doors.importers.mapping import Layout, Mapping
from perintis.doors.importers.read import LogRead
from perintis.words.errors import BadInput
from perintis.words.standard import Standard
from perintis.words.tables import Grade

ENOUGH_CASES, ENOUGH_TIME = 30, timedelta(days=28)
LOWER_GRADES = (Grade.MEASURED, Grade.SAMPLE, Grade.PROMISED, Grade.REHEARSAL)


class BaselineManifest(BaseModel):
    """What is known of a baseline beside its tables.

    `events` are the events read, `steps` the step visits they make; `filtered` rows did not fit the filter and
    `ignored` events are of activities that the mapping leaves out; `rejected` rows are listed in rejects.csv. `first`
    and `last_opened` are the earliest and the latest opening in local time (null where there are no cases), `offsets`
    the offsets from UTC met, in minutes. `standard` holds the promises of a service standard, which has no cases.
    `replaced_by` is the hash of the baseline that took over the name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    name: str
    pilot: str
    hash: str
    source: str
    source_sha256: str
    mapping: dict[str, Any]
    clock: str
    cases: int
    open_cases: int
    events: int
    steps: int
    rejected: int
    reasons: dict[str, int]
    filtered: int
    ignored: int
    first: datetime | None
    last_opened: datetime | None
    observed_until: datetime
    observed_from: datetime | None = None
    resolution: str
    offsets: tuple[int, ...]
    grade: Grade
    grade_reason: str
    notes: tuple[str, ...]
    created: datetime
    imported_by: str | None = None
    standard: Standard | None = None
    replaced_by: str | None = None


def describe_log(
    read: LogRead, mapping: Mapping, path: Path, name: str, pilot: str, by: str | None
) -> BaselineManifest:
    """The manifest of a log that was read."""
    tables = read.tables
    until = mapping.observed_until or tables.last
    _check_window(mapping, read, path.name)
    grade, reason = grade_of(read, mapping)
    said = mapping.as_recorded()
    return BaselineManifest(
        name=name, pilot=pilot, hash=content_hash(tables.cases_digest, tables.steps_digest, said, grade, until),
        source=path.name, source_sha256=_sha256(path), mapping=said,
        clock=mapping.clock or _clock_of(mapping), cases=tables.cases, open_cases=tables.open_cases,
        events=read.events, steps=tables.steps, rejected=read.rejected, reasons=read.reasons,
        filtered=read.filtered, ignored=read.ignored, first=tables.first, last_opened=tables.last_opened,
        observed_until=until, observed_from=mapping.observed_from, resolution=tables.resolution,
        offsets=tables.offsets, grade=grade, grade_reason=reason, notes=read.notes, created=datetime.now(UTC),
        imported_by=by,
    )  # fmt: skip


def _check_window(mapping: Mapping, read: LogRead, name: str) -> None:
    """What happened after the reading cannot have been seen, nor what had ended before observation began."""
    last, until, since = read.tables.last, mapping.observed_until, mapping.observed_from
    if until is not None and until < last:
        raise BadInput(
            f"{name}: something happened on {last.date()}, after it was read (`observed_until` {until.date()}); give "
            "the later day, or leave the later rows out"
        )
    if since is not None and since > last:
        raise BadInput(f"{name}: nothing happened after observation began (`observed_from` {since.date()}); correct it")


def describe_standard(standard: Standard, path: Path, name: str, pilot: str, by: str | None) -> BaselineManifest:
    """The manifest of a service standard: no cases, and read when its source says that somebody read the rule."""
    whole = standard.whole_case
    clock = f"from {whole.starts} to {whole.stops}" if whole and whole.starts and whole.stops else ""
    return BaselineManifest(
        name=name, pilot=pilot, hash=standard_hash(standard), source=path.name, source_sha256=_sha256(path),
        mapping={}, clock=clock, cases=0, open_cases=0, events=0, steps=0, rejected=0, reasons={}, filtered=0,
        ignored=0, first=None, last_opened=None, observed_until=datetime.combine(standard.source.read, time(), UTC),
        resolution="none", offsets=(), grade=Grade.PROMISED, grade_reason=f"promised by {standard.source.rule}",
        notes=(), created=datetime.now(UTC), imported_by=by, standard=standard,
    )  # fmt: skip


def content_hash(cases: str, steps: str, mapping: dict[str, Any], grade: Grade, until: datetime) -> str:
    """SHA-256 over what the figures of a log depend on."""
    content = {"format": 1, "cases": cases, "steps": steps, "mapping": mapping, "grade": grade.value}
    return digest_of(content | {"observed_until": until.astimezone(UTC).isoformat()})


def standard_hash(standard: Standard) -> str:
    """SHA-256 over all that a service standard says."""
    return digest_of({"format": 1, "standard": standard.model_dump(mode="json")})


def grade_of(read: LogRead, mapping: Mapping) -> tuple[Grade, str]:
    """The grade and why; a mapping may lower it, never raise it, and a described sample is a sample."""
    tables = read.tables
    closed, days = tables.cases - tables.open_cases, (tables.last_opened - tables.first).days
    kind = "case dates" if mapping.layout is Layout.CASES else "recorded events"
    told = f"{kind} of {closed} closed cases opened over {days} day{'s' if days != 1 else ''}"
    short = closed < ENOUGH_CASES or tables.last_opened - tables.first < ENOUGH_TIME
    grade = Grade.SAMPLE if short or mapping.sampling else Grade.MEASURED
    if mapping.sampling:
        told += f"; timed by hand: {mapping.sampling}"
    elif short:
        told += f"; a measured log needs {ENOUGH_CASES} closed cases and {ENOUGH_TIME.days} days"
    wanted = mapping.grade
    if wanted is not None and LOWER_GRADES.index(wanted) > LOWER_GRADES.index(grade):
        why = "simulated, for it was a rehearsal" if wanted is Grade.REHEARSAL else "lowered by the mapping"
        return wanted, f"{told}; {why}"
    return grade, told


def _clock_of(mapping: Mapping) -> str:
    """What starts and stops the lead time, where the mapping does not say it in words."""
    starts = f"column {mapping.opened}" if mapping.opened else "first event"
    closed = mapping.closed
    if closed is not None and closed.column is not None:
        stops = f"column {closed.column}"
    elif closed is not None and closed.activities is not None:
        stops = "last of the steps " + ", ".join(closed.activities)
    else:
        stops = "last event"
    return f"from {starts} to {stops}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
