"""Whether a data set speaks of the pilot's steps: shared ones, the pilot's own, the data set's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from perintis.rules.vocabulary import shared_steps
from perintis.words.standard import Promise, Source, Standard
from tests.rules.small_tables import data_set

LOG = data_set(
    """
    case  opened
    A     1/08:00
    """,
    """
    case  step     visit
    A     check    1
    A     archive  1
    A     timer    1
    """,
)


def test_steps_are_shared_or_on_one_side() -> None:
    """Nothing is dropped: what has no counterpart is listed; waiting for a date is no step."""
    found = shared_steps(["check", "issue", "case"], LOG)
    assert (found.shared, found.only_here, found.only_there) == (("check",), ("issue",), ("archive",))
    assert not found.none_shared


def test_another_process_shares_no_step() -> None:
    """It has steps and not one of them is the pilot's."""
    assert shared_steps(["issue"], LOG).none_shared


def test_a_case_extract_is_not_another_process() -> None:
    """Without steps nothing contradicts the pilot's."""
    extract = replace(LOG, steps=LOG.steps.clear())
    found = shared_steps(["issue"], extract)
    assert (found.shared, found.only_there, found.none_shared) == ((), (), False)


def test_a_standard_speaks_of_the_steps_it_promises() -> None:
    """They are held against the pilot's as those of a log are."""
    standard = Standard(
        title="Times",
        source=Source(rule="Rule 1", read=date(2026, 1, 1)),
        promises=tuple(Promise.model_validate({"step": s, "within": "1 day"}) for s in ("check", "archive", None)),
    )
    promised = replace(LOG, steps=LOG.steps.clear(), standard=standard)
    assert shared_steps(["check"], promised) == shared_steps(["check"], LOG)
