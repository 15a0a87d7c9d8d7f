"""Decisions beside verdicts: where they differ a second person confirms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.harm_trips import answer_trip, harm_trips, record_trip
from perintis.doors.store.judgements import confirm_decision, decide, decisions_on, keep_evaluation
from perintis.words.errors import NotAllowed, NotFound
from tests.doors.store.judged import AT, evaluation

LATER = AT + timedelta(hours=1)


def test_a_decision_that_follows_the_verdict_holds_at_once(database: Database) -> None:
    """It is recorded beside the latest evaluation of real cases, not of a later rehearsal."""
    real = keep_evaluation(database, evaluation(word="scale"))
    keep_evaluation(database, evaluation(word="stop", simulated=True))
    made = decide(database, "small", "scale", reason="it works", by="steering committee", at=AT)
    assert (made.evaluation, made.verdict, made.differs, made.pending) == (real, "scale", False, False)


def test_a_decision_stands_beside_the_formal_look_and_not_beside_what_was_tried_later(database: Database) -> None:
    """Another baseline was looked at afterwards: no formal look, so the decision answers the look before."""
    look = keep_evaluation(database, evaluation(word="scale", look=1))
    keep_evaluation(database, evaluation(word="no verdict", look=None))
    made = decide(database, "small", "scale", reason="it works", by="steering committee", at=AT)
    assert (made.evaluation, made.differs) == (look, False)


def test_a_decision_against_the_verdict_waits_for_a_second_person(database: Database) -> None:
    """Somebody else, in whatever spelling; once."""
    keep_evaluation(database, evaluation(word="adjust"))
    made = decide(database, "small", "scale", reason="the minister wishes it", by="Head", at=AT)
    assert (made.differs, made.pending) == (True, True)
    with pytest.raises(NotAllowed, match="Head made this decision; somebody else has to confirm it"):
        confirm_decision(database, "small", by="HEAD ", at=LATER)
    confirmed = confirm_decision(database, "small", by="deputy", at=LATER)
    assert (confirmed.pending, confirmed.confirmed_by, confirmed.confirmed_at) == (False, "deputy", LATER)
    with pytest.raises(NotFound, match="no decision on small waits"):
        confirm_decision(database, "small", by="deputy", at=LATER)
    assert decisions_on(database, "small") == [confirmed]


def test_the_second_person_may_confirm_at_once(database: Database) -> None:
    """Named with the decision; the same person twice is refused and nothing is written."""
    keep_evaluation(database, evaluation(word="no verdict"))
    with pytest.raises(NotAllowed):
        decide(database, "small", "stop", reason="r", by="Head", at=AT, confirmed_by="head")
    assert decisions_on(database, "small") == []
    assert not decide(database, "small", "stop", reason="r", by="Head", at=AT, confirmed_by="deputy").pending


def test_without_an_evaluation_there_is_nothing_to_decide_on(database: Database) -> None:
    """A decision stands beside a verdict."""
    with pytest.raises(NotFound, match="there is no evaluation of small to decide on"):
        decide(database, "small", "stop", reason="r", by="head", at=AT)


def test_a_trip_of_the_harm_monitor_is_answered_once(database: Database) -> None:
    """By a person, with a reason."""
    number = record_trip(
        database, "small", "errors", estimate=-0.06, bound=-0.03, sentence="more errors", data_until=AT, at=AT
    )
    answer_trip(database, number, by="head", reason="known cause", resume=True, at=LATER)
    (trip,) = harm_trips(database, "small")
    assert (trip.metric, trip.estimate, trip.answered_by, trip.resume) == ("errors", -0.06, "head", True)
    with pytest.raises(NotAllowed):
        answer_trip(database, number, by="deputy", reason="no", resume=False, at=LATER)
    with pytest.raises(NotFound):
        answer_trip(database, 99, by="deputy", reason="no", resume=False, at=LATER)
