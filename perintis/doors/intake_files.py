"""Takes a file of applications in: CSV or JSON lines, one application a row.

Good rows open cases, bad rows are refused with the line and the field; with `strict` one bad row refuses the file.
No reason repeats a value. The same file again opens nothing.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from sqlalchemy import insert, update

from perintis.doors.application_rows import FileRow, read_rows
from perintis.doors.store.database import Database
from perintis.doors.store.models import IntakeRow
from perintis.doors.store.opening import (
    ERASED,
    NewCase,
    differing_fields,
    known_applications,
    open_cases,
    refuse_new_while_paused,
)
from perintis.engine.definition import Definition
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.pilot import Pilot
from perintis.words.reasons import said
from perintis.words.recorded import Process

Progress = Callable[[int], None]
"""Called with the number of rows read so far."""

MOST_FIELDS_NAMED = 4
_PART = 500
_ROUNDED = re.compile(r"\d[.,]?\d*[eE]\+?\d+")


class Rejected(NamedTuple):
    """A row that was refused: its line in the file, the field, and why. Never a value."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True)
class IntakeReport:
    """What became of a file. `intake` is the number of the intake, None where nothing was recorded."""

    intake: int | None
    opened: int
    already_open: int
    rejected: tuple[Rejected, ...]
    cases: tuple[int, ...] = ()

    @property
    def rejected_rows(self) -> int:
        """How many rows were refused; one row may have several faults."""
        return len({r.row for r in self.rejected})


@dataclass
class _Taken:
    """Rows read so far: the good ones by reference with their line, and the bad ones."""

    good: dict[str, tuple[int, NewCase]] = field(default_factory=dict)
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def take_in(
    database: Database,
    definition: Definition,
    path: Path,
    *,
    strict: bool,
    now: datetime,
    progress: Progress | None = None,
) -> IntakeReport:
    """Open a case for every good row of `path`.

    Raises BadInput where the file as a whole cannot be read: wrong format, no header, unknown or missing columns.
    NotAllowed where the agreement is missing or not in force today, or where there is a new application and the harm
    monitor pauses the intake. With `strict`, a file with any bad row opens nothing; the report then has `intake` None.
    """
    pilot = definition.pilot
    if definition.agreed is not None:
        definition.agreed.check_there(definition.steps.values())
        definition.agreed.check_opening(now)
    due = definition.case_due(now)
    taken = _Taken()
    for number, row in enumerate(read_rows(path, pilot.application), start=1):
        _take(row, pilot, due, taken)
        if progress is not None and number % 100 == 0:
            progress(number)
    if not taken.good and not taken.rejected:
        raise BadInput(f"{path.name} has no applications in it, only a header or nothing")
    new = [case for _, case in taken.good.values()]
    refuse_new_while_paused(database, new, pilot=pilot.name)
    if strict:
        taken.rejected += _conflicting(taken, _known_otherwise(database, pilot.name, new), pilot.reference)
    if strict and taken.rejected:
        return IntakeReport(None, 0, 0, _in_order(taken.rejected))
    return _open(database, definition, path, taken, new, now)


def _open(
    database: Database, definition: Definition, path: Path, taken: _Taken, new: Sequence[NewCase], now: datetime
) -> IntakeReport:
    pilot = definition.pilot
    intake = _begin_intake(database, pilot.name, path, now)
    opened = open_cases(
        database, new, pilot=pilot.name, version=pilot.version, process=Process.TO_BE.value, lead=pilot.lead.code,
        intake=intake, now=now,
    )  # fmt: skip
    taken.rejected += _conflicting(taken, opened.conflicts, pilot.reference)
    report = IntakeReport(
        intake, len(opened.cases), opened.already_open + taken.repeated, _in_order(taken.rejected),
        tuple(opened.cases),
    )  # fmt: skip
    with database.write() as connection:
        counts = {"opened": report.opened, "already_open": report.already_open, "rejected": report.rejected_rows}
        connection.execute(update(IntakeRow).where(IntakeRow.id == intake).values(**counts))
    return report


def _begin_intake(database: Database, pilot: str, path: Path, now: datetime) -> int:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name = re.sub(r"\d{16,}", "(number)", path.name)  # an identity number in it would stand in clear
    with database.write() as connection:
        made = connection.execute(
            insert(IntakeRow)
            .values(pilot=pilot, received=now, source=name, digest=digest, opened=0, already_open=0, rejected=0)
            .returning(IntakeRow.id)
        )  # fmt: skip
        return int(made.scalar_one())


def _take(row: FileRow, pilot: Pilot[Any], due: datetime | None, taken: _Taken) -> None:
    """Validate one row and put it with the good or the bad ones."""
    if row.fault is not None:
        taken.rejected.append(Rejected(row.line, row.where, row.fault))
        return
    rounded = [name for name, value in row.values.items() if isinstance(value, str) and _ROUNDED.fullmatch(value)]
    if rounded:
        why = "was rounded by a spreadsheet: format the column as Text, then enter the numbers again"
        taken.rejected += [Rejected(row.line, name, why) for name in rounded]
        return
    try:
        application = pilot.application.model_validate(row.values)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        taken.rejected += [Rejected(row.line, _place(f["loc"]), said(f)) for f in faults]
        return
    _keep(row.line, _new_case(pilot, application, due), taken, pilot.reference)


def _keep(line: int, case: NewCase, taken: _Taken, reference_field: str) -> None:
    before = taken.good.get(case.reference)
    if before is None:
        taken.good[case.reference] = (line, case)
    elif before[1].application == case.application:
        taken.repeated += 1
    else:
        differing = _some(differing_fields(before[1].application, case.application))
        why = f"is also on line {before[0]} of this file, with another {differing}"
        taken.rejected.append(Rejected(line, reference_field, why))


def _new_case(pilot: Pilot[Any], application: BaseModel, due: datetime | None) -> NewCase:
    facts = application.model_dump(mode="json", include={n for n in (pilot.office, *pilot.segments) if n})
    return NewCase(
        reference=str(getattr(application, pilot.reference)),
        office=None if pilot.office is None else facts[pilot.office],
        segments={name: facts[name] for name in pilot.segments},
        application=application.model_dump_json(),
        due=due,
    )


def _known_otherwise(database: Database, pilot: str, new: Sequence[NewCase]) -> dict[str, list[str]]:
    """References already taken by a different application, with the fields that differ."""
    wanted = {case.reference: case.application for case in new}
    found: dict[str, list[str]] = {}
    references = list(wanted)
    with database.read() as connection:
        for start in range(0, len(references), _PART):
            known = known_applications(connection, pilot, references[start : start + _PART])
            found |= {
                r: [ERASED] if before is None else differing_fields(before, wanted[r])
                for r, before in known.items()
                if before != wanted[r]
            }
    return found


def _conflicting(taken: _Taken, conflicts: dict[str, list[str]], reference_field: str) -> Iterator[Rejected]:
    for reference, names in conflicts.items():
        why = f"is that of a case opened before, with another {_some(names)}"
        yield Rejected(taken.good[reference][0], reference_field, why)


def _some(names: Sequence[str]) -> str:
    """Names of fields, the first few of many."""
    if len(names) <= MOST_FIELDS_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_FIELDS_NAMED - 1])} and {len(names) - MOST_FIELDS_NAMED + 1} more"


def _in_order(rejected: Sequence[Rejected]) -> tuple[Rejected, ...]:
    return tuple(sorted(rejected, key=lambda r: r.row))


def _place(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location)


def write_rejected(report: IntakeReport, path: Path) -> Path | None:
    """Write `<path>.rejected.csv` with row, field and reason; where nothing is rejected, remove an earlier one."""
    target = path.with_name(path.name + ".rejected.csv")
    try:
        if not report.rejected:
            target.unlink(missing_ok=True)
            return None
        with target.open("w", encoding="utf-8-sig", newline="") as stream:  # the mark lets Excel show it correctly
            writer = csv.writer(stream)
            writer.writerow(Rejected._fields)
            writer.writerows(report.rejected)
    except OSError as error:
        raise NotAllowed(f"{target.name} cannot be written beside the file ({error.strerror})") from None
    return target


def as_json(rejected: Sequence[Rejected]) -> list[dict[str, Any]]:
    """Rejected rows for programs."""
    return [json.loads(json.dumps(r._asdict())) for r in rejected]
