"""Decisions beside verdicts: where they differ a second person confirms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.harm_trips import HarmAnswer, answer_trip, harm_trips, record_trip
from perintis.doors.store.judgements import (
    confirm_decision,
    decide,
    decisions_on,
    keep_evaluation,
    kept_evaluations,
)
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


def test_a_trip_of_the_harm_monitor_is_answered_by_a_person(database: Database) -> None:
    """With a reason; the same answer again, or one to a trip that is not there, is refused."""
    number = record_trip(
        database, "small", "errors", estimate=-0.06, bound=-0.03, sentence="more errors", data_until=AT, at=AT
    )
    answer_trip(database, number, by="head", reason="known cause", resume=True, at=LATER)
    (trip,) = harm_trips(database, "small")
    assert (trip.metric, trip.estimate, trip.pauses) == ("errors", -0.06, False)
    assert trip.answer == HarmAnswer(at=LATER, by="head", reason="known cause", resume=True)
    with pytest.raises(NotAllowed, match="answered already: resume, by head"):
        answer_trip(database, number, by="deputy", reason="no", resume=True, at=LATER)
    with pytest.raises(NotFound):
        answer_trip(database, 99, by="deputy", reason="no", resume=False, at=LATER)


def test_a_stop_is_taken_back_by_two_persons(database: Database) -> None:
    """The later answer holds and both stay; one person alone, or one under two spellings, takes nothing back."""
    number = record_trip(
        database, "small", "errors", estimate=-0.06, bound=-0.03, sentence="more errors", data_until=AT, at=AT
    )
    answer_trip(database, number, by="head", reason="too many errors", resume=False, at=LATER)
    for second, told in ((None, "a second person has to be named"), (" Deputy", "somebody else has to confirm it")):
        with pytest.raises(NotAllowed, match=told):
            answer_trip(database, number, by="deputy", reason="x", resume=True, at=LATER, confirmed_by=second)
    assert harm_trips(database, "small")[0].pauses
    answer_trip(database, number, by="deputy", reason="all trained", resume=True, at=LATER, confirmed_by="head")
    (trip,) = harm_trips(database, "small")
    assert [(a.by, a.resume, a.confirmed_by) for a in trip.answers] == [
        ("head", False, None), ("deputy", True, "head"),
    ]  # fmt: skip
    assert not trip.pauses
    answer_trip(database, number, by="head", reason="again", resume=False, at=LATER)
    assert harm_trips(database, "small")[0].pauses


def test_an_evaluation_keeps_the_hash_of_its_baseline(database: Database) -> None:
    """A name may stand for other content later."""
    keep_evaluation(database, evaluation(baseline_hash="ef" * 32))
    assert kept_evaluations(database, "small")[0].evaluation.baseline_hash == "ef" * 32
