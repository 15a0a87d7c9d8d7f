"""`perintis subject`: what is recorded of one person, and what the person may ask to be done with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import confirm, count, print_json, say, table, value_words
from perintis.faces.moments import exactly
from perintis.words.errors import NotAllowed, NotFound

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.doors.vault.subjects import Found

app = typer.Typer(help="What is recorded of one person, and what may be done with it.", no_args_is_help=True, **PLAIN)

Pilot = Annotated[str, typer.Argument(help="The pilot.")]
Case = Annotated[
    str | None,
    typer.Option("--case", help="One case, by reference or number. Else an identity number or a name is asked for."),
]
Officer = Annotated[str, typer.Option(help="Who does it; recorded.")]
Reason = Annotated[str, typer.Option(help="Why, without personal data in it; recorded.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def find(pilot: Pilot, as_json: AsJson = False) -> None:
    """Find the cases that name a person: exactly this identity number, passport number or name.

    It is asked for, or read from standard input, and never given on the command line, which others can see.
    """
    here = Here()
    with here.database() as database:
        found = _by_person(here, database, pilot)
    if as_json:
        print_json([_line(f) for f in found])
        return
    say(table(("Number", "Reference", "Status", "Named in", ""), [_row(f) for f in found]))


@app.command()
def trace(pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, as_json: AsJson = False) -> None:
    """Show everything recorded of a person, with what was done with it. That it was shown is recorded too."""
    from perintis.doors.store.workrows import hold_case
    from perintis.doors.vault.acts import Act, checked, record_act
    from perintis.doors.vault.subjects import trace_case

    officer, reason = checked(officer, reason)
    here = Here()
    traced = []
    with here.database() as database:
        for found in _chosen(here, database, pilot, case):
            with database.write() as connection:
                record_act(
                    connection, hold_case(connection, found.case), Act.TRACE, officer=officer, reason=reason, now=now()
                )
                traced.append({**_line(found), **trace_case(connection, found.case)})
    if as_json:
        print_json(traced)
        return
    zone = here.offices().zone(pilot)
    for one in traced:
        for line in _told(one, zone):
            say(line)


@app.command()
def erase(
    pilot: Pilot,
    officer: Officer,
    reason: Reason,
    case: Case = None,
    force_withdraw: Annotated[
        bool, typer.Option("--force-withdraw", help="Withdraw cases that are still open first.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the personal data of a person's cases for good. Times and codes stay, and so does the proof of them."""
    from perintis.doors.vault.acts import checked
    from perintis.doors.vault.erasing import erase as erase_cases

    officer, reason = checked(officer, reason)
    here = Here()
    with here.database() as database:
        found = _chosen(here, database, pilot, case)
        what = ", ".join(f.reference for f in found)
        confirm(f"The personal data of {count(len(found), 'case')} ({what}) are destroyed for good. Go on?", yes=yes)
        with Meter("Erasing", "cases") as meter:
            erased = erase_cases(
                database, [f.case for f in found], here.settings.exchange_folder, officer=officer, reason=reason,
                now=now(), force_withdraw=force_withdraw, progress=meter,
            )  # fmt: skip
    _tell(found, "erased", f"The personal data of {count(erased, 'case')} are destroyed.", as_json=as_json)


@app.command()
def restrict(pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, as_json: AsJson = False) -> None:
    """Stop the processing of a person's cases: nothing goes on with them, and no list shows them."""
    _each(pilot, case, officer, reason, "restrict", "restricted", as_json=as_json)


@app.command()
def lift(pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, as_json: AsJson = False) -> None:
    """End a restriction; open cases go on where they stood."""
    _each(pilot, case, officer, reason, "lift", "no longer restricted", as_json=as_json)


@app.command()
def hold(pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, as_json: AsJson = False) -> None:
    """Put a person's cases under legal hold: they cannot be erased."""
    _each(pilot, case, officer, reason, "hold", "under legal hold", as_json=as_json)


@app.command()
def release(pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, as_json: AsJson = False) -> None:
    """End a legal hold."""
    _each(pilot, case, officer, reason, "release", "no longer under legal hold", as_json=as_json)


def _each(pilot: str, case: str | None, officer: str, reason: str, act: str, state: str, *, as_json: bool) -> None:
    """Do one act to all chosen cases in one transaction: to all of them, or to none."""
    from perintis.doors.vault import acts

    officer, reason = acts.checked(officer, reason)
    here = Here()
    do: Callable[..., None] = getattr(acts, act)
    with here.database() as database:
        found = _chosen(here, database, pilot, case)
        with database.write() as connection:
            for one in sorted(found, key=lambda f: f.case):
                do(connection, one.case, officer=officer, reason=reason, now=now())
    verb = "is" if len(found) == 1 else "are"
    _tell(found, state, f"{count(len(found), 'case')} {verb} {state}.", as_json=as_json)


def _chosen(here: Here, database: Database, pilot: str, case: str | None) -> list[Found]:
    """The cases that an act is about: one by its reference, or all that name a person."""
    from perintis.doors.vault.subjects import find_reference

    if case is None:
        return _by_person(here, database, pilot)
    here.pilot(pilot)
    return [find_reference(database, pilot, case)]


def _by_person(here: Here, database: Database, pilot: str) -> list[Found]:
    from perintis.doors.vault.subjects import find_person

    asked = here.pilot(pilot)
    value = _ask_person()
    with Meter("Looking through applications", "cases") as meter:
        found = find_person(database, asked, value, progress=meter)
    if not found:
        raise NotFound(f"no application of {pilot} names this person; what was erased cannot be found any more")
    return found


def _ask_person() -> str:
    """Whom it is about: typed, or read from standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("Identity number, passport number or name", err=True))
    value = sys.stdin.readline().strip()
    if not value:
        raise NotAllowed("whom is it about? give an identity number, a passport number or a name on standard input")
    return value


def _line(found: Found) -> dict[str, Any]:
    return {
        "case": found.case, "reference": found.reference, "status": found.status, "opened": found.opened,
        "closed": found.closed, "named_in": list(found.fields), "restricted": found.restricted, "held": found.held,
        "erased": found.erased,
    }  # fmt: skip


def _row(found: Found) -> Sequence[object]:
    states = {"restricted": found.restricted, "legal hold": found.held, "erased": found.erased}
    marks = [name for name, at in states.items() if at is not None]
    return found.case, found.reference, found.status, ", ".join(found.fields), ", ".join(marks)


def _tell(found: Sequence[Found], state: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json([{"case": f.case, "reference": f.reference, "state": state} for f in found])
        return
    say(sentence)


def _told(one: dict[str, Any], zone: Any) -> Iterator[str]:
    yield f"Case {one['reference']} (number {one['case']}), {one['status']}"
    if one["erased"] is not None:
        yield f"  Personal data erased {exactly(one['erased'], zone)}."
    for title in ("application", "decision"):
        yield from (f"  {title}.{name}: {value_words(value)}" for name, value in (one[title] or {}).items())
    if one["note"]:
        yield f"  reason with which it ended: {one['note']}"
    for answer in one["answers"]:
        told = "" if answer["answer"] is None else f": {json.dumps(answer['answer'], ensure_ascii=False)}"
        yield f"  {answer['agency']} {answer['step']} (visit {answer['visit']}, {answer['status']}){told}"
    for d in one["disclosures"]:
        shown = f"{d['discloses']} showed {d['receives']} {', '.join(d['fields'])}"
        yield f"  {exactly(d['at'], zone)}: {shown} ({d['agreement']} {d['article']})"
    yield "  What was done:"
    for event in one["events"]:
        by = event["officer"] or event["agency"]
        why = f", because: {event['reason']}" if event["reason"] else ""
        yield f"    {exactly(event['at'], zone)}  {event['step']} {event['lifecycle']}{f' by {by}' if by else ''}{why}"
    yield ""
