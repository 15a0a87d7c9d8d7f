"""Plans and amendments in the store: written once, in time or marked as late, never changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from perintis.doors.store.database import Database
from perintis.doors.store.judgements import JudgedEvaluation, keep_evaluation
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.plans import amend_plan, find_plan, register_plan, registered_plan
from perintis.rules.plan import plan_hash
from perintis.words.errors import NotAllowed, NotFound
from tests.doors.store.judged import AT, evaluation
from tests.rules.plan.plans import plan

SMALL = plan()
WIDER = plan("margin: 10", "margin: 20")


def open_one(database: Database) -> None:
    """One real case of the pilot `small`."""
    case = NewCase("R-1", None, {}, "{}", None)
    open_cases(database, [case], pilot="small", version="1", process="to_be", lead="x", intake=None, now=AT)


def test_a_plan_registered_before_the_first_case_is_in_time(database: Database) -> None:
    """Its hash, its time and all of it are kept; a second registration is refused."""
    made = register_plan(database, SMALL, at=AT)
    assert (made.plan, made.hash, made.at, made.late) == (SMALL, plan_hash(SMALL), AT, False)
    assert find_plan(database, "small") == made
    with pytest.raises(NotAllowed, match="is registered already; change it with `perintis plan amend`"):
        register_plan(database, WIDER, at=AT)
    assert find_plan(database, "other") is None


def test_after_the_first_case_a_plan_is_late_for_ever(database: Database) -> None:
    """It needs a reason, and says how many cases could be seen."""
    open_one(database)
    with pytest.raises(NotAllowed, match="1 case and 0 evaluations of small are visible already"):
        register_plan(database, SMALL, at=AT)
    made = register_plan(database, SMALL, at=AT, late_reason="forgotten", visible_cases=4)
    assert (made.late, made.cases, made.late_reason, made.results_visible) == (True, 5, "forgotten", True)


def test_amendments_are_appended_with_their_differences(database: Database) -> None:
    """The last one is in force; the first hash stays; nothing changed is no amendment."""
    register_plan(database, SMALL, at=AT)
    with pytest.raises(NotAllowed, match="nothing differs"):
        amend_plan(database, SMALL, reason="none", at=AT)
    amend_plan(database, WIDER, reason="too strict", at=AT + timedelta(days=1))
    found = registered_plan(database, "small")
    assert (found.plan, found.hash, found.first_hash) == (WIDER, plan_hash(WIDER), plan_hash(SMALL))
    (amendment,) = found.amendments
    assert amendment.changes == ("metrics, rework: margin was 10, is 20",)
    assert (amendment.number, amendment.reason, amendment.results_visible) == (1, "too strict", False)
    with pytest.raises(NotFound, match="no plan of other is registered"):
        amend_plan(database, SMALL.model_copy(update={"pilot": "other"}), reason="x", at=AT)


@pytest.mark.parametrize(
    ("said", "made", "visible"),
    [(None, None, False), (True, None, True), (False, "real", True), (None, "real", True), (None, "simulated", False)],
)
def test_results_are_visible_once_an_evaluation_was_made(
    database: Database, said: bool | None, made: str | None, visible: bool
) -> None:
    """Whatever is said; an evaluation of rehearsed cases shows nothing of the pilot."""
    register_plan(database, SMALL, at=AT)
    if made is not None:
        keep_evaluation(database, evaluation(simulated=made == "simulated"))
    assert amend_plan(database, WIDER, reason="r", at=AT, results_visible=said).results_visible is visible


@pytest.mark.parametrize("statement", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["plans", "amendments", "evaluations"])
def test_what_was_written_cannot_be_changed(database: Database, table: str, statement: str) -> None:
    """Not even past the program: the database itself refuses."""
    register_plan(database, SMALL, at=AT)
    amend_plan(database, WIDER, reason="r", at=AT)
    keep_evaluation(database, evaluation())
    with pytest.raises(DBAPIError, match="are only added"), database.write() as connection:
        connection.execute(text(statement.format(table)))


def test_an_evaluation_is_kept_as_it_was(database: Database) -> None:
    """Every field comes back."""
    from perintis.doors.store.judgements import kept_evaluations

    made: JudgedEvaluation = evaluation(at=datetime(2026, 5, 1, tzinfo=UTC), look=2, word="adjust")
    number = keep_evaluation(database, made)
    (kept,) = kept_evaluations(database, "small")
    assert (kept.number, kept.evaluation) == (number, made)
