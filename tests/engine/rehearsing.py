"""A pilot of one counter and one laboratory, and assumptions that a test changes where it matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any, Literal

from pydantic import BaseModel

from perintis import Agency, Calendar, Case, Pilot, exchange_step, human_step, step, working
from perintis.engine.definition import Definition
from perintis.engine.rehearsal.cases import Simulated
from perintis.engine.rehearsal.simulate import Rehearsal
from perintis.engine.replay import ProcessFunction
from perintis.rules.assumptions import Assumptions
from perintis.words.recorded import Process

COUNTER = Agency("counter", "Counter")
LAB = Agency("lab", "Laboratory")
OFFICE = Agency("office", "Office with hours", Calendar.weekdays("Asia/Jakarta", "08:00", "16:00"))


class Application(BaseModel):
    reference: str
    name: str
    office: str
    kind: Literal["new", "renewal"] = "new"


class Decision(BaseModel):
    outcome: str = "granted"


class Asked(BaseModel):
    name: str


class Answer(BaseModel):
    ok: bool
    name: str
    note: str | None = None


@human_step(COUNTER, within=working(hours=2), may_send_back=True, keyed=("name",))
def serve(request: Asked) -> Answer:
    """Serve."""


@human_step(COUNTER)
def serve_again(request: Asked) -> Answer:
    """Serve once more."""


@human_step(LAB)
def analyse(request: Asked) -> Answer:
    """Analyse a sample."""


@human_step(OFFICE)
def examine(request: Asked) -> Answer:
    """Examine in office hours."""


@exchange_step(LAB)
def enquire(request: Asked) -> Answer:
    """Ask the laboratory's system."""


@step(COUNTER, cost=5.0)
def look_up(requests: Sequence[Asked]) -> list[Answer]:
    """Look up."""
    return [Answer(ok=True, name=r.name) for r in requests]


STEPS = (serve, serve_again, analyse, examine, enquire, look_up)


def made_up(random: Random, number: int) -> Application:
    """One application; two in three come to the north office."""
    return Application(
        reference=f"R-{number:05}",
        name=f"applicant {random.randrange(1000)}",
        office="north" if random.random() < 2 / 3 else "south",
    )


PILOT = Pilot(
    name="small", title="Small", version="1", lead=COUNTER, agencies=(COUNTER, LAB, OFFICE), application=Application,
    decision=Decision, segments=("kind",), made_up=made_up,
)  # fmt: skip


def define(process: ProcessFunction, *, pilot: Pilot[Any] = PILOT) -> Definition:
    """The small pilot with this process, as it is and as it is to be."""
    return Definition(pilot, dict.fromkeys(Process, process), {s.name: s for s in STEPS})


def assumed(value: Any) -> dict[str, Any]:
    """An entry of the file."""
    return {"value": value, "assumption": True, "reason": "for a test"}


MINUTES = {"service_minutes": assumed(10), "answers": {"ok": assumed(1.0)}}
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def assume(
    *, a_day: float = 24, warm_up: int = 0, follow_up: int = 30, officers: dict[str, Any] | None = None,
    steps: dict[str, Any] | None = None, arrivals: dict[str, Any] | None = None, **more: Any,
) -> Assumptions:  # fmt: skip
    """Assumptions for the small pilot: arrivals at any hour of any day, every step ten minutes, all answers yes."""
    given = {
        "currency": "IDR",
        "arrivals": {
            "start": assumed(date(2026, 3, 2)),
            "days": assumed(5),
            "warm_up_days": assumed(warm_up),
            "follow_up_days": assumed(follow_up),
            "per_day": assumed(dict.fromkeys(WEEK, a_day)),
            "by_hour": assumed(dict.fromkeys(range(24), 1)),
            "on_working_days": assumed(False),
            **(arrivals or {}),
        },
        "officers": {
            **{code: assumed(1) for code in ("counter", "lab", "office")},
            **{code: assumed(number) for code, number in (officers or {}).items()},
        },
        "steps": {**{s.name: MINUTES for s in STEPS}, **(steps or {})},
        **more,
    }
    return Assumptions.model_validate(given)


def simulate(process: ProcessFunction, assumptions: Assumptions, *, seed: int = 1, **options: Any) -> list[Simulated]:
    """All cases of a rehearsal, by number."""
    rehearsal = Rehearsal(define(process), Process.TO_BE, assumptions, seed=seed, **options)
    return sorted(rehearsal.cases(), key=lambda case: case.number)


async def serve_only(case: Case[Application]) -> Decision:
    """One step and done."""
    await serve(case)
    return Decision()


def story(case: Simulated) -> list[str]:
    """The changes of a case in order, written "serve 1 start"."""
    return [f"{c.key.step.partition('.')[2] or c.key.step} {c.key.visit} {c.lifecycle.value}" for c in case.changes]
