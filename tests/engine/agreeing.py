"""A pilot that asks other agencies in every way there is, held against an agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import text

from perintis import Agency, Calendar, Case, all_of, exchange_step, human_step, step
from perintis.doors.store.database import Database
from perintis.engine.agreed import Agreed
from perintis.engine.definition import Definition
from perintis.engine.steps import Step
from perintis.rules.agreement import read_agreement
from tests.small_pilot import OFFICE, TAX, Answer, Application, Asked, Decision, Small, define, look_up

LAB = Agency("lab", "Laboratory")
JAKARTA = replace(OFFICE, calendar=Calendar.weekdays("Asia/Jakarta"))
NIGHT = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
"""One minute before midnight of the agreement's last day in Jakarta; in UTC the day has seven hours left."""

AGREEMENT = """
number: MoU-1
title: A trial
pilot: small
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: OPEN_CASES
parties: [{code: office, name: Office}, {code: tax, name: Tax}, {code: lab, name: Laboratory}]
terms:
  - {article: art. 1(1), discloses: office, receives: tax, fields: [name], purpose: ask, legal_basis: l}
  - {article: art. 1(2), discloses: tax, receives: office, fields: [ok, note], purpose: decide, legal_basis: l}
  - {article: art. 1(3), discloses: office, receives: lab, fields: [name], purpose: examine, legal_basis: l}
  - {article: art. 1(4), discloses: lab, receives: office, fields: [ok, note], purpose: decide, legal_basis: l}
"""


class Renamed(BaseModel):
    """As `Asked`, with a field that no term lists."""

    name: str
    reference: str


class Talkative(BaseModel):
    """As `Answer`, and more than was agreed."""

    ok: bool = True
    note: str = ""
    diagnosis: str = ""


asked_outside: list[str] = []


def ask_tax(requests: list[Asked]) -> list[Answer]:
    """Ask."""
    asked_outside.extend(request.name for request in requests)
    return [Answer() for _ in requests]


def ask_tax_more(requests: list[Renamed]) -> list[Answer]:
    """Ask with too much."""
    asked_outside.extend(request.name for request in requests)
    return [Answer() for _ in requests]


def ask_tax_for_more(requests: list[Asked]) -> list[Talkative]:
    """Ask for too much."""
    asked_outside.extend(request.name for request in requests)
    return [Talkative() for _ in requests]


def examine(request: Asked) -> Answer:
    """Examine."""
    return Answer()


def exchange_it(request: Asked) -> Answer:
    """Exchange."""
    return Answer()


def examine_more(request: Renamed) -> Answer:
    """Examine with too much."""
    return Answer()


def examine_for_more(request: Asked) -> Talkative:
    """Examine for too much."""
    return Talkative()


KINDS: dict[str, Callable[[Callable[..., Any]], Step[Any]]] = {
    "automatic": lambda function: step(TAX)(function),
    "exchange": lambda function: exchange_step(TAX)(function),
    "human": lambda function: human_step(LAB)(function),
}


def under(definition: Definition, agreement: str | None, *, open_cases: str = "stop") -> Definition:
    """The definition with its lead in Jakarta, held against an agreement."""
    agencies = (JAKARTA, TAX, LAB)
    pilot = replace(definition.pilot, lead=JAKARTA, agencies=agencies)
    read = None if agreement is None else read_agreement(agreement.replace("OPEN_CASES", open_cases))
    return replace(definition, pilot=pilot, agreed=Agreed(pilot, read))


def at_work(
    database: Database, folder: Path, steps: Iterable[Step[Any]], agreement: str | None = AGREEMENT, **options: Any
) -> Small:
    """A pilot that asks for these steps at once, for every case but those that are called `no`."""
    asked = tuple(steps)

    async def to_be(case: Case[Application]) -> Decision:
        await look_up(case)
        if case.application.name != "no":
            await all_of(*(one(case) for one in asked))
        return Decision()

    return Small(database, under(define(to_be, [*asked, look_up]), agreement, **options), folder)


def disclosures(small: Small) -> list[str]:
    """What was recorded, in order: `case seq step lifecycle: from > to fields article`."""
    with small.database.read() as connection:
        rows = connection.execute(text(
            "SELECT d.case_id, e.step, e.lifecycle, t.discloses, t.receives, t.fields, t.article FROM disclosures d "
            "JOIN events e ON e.case_id = d.case_id AND e.seq = d.seq JOIN disclosure_terms t ON t.id = d.term_id "
            "ORDER BY d.case_id, d.seq, t.article"
        ))  # fmt: skip
        return [f"{c} {s} {life}: {a} > {b} {fields} {article}" for c, s, life, a, b, fields, article in rows]
