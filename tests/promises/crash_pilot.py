"""The pilot that is killed again and again, the agencies it talks to, and the people and systems that answer it.

It has everything that is recorded: automatic steps with effects outside, one that fails at first, human steps in a loop
and sent back, an exchange through outbox and inbox, a wait, a race with a time-out, things side by side.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel
from sqlalchemy import Connection, func, select, text

from perintis import Agency, Case, Pilot, Retry, SentBack, Sla, all_of, any_of, exchange_step, human_step, step
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import run_cases
from perintis.doors.store.answering import complete_work, send_back_work
from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow, EventRow, WorkRow
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.workrows import WorkRecord, read_work
from perintis.engine.agreed import Agreed
from perintis.engine.definition import Definition
from perintis.engine.steps import Message
from perintis.rules.agreement import read_agreement
from perintis.words.counted import Counted
from perintis.words.errors import NotAllowed
from perintis.words.recorded import Process

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TICK = timedelta(seconds=30)
MOST_ROUNDS = 40
OFFICE = Agency("office", "Office")
TAX = Agency("tax", "Tax office")


# -- the agencies' side -----------------------------------------------------------------------------------------------


class Ledger:
    """What really happened at the agencies: a file that outlives every process, one line an effect, on disk at once.

    Like a real system it does under one key one thing, however often it is told.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def effect(self, key: str, what: str, *, fails_first: bool = False) -> None:
        """Do what is asked, unless it was done under this key; with `fails_first` the first call fails."""
        with self._file.open("a+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.seek(0)
            lines = [json.loads(line) for line in stream]
            if any(line["done"] and line["key"] == key for line in lines):
                return
            done = not fails_first or any(line["what"] == what for line in lines)
            stream.write(json.dumps({"key": key, "what": what, "done": done}) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        if not done:
            raise ConnectionError("the line was cut")

    def effects(self) -> list[tuple[str, str]]:
        """(key, what) of everything done, in order."""
        if not self._file.exists():
            return []
        lines = map(json.loads, self._file.read_text().splitlines())
        return [(line["key"], line["what"]) for line in lines if line["done"]]


def same_key(key: str) -> str:
    """The key under which a message is shown to an agency; a mutant shows another one at each attempt."""
    return key


show_key: Callable[[str], str] = same_key
ledger = Ledger(Path("/nonexistent"))


# -- the pilot --------------------------------------------------------------------------------------------------------


class Application(BaseModel):
    reference: str
    office: str = "north"


class Decision(BaseModel):
    outcome: str = "granted"
    rounds: Annotated[int | None, Counted()] = None


class Asked(BaseModel):
    reference: str
    round: int = 1


class Answer(BaseModel):
    ok: bool = True


def odd(reference: str) -> bool:
    """Half of the cases take the longer way."""
    return int(reference.rsplit("-", 1)[1]) % 2 == 1


@step(TAX, within=timedelta(hours=1), cost=2.5)
def register(requests: Sequence[Asked], keys: Sequence[str]) -> list[Answer]:
    """Register."""
    for request, key in zip(requests, keys, strict=True):
        ledger.effect(key, f"register {request.reference}")
    return [Answer() for _ in requests]


@step(TAX, retries=Retry(times=3, first=TICK))
def tell(request: Asked, key: str) -> Answer:
    """Tell."""
    ledger.effect(key, f"tell {request.reference} {request.round}", fails_first=True)
    return Answer()


@step(OFFICE)
def look_up(request: Asked) -> Answer:
    """Look up."""
    return Answer()


@human_step(OFFICE, within=TICK / 2, may_send_back=True)
def check(request: Asked) -> Answer:
    """Check."""


@human_step(OFFICE)
def audit(request: Asked) -> Answer:
    """Audit."""


def send(messages: Sequence[Message]) -> None:
    """The tax office's system takes messages."""
    for message in messages:
        ledger.effect(show_key(message.key), f"pay {json.loads(message.body)['reference']}")


@exchange_step(TAX, within=timedelta(hours=1), send=send)
def pay(request: Asked) -> Answer:
    """Pay."""


async def to_be(case: Case[Application]) -> Decision:
    """Every kind of work there is."""
    await register(case)
    rounds = 1
    while True:
        try:
            if (await check(case, round=rounds)).ok:
                break
        except SentBack:
            await look_up(case)
        rounds += 1
        await tell(case, round=rounds)
    await all_of(pay(case), look_up(case), case.wait(TICK))
    await any_of(audit(case), within=2 * TICK)
    return Decision(rounds=rounds)


STEPS = (register, tell, look_up, check, audit, pay)
PILOT = Pilot(
    name="crash", title="Crash", version="1", lead=OFFICE, agencies=(OFFICE, TAX), application=Application,
    decision=Decision, service_level=Sla(4 * TICK),
)  # fmt: skip
AGREEMENT = read_agreement("""
number: MoU-9
title: Crash
pilot: crash
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: stop
parties: [{code: office, name: Office}, {code: tax, name: Tax office}]
terms:
  - {article: art. 1(1), discloses: office, receives: tax, fields: [reference, round], purpose: p, legal_basis: l}
  - {article: art. 1(2), discloses: tax, receives: office, fields: [ok], purpose: p, legal_basis: l}
""")
DEFINITION = Definition(
    PILOT, {Process.TO_BE: to_be}, {s.name: s for s in STEPS}, agreed=Agreed(PILOT, AGREEMENT)
)  # fmt: skip

EVEN_WORK = {
    "tax.register 1": "completed", "office.check 1": "completed", "tax.pay 1": "completed",
    "office.look_up 1": "completed", "timer 1": "completed", "office.audit 1": "completed", "timer 2": "withdrawn",
}  # fmt: skip
ODD_WORK = {
    "tax.register 1": "completed", "office.check 1": "sent_back", "office.look_up 1": "completed",
    "tax.tell 1": "completed", "office.check 2": "completed", "tax.tell 2": "completed", "office.check 3": "completed",
    "tax.pay 1": "completed", "office.look_up 2": "completed", "timer 1": "completed",
    "office.audit 1": "withdrawn", "timer 2": "completed",
}  # fmt: skip


def expected_effects(reference: str) -> list[str]:
    """What must have happened at the agencies for one case, each exactly once."""
    told = [f"tell {reference} 2", f"tell {reference} 3"] if odd(reference) else []
    return [f"register {reference}", f"pay {reference}", *told]


# -- everybody else ---------------------------------------------------------------------------------------------------


class World:
    """The program, the officers and the agencies' systems, round after round until every case is closed.

    All of it may be stopped anywhere and begun again: what was done is in the store, in files and in the ledger.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        global ledger
        ledger = Ledger(folder / "ledger.jsonl")
        self.database = database
        self._exchange = folder / "exchange"
        self._now = self._latest() or START

    def live(self, references: Sequence[str]) -> None:
        """Do everything until the cases of these applications are closed."""
        new = [
            NewCase(r, "north", {}, Application(reference=r).model_dump_json(), DEFINITION.case_due(self._now))
            for r in references
        ]
        open_cases(self.database, new, pilot="crash", version="1", process="to_be", lead="office", intake=None,
                   now=self._now)  # fmt: skip
        for _ in range(MOST_ROUNDS):
            run_cases(self.database, DEFINITION, Process.TO_BE, FolderConnector(self._exchange), clock=self._clock)
            if not self._open_cases():
                return
            self._officers()
            self._tax_office()
            self._now += TICK
        raise RuntimeError(f"after {MOST_ROUNDS} rounds these cases are not closed: {self._open_cases()}")

    def _clock(self) -> datetime:
        return self._now

    def _latest(self) -> datetime | None:
        with self.database.read() as connection:
            found: datetime | None = connection.execute(select(func.max(EventRow.at))).scalar()
            return found

    def _open_cases(self) -> list[int]:
        with self.database.read() as connection:
            return list(connection.execute(select(CaseRow.id).where(CaseRow.closed.is_(None))).scalars())

    def _open_work(self, kind: str) -> list[tuple[WorkRecord, str]]:
        with self.database.read() as connection:
            work = read_work(connection, WorkRow.status == "open", WorkRow.kind == kind)
            references = {row.id: row.reference for row in connection.execute(select(CaseRow.id, CaseRow.reference))}
        return [(w, references[w.case]) for w in work]

    def _officers(self) -> None:
        for work, reference in self._open_work("human"):
            if work.key.step == "office.audit" and odd(reference):
                continue  # nobody comes to it in time
            if work.key.step == "office.check" and odd(reference) and work.key.visit == 1:
                act: Callable[..., Any] = send_back_work
                what = "a page is missing"
            else:
                act = complete_work
                no = work.key.step == "office.check" and odd(reference) and work.key.visit == 2
                what = Answer(ok=not no).model_dump_json()
            act(self.database, work.id, what, officer="officer", now=self._now)
            try:
                act(self.database, work.id, what, officer="colleague", now=self._now)
            except NotAllowed:
                continue
            raise RuntimeError("two officers answered the same work")

    def _tax_office(self) -> None:
        """Answer what was paid, once or twice, as long as the answer seems not to have arrived."""
        paid = {what.split()[1]: key.split("#")[0] for key, what in ledger.effects() if what.startswith("pay")}
        box = self._exchange / "tax" / "in"
        box.mkdir(parents=True, exist_ok=True)
        for _, reference in self._open_work("exchange"):
            if reference in paid:
                for copy in ("", "-again"):
                    part = box / f"{reference}{copy}.part"
                    part.write_text(json.dumps({"key": paid[reference], "answer": {"ok": True}}))
                    part.rename(box / f"{reference}{copy}.json")


def _undisclosed(connection: Connection) -> list[str]:
    """Events without the disclosures that belong to them, and disclosures without their event.

    What the tax office is asked is shown to it, each time; its answer is shown to the lead.
    """
    recorded = Counter(map(tuple, connection.execute(text("SELECT case_id, seq FROM disclosures"))))
    expected: Counter[tuple[Any, ...]] = Counter()
    for case, seq, name, lifecycle, agency in connection.execute(
        select(EventRow.case_id, EventRow.seq, EventRow.step, EventRow.lifecycle, EventRow.agency)
    ).tuples():
        if agency == "tax" and lifecycle in ("schedule", "ate_abort", "complete"):
            both = lifecycle == "complete" and name != "tax.pay"
            expected[case, seq] += 2 if both else 1
    wrong = {key for key in recorded.keys() | expected.keys() if recorded[key] != expected[key]}
    return [f"event {seq} of case {case} has {recorded[case, seq]} disclosures" for case, seq in sorted(wrong)]


# -- the checker ------------------------------------------------------------------------------------------------------


def faults(database: Database, folder: Path, references: Sequence[str]) -> list[str]:
    """What is wrong with these cases after the dust has settled; empty when every promise was kept.

    Whether all of the store fits together is another question, for `verify_store`.
    """
    found = []
    with database.read() as connection:
        rows = connection.execute(select(CaseRow.__table__).where(CaseRow.reference.in_(references)))
        cases = {row.reference: row for row in rows}
        work: dict[int, dict[str, str]] = {}
        for record in read_work(connection, WorkRow.case_id.in_([case.id for case in cases.values()])):
            work.setdefault(record.case, {})[f"{record.key.step} {record.key.visit}"] = record.status.value
        found += _undisclosed(connection)
    effects = Counter(what for _, what in Ledger(folder / "ledger.jsonl").effects())
    for reference in references:
        case = cases.get(reference)
        if case is None or case.status != "closed" or case.outcome != "granted":
            found.append(f"{reference}: the case is not closed as it should be")
            continue
        if work[case.id] != (ODD_WORK if odd(reference) else EVEN_WORK):
            found.append(f"{reference}: its work is {work[case.id]}")
        found += [
            f"{reference}: {what!r} happened {effects[what]} times"
            for what in expected_effects(reference)
            if effects[what] != 1
        ]
    known = {what for reference in references for what in expected_effects(reference)}
    return found + [f"{what!r} should not have happened" for what in effects if what not in known]
