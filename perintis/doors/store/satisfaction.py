"""What applicants answered to the nine questions of the satisfaction survey, once a case, after it was closed.

In a small office answers are personal: no reason and no error text repeats one, and they cannot outlive their case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_evaluation import SatisfactionRow

if TYPE_CHECKING:
    import polars as pl

    from perintis.words.recorded import Process

Answers = Mapping[str, int | None]
"""One answer from 1 to 4 by element code (U1 to U9), None where it was left out."""

SOME = 500
UNKNOWN = "is not the reference of a case of this pilot"
OPEN = "is not closed yet; answers are taken once it is"
ANSWERED = "has answers already, which stay"
OTHERWISE = "has other answers already, which stay"


@dataclass(frozen=True)
class Recorded:
    """How many answers were recorded, how many were there before, and for those refused the reference and why."""

    recorded: int
    already: int
    refused: tuple[tuple[str, str], ...]


def record_answers(
    database: Database,
    pilot: str,
    answers: Sequence[tuple[str, Answers]],
    *,
    at: datetime,
    strict: bool = False,
    refused_before: bool = False,
) -> Recorded:
    """Record the answers of respondents by the reference of their case, all in one transaction.

    Each reference is given once. Refused, and told: a case that is not there or not closed, and other answers for a
    case that has some; the same again are counted as there already. With `strict` nothing is recorded where one is
    refused here, or was `refused_before`.
    """
    try:
        return _record(database, pilot, answers, at, strict, refused_before)
    except IntegrityError:
        pass  # another command recorded one of them between our look and our insert; now we can see it
    return _record(database, pilot, answers, at, strict, refused_before)


def _record(
    database: Database,
    pilot: str,
    answers: Sequence[tuple[str, Answers]],
    at: datetime,
    strict: bool,
    refused_before: bool,
) -> Recorded:
    refused: list[tuple[str, str]] = []
    rows: list[dict[str, Any]] = []
    already = 0
    with database.write() as connection:
        known = _known(connection, pilot, [reference for reference, _ in answers])
        for reference, given in answers:
            case = known.get(reference)
            if case is None or case.closed is None:
                refused.append((reference, UNKNOWN if case is None else OPEN))
            elif case.answers is None:
                rows.append({"case_id": case.id, "at": at, "answers": dict(given)})
            elif _plain(case.answers) == dict(given):
                already += 1
            else:
                refused.append((reference, OTHERWISE))
        if strict and (refused or refused_before):
            rows = []
        if rows:
            connection.execute(insert(SatisfactionRow), rows)
    return Recorded(len(rows), already, tuple(refused))


def why_not(database: Database, pilot: str, reference: str) -> str | None:
    """Why nobody can be asked about this case, so that no form is filled in which is then refused; None: go ahead."""
    with database.read() as connection:
        case = _known(connection, pilot, [reference]).get(reference)
    if case is None or case.closed is None:
        return UNKNOWN if case is None else OPEN
    return ANSWERED if case.answers is not None else None


def _known(connection: Connection, pilot: str, references: Sequence[str]) -> dict[str, Any]:
    """The live cases among the references, each with its answers, if any."""
    query = (
        select(CaseRow.reference, CaseRow.id, CaseRow.closed, SatisfactionRow.answers)
        .outerjoin(SatisfactionRow, SatisfactionRow.case_id == CaseRow.id)
        .where(CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None))
    )
    parts = (references[start : start + SOME] for start in range(0, len(references), SOME))
    return {
        row.reference: row for part in parts for row in connection.execute(query.where(CaseRow.reference.in_(part)))
    }


def recorded_answers(database: Database, pilot: str) -> pl.DataFrame:
    """The answers for live cases of a pilot: case (reference), u1 to u9."""
    import polars as pl

    query = (
        select(CaseRow.reference, SatisfactionRow.answers)
        .join(SatisfactionRow, SatisfactionRow.case_id == CaseRow.id)
        .where(CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None))
        .order_by(CaseRow.reference)
    )
    with database.read() as connection:
        rows = [(reference, _plain(answers)) for reference, answers in connection.execute(query)]
    columns = answer_columns()
    return pl.DataFrame(
        [(reference, *(given.get(code.upper()) for code in columns)) for reference, given in rows],
        schema={"case": pl.String, **dict.fromkeys(columns, pl.Int8)}, orient="row",
    )  # fmt: skip


def asked_cases(database: Database, pilot: str, process: Process) -> Iterator[tuple[str | None, Answers | None]]:
    """Of every closed live case of a process the office and the answers, None where nobody answered; no reference."""
    query = (
        select(CaseRow.office, SatisfactionRow.answers)
        .outerjoin(SatisfactionRow, SatisfactionRow.case_id == CaseRow.id)
        .where(
            CaseRow.pilot == pilot, CaseRow.process == process.value, CaseRow.rehearsal.is_(None),
            CaseRow.closed.is_not(None),
        )
    )  # fmt: skip
    with database.read() as connection:
        for office, answers in connection.execute(query):
            yield office, None if answers is None else _plain(answers)


def answer_columns() -> tuple[str, ...]:
    """u1 to u9."""
    return tuple(f"u{k}" for k in range(1, 10))


def _plain(answers: object) -> dict[str, int | None]:
    found: dict[str, int | None] = json.loads(answers) if isinstance(answers, str) else answers  # type: ignore[assignment]
    return found
