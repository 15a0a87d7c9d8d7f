"""What an evaluation leaves in the store: a row of the history, and the trips of the harm monitor, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.harm_trips import answer_trip, harm_trips
from perintis.rules.evaluation.panels import SequentialPanel
from perintis.rules.evaluation.parts import Message
from perintis.use.evaluation.evaluate import Evaluated, evaluate
from perintis.use.evaluation.keep import Files, remember
from perintis.use.evaluation.material import Material
from tests.use.test_evaluate import material

AT = datetime(2026, 3, 9, tzinfo=UTC)
FILES = Files(Path("nowhere"))


@pytest.fixture(scope="module")
def whole() -> Material:
    return material(200)


@pytest.fixture(scope="module")
def found(whole: Material) -> Evaluated:
    return evaluate(whole)


def tripped(found: Evaluated, *metrics: str, day: date, until: datetime = AT, snapshot: str = "a") -> Evaluated:
    """The same evaluation, in whose data until then the monitor saw these guardrails worse since that day."""
    panel = found.evaluation.panels.sequential
    assert isinstance(panel, SequentialPanel)
    harm = tuple(
        Message(code="harm_trip", text=f"{metric} is worse",
                values={"metric": metric, "day": day.isoformat(), "effect": -0.06, "limit": -0.03})
        for metric in metrics
    )  # fmt: skip
    panels = found.evaluation.panels.model_copy(update={"sequential": panel.model_copy(update={"harm": harm})})
    provenance = found.evaluation.provenance.model_copy(update={"snapshot": snapshot * 64})
    changed = {"panels": panels, "provenance": provenance, "data_until": until}
    return replace(found, evaluation=found.evaluation.model_copy(update=changed))


def test_a_second_evaluation_does_not_record_the_same_trip_twice(
    database: Database, whole: Material, found: Evaluated
) -> None:
    """Neither the same evaluation nor a later one; another guardrail is a trip of its own."""
    day = AT.date() - timedelta(days=4)
    first = tripped(found, "refused", day=day)
    remember(database, whole, first, FILES, at=AT)
    remember(database, whole, first, FILES, at=AT)
    later = tripped(found, "refused", "errors", day=day, until=AT + timedelta(days=7), snapshot="b")
    remember(database, whole, later, FILES, at=AT + timedelta(days=7))
    assert [(t.metric, t.data_until) for t in harm_trips(database, "made-up")] == [
        ("refused", AT), ("errors", AT + timedelta(days=7)),
    ]  # fmt: skip


@pytest.mark.parametrize(("after", "trips"), [(-4, 1), (0, 1), (1, 2)])
def test_an_answered_trip_is_asked_about_again_only_for_days_that_came_later(
    database: Database, whole: Material, found: Evaluated, after: int, trips: int
) -> None:
    """Harm on days that the answer knew of is not asked about twice; harm first seen in later data is."""
    remember(database, whole, tripped(found, "refused", day=AT.date() - timedelta(days=4)), FILES, at=AT)
    (one,) = harm_trips(database, "made-up")
    answer_trip(database, one.number, by="committee", reason="known", resume=True, at=AT)
    day, until = AT.date() + timedelta(days=after), AT + timedelta(days=7)
    remember(database, whole, tripped(found, "refused", day=day, until=until, snapshot="b"), FILES, at=until)
    assert len(harm_trips(database, "made-up")) == trips


def test_a_rehearsal_pauses_nothing(database: Database, whole: Material, found: Evaluated) -> None:
    """What is made up harms nobody."""
    made_up = tripped(found, "refused", day=AT.date())
    simulated = made_up.evaluation.model_copy(update={"simulated": True})
    remember(database, whole, replace(made_up, evaluation=simulated), FILES, at=AT)
    assert harm_trips(database, "made-up") == []
