"""What withdrawing and cancelling a case have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.doors.store.queries import find_case
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import confirm, count, print_json, say
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.recorded import Outcome

if TYPE_CHECKING:
    from perintis.doors.store.queries import CaseLine


def find_open(here: Here, wanted: str) -> CaseLine:
    """An open case by reference or number."""
    with here.reader() as reader:
        case = find_case(reader, wanted)
    if case.closed is not None:
        raise NotAllowed(f"case {case.reference} is closed ({case.outcome}); nothing was changed")
    return case


def end(wanted: str, outcome: Outcome, reason: str, officer: str | None, *, yes: bool, as_json: bool) -> None:
    """End a case before its decision, after asking."""
    from perintis.doors.store.ending import end_case

    if not reason.strip():
        raise BadInput("say why the case ends; the reason is kept with it")
    here = Here()
    case = find_open(here, wanted)
    open_work = count(len(case.work), "open work item")
    confirm(f"Case {case.reference} is then closed as {outcome.value}, with {open_work} withdrawn. Go on?", yes=yes)
    with here.database() as database:
        end_case(database, case.case, outcome, reason, officer=officer, now=now())
    if as_json:
        print_json(
            {"case": case.case, "reference": case.reference, "outcome": outcome, "work_withdrawn": len(case.work)}
        )
        return
    say(f"Case {case.reference} is closed: {outcome.value}. {open_work[0].upper()}{open_work[1:]} withdrawn.")
