"""`perintis subject`: what is recorded of one person, and what the person may ask to be done with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli import subject_registry
from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import confirm, count, print_json, say, table, value_words
from perintis.faces.moments import exactly
from perintis.words.errors import BadInput, NotAllowed, NotFound

if TYPE_CHECKING:
    from perintis.doors.registry.persons import FoundPerson
    from perintis.doors.store.database import Database
    from perintis.doors.vault.subjects import Found

app = typer.Typer(help="What is recorded of one person, and what may be done with it.", no_args_is_help=True, **PLAIN)

Pilot = Annotated[str, typer.Argument(help="The pilot.")]
Case = Annotated[
    str | None,
    typer.Option("--case", help="One case, by reference or number. Else an identity number or a name is asked for."),
]
Person = Annotated[str | None, typer.Option("--person", help="One person of the pilot's registry, by id.")]
Officer = Annotated[str, typer.Option(help="Who does it; recorded.")]
Reason = Annotated[str, typer.Option(help="Why, without personal data in it; recorded.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def find(pilot: Pilot, as_json: AsJson = False) -> None:
    """Find the cases and the registry's persons with exactly this identity number, passport number or name.

    It is asked for, or read from standard input, and never given on the command line, which others can see.
    """
    here = Here()
    with here.database() as database:
        found, persons = _by_person(here, database, pilot)
    if as_json:
        print_json([*map(_line, found), *map(subject_registry.line, persons)])
        return
    if found:
        say(table(("Number", "Reference", "Status", "Named in", ""), [_row(f) for f in found]))
    if persons:
        say(table(("Person", "Records", "Named in", ""), [subject_registry.row(f) for f in persons]))


@app.command()
def trace(
    pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, person: Person = None, as_json: AsJson = False
) -> None:
    """Show everything recorded of a person, with what was done with it. That it was shown is recorded too."""
    from perintis.doors.store.workrows import hold_case
    from perintis.doors.vault.acts import Act, checked, record_act
    from perintis.doors.vault.anchors import anchor
    from perintis.doors.vault.files_given import exports_with_identities, files_given
    from perintis.doors.vault.subjects import trace_case

    officer, reason = checked(officer, reason)
    here = Here()
    traced = []
    with here.database() as database:
        cases, persons = _chosen(here, database, pilot, case, person)
        for found in cases:
            with database.write() as connection:
                record_act(
                    connection, hold_case(connection, found.case), Act.TRACE, officer=officer, reason=reason, now=now()
                )
                files = files_given(connection, pilot, [found.reference])
                exports = exports_with_identities(connection, pilot, found.opened)
                given = {"files": files, "exports": exports}
                traced.append({**_line(found), **trace_case(connection, found.case), **given})
        in_registry = subject_registry.traced(here, database, pilot, persons, officer, reason)
        anchor(database, now())
    if as_json:
        print_json([*traced, *in_registry])
        return
    zone = here.offices().zone(pilot)
    for one in traced:
        for line in _told(one, zone):
            say(line)
    for one in in_registry:
        for line in subject_registry.trace_lines(one, zone):
            say(line)


@app.command()
def erase(
    pilot: Pilot,
    officer: Officer,
    reason: Reason,
    case: Case = None,
    person: Person = None,
    force_withdraw: Annotated[
        bool, typer.Option("--force-withdraw", help="Withdraw cases that are still open first.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Destroy a person's data in cases and in the registry for good. Times and codes stay, and so does their proof.

    Cases of deliveries in which officers compared a record of the person are erased with the person.
    """
    from perintis.doors.registry.erasing import check_erasable
    from perintis.doors.vault.acts import checked
    from perintis.doors.vault.anchors import anchor
    from perintis.doors.vault.erasing import erase as erase_cases

    officer, reason = checked(officer, reason)
    here = Here()
    with here.database() as database:
        found, persons = _chosen(here, database, pilot, case, person)
        for one in persons:
            check_erasable(one)
        what = ", ".join([*(f.reference for f in found), *(f.person for f in persons)])
        confirm(f"The personal data of {_counted(found, persons)} ({what}) are destroyed for good. Go on?", yes=yes)
        _erase_persons(here, database, pilot, persons, officer, reason)
        with Meter("Erasing", "cases") as meter:
            erase_cases(
                database, [f.case for f in found], here.settings.exchange_folder, officer=officer, reason=reason,
                now=now(), force_withdraw=force_withdraw, progress=meter,
            )  # fmt: skip
        anchor(database, now())
    told = f"The personal data of {_counted(found, persons)} are destroyed."
    _tell(found, persons, "erased", told, as_json=as_json)


def _erase_persons(
    here: Here, database: Database, pilot: str, persons: Sequence[FoundPerson], officer: str, reason: str
) -> None:  # fmt: skip
    from perintis.doors.registry.erasing import erase_person

    if persons:
        with subject_registry.registry_of(here, database, pilot) as registry:
            for one in persons:
                erase_person(registry, one, officer=officer, reason=reason, now=now())


@app.command()
def restrict(
    pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, person: Person = None, as_json: AsJson = False
) -> None:
    """Stop the processing of a person's cases: nothing goes on with them, and no list shows them."""
    _each(pilot, case, person, officer, reason, "restrict", "restricted", as_json=as_json)


@app.command()
def lift(
    pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, person: Person = None, as_json: AsJson = False
) -> None:
    """End a restriction; open cases go on where they stood."""
    _each(pilot, case, person, officer, reason, "lift", "no longer restricted", as_json=as_json)


@app.command()
def hold(
    pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, person: Person = None, as_json: AsJson = False
) -> None:
    """Put a person's cases under legal hold: they cannot be erased."""
    _each(pilot, case, person, officer, reason, "hold", "under legal hold", as_json=as_json)


@app.command()
def release(
    pilot: Pilot, officer: Officer, reason: Reason, case: Case = None, person: Person = None, as_json: AsJson = False
) -> None:
    """End a legal hold."""
    _each(pilot, case, person, officer, reason, "release", "no longer under legal hold", as_json=as_json)


def _each(
    pilot: str, case: str | None, person: str | None, officer: str, reason: str, act: str, state: str, *, as_json: bool
) -> None:  # fmt: skip
    """Do one act to all chosen cases and persons in one transaction: to all of them, or to none."""
    from perintis.doors.registry.persons import mark, note
    from perintis.doors.vault import acts
    from perintis.doors.vault.anchors import anchor

    officer, reason = acts.checked(officer, reason)
    here = Here()
    do: Callable[..., None] = getattr(acts, act)
    with here.database() as database:
        found, persons = _chosen(here, database, pilot, case, person)
        with database.write() as connection:
            for one in sorted(found, key=lambda f: f.case):
                do(connection, one.case, officer=officer, reason=reason, now=now())
            for who in persons:
                mark(connection, pilot, who.person, acts.Act(act), now=now())
            for who in persons:  # last, for whoever notes an act waits for others who do
                note(connection, pilot, who.person, acts.Act(act), officer=officer, reason=reason, now=now())
        anchor(database, now())
    verb = "is" if len(found) + len(persons) == 1 else "are"
    _tell(found, persons, state, f"{_counted(found, persons)} {verb} {state}.", as_json=as_json)


def _chosen(
    here: Here, database: Database, pilot: str, case: str | None, person: str | None
) -> tuple[list[Found], list[FoundPerson]]:  # fmt: skip
    """What an act is about: one case by its reference, one person by id, or all that name a person."""
    from perintis.doors.vault.subjects import find_reference

    here.pilot(pilot)
    if case is not None and person is not None:
        raise BadInput("--case and --person exclude one another; give one")
    if person is not None:
        return [], subject_registry.by_id(here, database, pilot, person)
    if case is not None:
        return [find_reference(database, pilot, case)], []
    return _by_person(here, database, pilot)


def _by_person(here: Here, database: Database, pilot: str) -> tuple[list[Found], list[FoundPerson]]:
    from perintis.doors.vault.subjects import find_person, personal_fields

    asked = here.pilot(pilot)
    value = _ask_person()
    found: list[Found] = []
    if personal_fields(asked.application) or not subject_registry.keeps_registry(here, pilot):
        with Meter("Looking through applications", "cases") as meter:
            found = find_person(database, asked, value, progress=meter)
    persons = subject_registry.by_value(here, database, pilot, value)
    if not found and not persons:
        where = "application or registry" if subject_registry.keeps_registry(here, pilot) else "application"
        raise NotFound(f"no {where} of {pilot} names this person; what was erased cannot be found any more")
    return found, persons


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


def _counted(found: Sequence[Found], persons: Sequence[FoundPerson]) -> str:
    in_registry = count(len(persons), "person", "persons") + " of the registry"
    if not persons:
        return count(len(found), "case")
    return f"{count(len(found), 'case')} and {in_registry}" if found else in_registry


def _tell(
    found: Sequence[Found], persons: Sequence[FoundPerson], state: str, sentence: str, *, as_json: bool
) -> None:  # fmt: skip
    if as_json:
        cases = [{"case": f.case, "reference": f.reference, "state": state} for f in found]
        print_json([*cases, *({"person": f.person, "state": state} for f in persons)])
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
    yield from subject_registry.file_lines(one["files"], zone)
    for export in one["exports"]:
        told = f"exported with its reference and officers by {export['officer']}, because: {export['reason']}"
        yield f"  {exactly(export['at'], zone)}: {told}"
    yield "  What was done:"
    for event in one["events"]:
        by = event["officer"] or event["agency"]
        why = f", because: {event['reason']}" if event["reason"] else ""
        yield f"    {exactly(event['at'], zone)}  {event['step']} {event['lifecycle']}{f' by {by}' if by else ''}{why}"
    yield ""
