"""Feeds a process with results by hand, slot by slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from perintis import Agency, Case, SentBack, human_step, step
from perintis.engine.replay import ProcessFunction, Replay
from perintis.words.recorded import Key

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OFFICE = Agency("office", "Office")


class Application(BaseModel):
    name: str = "applicant"


class Asked(BaseModel):
    name: str


class Answer(BaseModel):
    ok: bool = True


@human_step(OFFICE, may_send_back=True)
def check(request: Asked) -> Answer:
    """Check."""


@human_step(OFFICE)
def audit(request: Asked) -> Answer:
    """Audit."""


@step(OFFICE)
def pay(request: Asked) -> Answer:
    """Pay."""
    return Answer()


YES, NO = Answer(ok=True), Answer(ok=False)
BACK = SentBack("office.check", "a page is missing")


def start(process: ProcessFunction) -> Replay:
    return Replay(process, Case(case_id=1, reference="r", office=None, opened=START, application=Application()))


def replayed(process: ProcessFunction, *history: tuple[str, Any]) -> Replay:
    """The process fed with (slot, result) in that order, one minute apart; a slot is written "check 1"."""
    replay = start(process)
    for minute, (slot, result) in enumerate(history, 1):
        replay.feed(key(slot), result, START + timedelta(minutes=minute))
    return replay


def key(slot: str) -> Key:
    name, visit = slot.split()
    return Key(name if name == "timer" else f"office.{name}", int(visit))


def slots(keys: Any) -> list[str]:
    return [f"{k.step.removeprefix('office.')} {k.visit}" for k in keys]


def asked(replay: Replay) -> list[str]:
    return slots(replay.outstanding)
