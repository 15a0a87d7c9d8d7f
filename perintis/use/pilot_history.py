"""The history of a pilot: what was planned, tried, found and decided, in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from perintis.doors.store.harm_trips import harm_trips, trip_facts
from perintis.doors.store.judgements import decisions_on, kept_evaluations
from perintis.doors.store.phases import phases_of
from perintis.doors.store.plans import find_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from perintis.doors.store.database import Database
    from perintis.doors.store.judgements import Kept, PilotDecision


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `kind` is plan, amendment, phase, adjustment, evaluation, decision, confirmation, harm
    or resumed; `title` a few words, `text` a sentence or more, `facts` the same for programs."""

    at: datetime
    kind: str
    title: str
    text: str
    facts: dict[str, Any] = field(default_factory=dict)


def pilot_history(database: Database, pilot: str) -> list[Moment]:
    """Everything that happened to a pilot, oldest first; empty where nothing did."""
    found = [
        *_plan(database, pilot), *_phases(database, pilot), *_judged(database, pilot), *_decided(database, pilot),
        *_harm(database, pilot),
    ]  # fmt: skip
    return sorted(found, key=lambda moment: moment.at)


def _plan(database: Database, pilot: str) -> Iterator[Moment]:
    plan = find_plan(database, pilot)
    if plan is None:
        return
    late = f" Late: {plan.cases:,} cases could be seen. {plan.late_reason}" if plan.late else ""
    yield Moment(
        plan.at, "plan", "plan registered" + (" late" if plan.late else ""),
        f"{plan.plan.question}{late} (hash {plan.first_hash[:16]})",
        {"hash": plan.first_hash, "late": plan.late, "reason": plan.late_reason, "cases": plan.cases},
    )  # fmt: skip
    for amendment in plan.amendments:
        seen = "results were visible" if amendment.results_visible else "no results were visible"
        yield Moment(
            amendment.at, "amendment", f"plan amended ({amendment.number})",
            f"{amendment.reason} ({seen}): {'; '.join(amendment.changes)}",
            {"number": amendment.number, "hash": amendment.hash, "reason": amendment.reason,
             "results_visible": amendment.results_visible, "changes": list(amendment.changes)},
        )  # fmt: skip


def _phases(database: Database, pilot: str) -> Iterator[Moment]:
    phases = phases_of(database, pilot)
    for phase in phases:
        yield Moment(
            phase.first, "phase", f"version {phase.version} begins",
            f"{phase.cases:,} cases until {phase.last:%d %b %Y}, {phase.closed:,} of them closed",
            {"version": phase.version, "first": phase.first, "last": phase.last, "cases": phase.cases,
             "closed": phase.closed},
        )  # fmt: skip
    for before, after in pairwise(phases):
        yield Moment(
            after.first, "adjustment", f"{before.version} became {after.version}",
            "the pilot was adjusted; its phases are analysed apart",
            {"from": before.version, "to": after.version},
        )  # fmt: skip


def _judged(database: Database, pilot: str) -> Iterator[Moment]:
    for kept in kept_evaluations(database, pilot):
        found = kept.evaluation
        look = f"look {found.look} of {found.looks}" if found.look is not None else "no formal look"
        made_up = "; simulated cases" if found.simulated else ""
        change = f" Would change it: {found.change}." if found.change else ""
        yield Moment(
            found.at, "evaluation", f"verdict: {found.word}",
            f"{found.sentence}.{change} (version {found.version}, {look}, evidence {found.grade}, "
            f"against {found.baseline}{made_up})",
            _judged_facts(kept),
        )  # fmt: skip


def _judged_facts(kept: Kept) -> dict[str, Any]:
    return {"number": kept.number} | dict(vars(kept.evaluation))


def _decided(database: Database, pilot: str) -> Iterator[Moment]:
    for made in decisions_on(database, pilot):
        differs = f"; differs from the verdict {made.verdict}" if made.differs else "; as the rule says"
        waits = ", waits for a second person" if made.pending else ""
        yield Moment(
            made.at, "decision", f"decided: {made.word}", f"{made.reason} (by {made.by}{differs}{waits})", vars(made)
        )
        if made.confirmed_at is not None:
            yield Moment(made.confirmed_at, "confirmation", f"{made.word} confirmed", f"by {made.confirmed_by}",
                         _confirmed(made))  # fmt: skip


def _confirmed(made: PilotDecision) -> dict[str, Any]:
    return {"decision": made.number, "by": made.confirmed_by}


def _harm(database: Database, pilot: str) -> Iterator[Moment]:
    for trip in harm_trips(database, pilot):
        yield Moment(trip.at, "harm", "harm monitor tripped", trip.sentence, trip_facts(trip))
        for answer in trip.answers:
            word = "intake resumed" if answer.resume else "intake stays paused"
            second = f", confirmed by {answer.confirmed_by}" if answer.confirmed_by else ""
            yield Moment(answer.at, "resumed", word, f"{answer.reason} (by {answer.by}{second})",
                         {"trip": trip.number, "resume": answer.resume, "by": answer.by,
                          "confirmed_by": answer.confirmed_by})  # fmt: skip
