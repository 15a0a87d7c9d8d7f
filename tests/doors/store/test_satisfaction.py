"""Satisfaction answers in the store: once a case, for closed cases of the pilot, and gone with their case."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, delete
from sqlalchemy.exc import IntegrityError

from perintis import Case
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.doors.store.models import Base, CaseRow, PayloadRow
from perintis.doors.store.models_evaluation import SatisfactionRow
from perintis.doors.store.models_vault import VaultRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.satisfaction import (
    OPEN,
    OTHERWISE,
    UNKNOWN,
    Recorded,
    asked_cases,
    record_answers,
    recorded_answers,
    why_not,
)
from perintis.words.recorded import Outcome, Process
from tests.small_pilot import START, Application, Decision, Small, check, define


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


@pytest.fixture
def small(database: Database) -> Small:
    """Case "r" was withdrawn, case "open" is open."""
    small = Small(database, define(checked))
    (closed, _) = small.open("r", "open").cases
    end_case(database, closed, Outcome.WITHDRAWN, "moved", officer=None, now=START)
    return small


def nine(answer: int | None = 4, **changes: int | None) -> dict[str, int | None]:
    return {**dict.fromkeys([f"U{k}" for k in range(1, 10)], answer), **changes}


def record(small: Small, *given: tuple[str, dict[str, int | None]], strict: bool = False) -> Recorded:
    return record_answers(small.database, "small", list(given), at=START, strict=strict)


def test_a_withdrawn_applicant_may_answer_too(small: Small) -> None:
    """The case is closed; a question left out stays so."""
    assert record(small, ("r", nine(U9=None))) == Recorded(1, 0, ())
    table = recorded_answers(small.database, "small")
    assert table.row(0, named=True) == {"case": "r", **{f"u{k}": 4 for k in range(1, 9)}, "u9": None}


def test_the_same_answers_again_record_nothing_and_others_are_refused(small: Small) -> None:
    """What was said first stays."""
    record(small, ("r", nine()))
    assert record(small, ("r", nine())) == Recorded(0, 1, ())
    assert record(small, ("r", nine(U7=1))) == Recorded(0, 0, (("r", OTHERWISE),))
    assert recorded_answers(small.database, "small")["u7"].to_list() == [4]


def test_open_unknown_and_other_pilots_cases_are_refused_while_the_rest_is_taken(small: Small) -> None:
    """A case of another pilot is none of this one."""
    other = [NewCase("theirs", None, {}, "{}", None)]
    open_cases(small.database, other, pilot="other", version="1", process="to_be", lead="x", intake=None, now=START)
    found = record(small, ("theirs", nine()), ("open", nine()), ("nobody", nine()), ("r", nine()))
    assert found == Recorded(1, 0, (("theirs", UNKNOWN), ("open", OPEN), ("nobody", UNKNOWN)))


def test_strict_records_nothing_where_one_is_refused(small: Small) -> None:
    """Also where the file was refused in part before."""
    assert record(small, ("r", nine()), ("open", nine()), strict=True) == Recorded(0, 0, (("open", OPEN),))
    before = record_answers(small.database, "small", [("r", nine())], at=START, strict=True, refused_before=True)
    assert before == Recorded(0, 0, ())
    assert recorded_answers(small.database, "small").is_empty()


def test_who_may_be_asked(small: Small) -> None:
    """Known before a form is filled in."""
    told = [why_not(small.database, "small", reference) for reference in ("nobody", "open", "r")]
    assert told == [UNKNOWN, OPEN, None]
    record(small, ("r", nine()))
    assert why_not(small.database, "small", "r") is not None


def test_those_asked_are_the_closed_cases_and_come_without_a_reference(small: Small) -> None:
    """The office and the answers, nothing else."""
    assert list(asked_cases(small.database, "small", Process.TO_BE)) == [("north", None)]
    record(small, ("r", nine()))
    assert list(asked_cases(small.database, "small", Process.TO_BE)) == [("north", nine())]
    assert list(asked_cases(small.database, "small", Process.AS_IS)) == []


def test_answers_cannot_outlive_their_case_and_may_go_with_it(small: Small) -> None:
    """The store refuses to remove a case that has answers; with them, in one transaction, it goes."""
    record(small, ("r", nine()))
    with pytest.raises(IntegrityError), small.database.write() as connection:
        erase(connection, PayloadRow, VaultRow, CaseRow)
    assert recorded_answers(small.database, "small").height == 1
    with small.database.write() as connection:
        erase(connection, PayloadRow, VaultRow, SatisfactionRow, CaseRow)
    assert recorded_answers(small.database, "small").is_empty()


def erase(connection: Connection, *tables: type[Base]) -> None:
    """Remove what these tables hold of all cases."""
    for table in tables:
        connection.execute(delete(table))
