"""What applicants answered to the nine questions of the satisfaction survey, once a case, after it was closed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_evaluation import SatisfactionRow

if TYPE_CHECKING:
    import polars as pl

Answers = Mapping[str, int | None]
"""One answer from 1 to 4 by element code (U1 to U9), None where it was left out."""

SOME = 500
UNKNOWN, OPEN, TWICE = "no such case", "the case is not closed yet", "this case has answers already"


@dataclass(frozen=True)
class Recorded:
    """How many answers were recorded, and for those that were not, the case and why."""

    recorded: int
    refused: tuple[tuple[str, str], ...]


def record_answers(
    database: Database, pilot: str, answers: Sequence[tuple[str, Answers]], *, at: datetime
) -> Recorded:  # fmt: skip
    """Record the answers of respondents by the reference of their case, all in one transaction.

    Refused, and told: a case that is not there or not closed, and a second set of answers for the same case.
    """
    refused: list[tuple[str, str]] = []
    taken: dict[int, Answers] = {}
    with database.write() as connection:
        for start in range(0, len(answers), SOME):
            part = answers[start : start + SOME]
            query = select(CaseRow.reference, CaseRow.id, CaseRow.closed).where(
                CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None), CaseRow.reference.in_([ref for ref, _ in part])
            )
            cases = {row.reference: row for row in connection.execute(query)}
            ids = [row.id for row in cases.values()]
            there = set(connection.scalars(select(SatisfactionRow.case_id).where(SatisfactionRow.case_id.in_(ids))))
            for reference, given in part:
                row = cases.get(reference)
                if row is None or row.closed is None:
                    refused.append((reference, UNKNOWN if row is None else OPEN))
                elif row.id in there or row.id in taken:
                    refused.append((reference, TWICE))
                else:
                    taken[row.id] = given
        rows = [{"case_id": case, "at": at, "answers": dict(given)} for case, given in taken.items()]
        if rows:
            connection.execute(insert(SatisfactionRow), rows)
    return Recorded(len(taken), tuple(refused))


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


def answer_columns() -> tuple[str, ...]:
    """u1 to u9."""
    return tuple(f"u{k}" for k in range(1, 10))


def _plain(answers: object) -> dict[str, int | None]:
    found: dict[str, int | None] = json.loads(answers) if isinstance(answers, str) else answers  # type: ignore[assignment]
    return found
