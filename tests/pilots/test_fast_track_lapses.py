"""What becomes of the agencies' work when an application lapses."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from flows.fast_track import to_be
from perintis.testing import Trial
from pilots.fast_track import PAYMENT, PILOT, Application
from pilots.fast_track.application import REQUIRED_DOCUMENTS
from pilots.fast_track.made_up import made_up
from tasks.dukcapil import IdentityMatch, verify_identity


def complete_application() -> Application:
    made = made_up(Random(1), 1)
    return made.model_copy(update={"documents": tuple(REQUIRED_DOCUMENTS[made.category])})


def test_an_unpaid_fee_ends_what_the_agencies_have_not_answered() -> None:
    """When the time for paying is over, the application lapses at once and nobody is asked to go on checking it."""
    matched = {verify_identity: lambda requests: [IdentityMatch(identity_matched=True) for _ in requests]}
    trial = Trial(PILOT, to_be, replacing=matched)
    case = trial.open(complete_application())
    assert "kemenkes.health_screening" in [work.step for work in trial.waiting(case)]
    assert isinstance(PAYMENT.within, timedelta)
    trial.pass_time(PAYMENT.within + timedelta(minutes=1))
    assert trial.outcome(case) == "lapsed"
    assert trial.waiting(case) == []
