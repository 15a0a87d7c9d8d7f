"""The state of a case follows from its events alone, and what cannot happen is refused with the number of the event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from perintis.rules.lifecycle import CaseState, Event, VisitState, rebuild
from perintis.words.errors import BrokenHistory
from perintis.words.recorded import Key, Lifecycle, WorkKind, WorkStatus

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HUMAN = WorkKind.HUMAN


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def history(*lines: tuple[str, str, dict[str, Any]]) -> CaseState:
    """Events a minute apart, after the opening: (step, "lifecycle status", more)."""
    events = [Event(1, START, "case", 1, Lifecycle.START, "office")]
    for seq, (step, what, more) in enumerate(lines, 2):
        lifecycle, status = (*what.split(), "completed")[:2]
        given = {"ready": at(seq - 1), **more}
        events.append(
            Event(
                given.pop("seq", seq), at(seq - 1), step, 1, Lifecycle(lifecycle), "office", WorkStatus(status), **given
            )
        )
    return rebuild(events)


def test_everything_that_events_say_is_rebuilt() -> None:
    """Who, since when, until when, at what cost, overdue or not: all of a step visit comes from its events."""
    state = history(
        ("check", "schedule open", {"kind": HUMAN, "due": at(2), "keyed": ("name",)}),
        ("check", "start started", {"officer": "o1", "started": at(2)}),
        ("check", "breach", {}),
        ("check", "complete", {"officer": "o2", "cost": 5.0}),
        ("case", "breach", {}),
        ("case", "complete", {"outcome": "granted"}),
    )
    check = VisitState(
        HUMAN, "office", WorkStatus.COMPLETED, ready=at(1), started=at(2), completed=at(4), due=at(2), breached=at(3),
        officer="o2", cost=5.0, keyed=("name",), answered=5,
    )  # fmt: skip
    assert state == CaseState(START, at(6), "granted", at(5), 7, {Key("check", 1): check})


@pytest.mark.parametrize(
    ("whats", "status"),
    [
        (["complete"], "completed"),
        (["ate_abort retrying", "ate_abort retrying", "complete"], "completed"),
        (["ate_abort failed", "schedule retrying", "complete"], "completed"),
        (["schedule open", "ate_abort sent_back"], "sent_back"),
        (["schedule open", "start started", "ate_abort sent_back"], "sent_back"),
        (["schedule open", "ate_abort in_doubt", "schedule open", "complete"], "completed"),
        (["schedule open", "ate_abort in_doubt", "complete"], "completed"),
        (["schedule open", "withdraw withdrawn"], "withdrawn"),
        (["ate_abort failed", "withdraw withdrawn"], "withdrawn"),
    ],
)
def test_ways_of_a_step_visit(whats: list[str], status: str) -> None:
    """Each way that a step visit may go, to its end."""
    attempt, lines = 0, []
    for what in whats:
        attempt += (
            what.startswith("ate_abort ret") or what == "ate_abort failed" or (what == "complete" and attempt > 0)
        )
        lines.append(("check", what, {"attempt": max(attempt, 1)}))
    assert history(*lines).visits[Key("check", 1)].status == status


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([("check", "complete", {"seq": 3})], "event 3 comes after event 1"),
        ([("check", "complete", {"seq": 1})], "event 1 comes after event 1"),
        ([("check", "complete", {}), ("check", "complete", {})], "completed, but it is completed"),
        ([("check", "start started", {})], "makes check (visit 1) started, but it is not yet asked for"),
        ([("check", "schedule open", {}), ("check", "ate_abort failed", {})], "failed, but it is open"),
        ([("check", "complete", {}), ("check", "withdraw withdrawn", {})], "withdrawn, but it is completed"),
        ([("check", "complete", {"ready": None})], "does not say since when check was ready"),
        ([("check", "breach", {})], "but it is not yet asked for"),
        ([("check", "schedule open", {}), ("check", "breach", {}), ("check", "breach", {})], "a second time"),
        ([("check", "complete", {}), ("check", "breach", {})], "too late"),
        (
            [("check", "ate_abort retrying", {}), ("check", "ate_abort retrying", {"attempt": 1})],
            "event 3 is attempt 1 of check, after 1",
        ),
        ([("case", "complete", {})], "event 2 (complete) cannot happen to the case now"),
        ([("case", "breach", {}), ("case", "breach", {})], "event 3 (breach) cannot happen"),
        ([("case", "complete", {"outcome": "x"}), ("check", "complete", {})], "after the case was closed"),
    ],
)  # fmt: skip
def test_what_cannot_happen(lines: list[tuple[str, str, dict[str, Any]]], message: str) -> None:
    """Gaps, second answers, states that do not follow: each is found, and the message names the event."""
    with pytest.raises(BrokenHistory) as caught:
        history(*lines)
    assert message in str(caught.value)


def test_a_case_begins_with_its_opening() -> None:
    """No event, or another one first, is no case."""
    with pytest.raises(BrokenHistory, match="no event"):
        rebuild([])
    with pytest.raises(BrokenHistory, match="begins with event 1"):
        rebuild([Event(1, START, "check", 1, Lifecycle.COMPLETE, "office", ready=START)])
