"""`perintis inbox`: what waits for one agency; and taking in messages that its system sent as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.doors.refused_messages import refused_messages
from perintis.doors.store.queries import WorkLine, count_inbox, inbox, names_used
from perintis.faces.cli.here import Here, Offices, now, step_words
from perintis.faces.cli.refused_lines import refused_lines
from perintis.faces.cli.screen import count, note, print_json, say, table
from perintis.faces.cli.status_command import work_json
from perintis.faces.moments import due_words, moment, zone_name
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    from perintis.doors.store.inbox import Absorbed, Arrival
    from perintis.doors.store.reading import Reader

EVERYTHING = 1_000_000
LONGEST_MESSAGE = 1_000_000
LOOKING_BACK = timedelta(days=7)
"""How long the inbox tells of messages that were refused."""


def command(
    agency: Annotated[str, typer.Argument(help="The agency's code, for instance kemenkes.")],
    receive: Annotated[Path | None, typer.Option(help="Take in messages of its system: JSON lines.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many items to list (JSON: all).")] = 25,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what waits for an agency, what is due first on top.

    A file for --receive has one message a line: {"message": "their number", "key": "as in the request",
    "answer": {...}}.
    """
    here = Here()
    if receive is not None:
        _receive(here, agency, receive, as_json=as_json)
        return
    at, offices = now(), here.offices()
    with here.reader() as reader:
        check_agency(reader, offices, agency)
        items = inbox(reader, agency, EVERYTHING if as_json else limit)
        total = count_inbox(reader, agency)
        refused = [] if as_json else refused_messages(reader, at - LOOKING_BACK, agency)
    if as_json:
        print_json([{**work_json(w, at), "case": w.case, "reference": w.reference, "pilot": w.pilot,
                     "office": w.office} for w in items])  # fmt: skip
        return
    if items:
        _print(items, total, agency, offices, at)
    else:
        say(f"Nothing waits for {agency}.")
    if refused:
        say("\nIn the last week:")
    for line in refused_lines(refused):
        say(line)


def check_agency(reader: Reader, offices: Offices, agency: str) -> None:
    """A slip in the name must not look like an empty inbox."""
    known = {a.code for p in offices.pilots.values() for a in p.agencies} | set(names_used(reader, "agency"))
    if agency not in known:
        raise NotFound(f"there is no agency {agency!r}; there is {', '.join(sorted(known)) or 'none'}")


def _print(items: Sequence[WorkLine], total: int, agency: str, offices: Offices, at: datetime) -> None:
    name = offices.agency_name(items[0].pilot, agency)
    say(f"{name}: {count(total, 'work item')} {'waits' if total == 1 else 'wait'}.")
    say()
    by_hand = any(w.kind == "human" for w in items)
    say(table(("Work", "Case", "What", "Since", "Due", "Taken by"), [_line(w, offices, at) for w in items], right=(0,)))
    say()
    zone = zone_name(offices.zone(items[0].pilot), at)
    more = f"{total - len(items):,} more not shown (--limit). " if total > len(items) else ""
    first = next((w.work for w in items if w.kind == "human"), items[0].work)
    what = f"`perintis answer {first}` answers the first." if by_hand else "They are answered by the agency's system."
    say(f"{more}Times are {zone}. {what}")


def _line(work: WorkLine, offices: Offices, at: datetime) -> tuple[object, ...]:
    calendar = offices.calendar(work.pilot, work.agency)
    what = step_words(work.step) + (f" (visit {work.visit})" if work.visit > 1 else "")
    who = {"in_doubt": "in doubt", "failed": "failed"}.get(work.status, work.officer or "")
    if work.kind == "exchange" and not who:
        who = "(system)"
    since = moment(work.ready, at, offices.zone(work.pilot))
    return work.work, work.reference, what, since, due_words(work.due, at, calendar), who


def _receive(here: Here, agency: str, file: Path, *, as_json: bool) -> None:
    from perintis.doors.store.inbox import absorb, receive

    with here.reader() as reader:
        check_agency(reader, here.offices(), agency)
    arrivals, unreadable = _read(file, agency)
    at, answered, refused, reasons = now(), 0, 0, dict[str, int]()
    with here.database() as database:
        new = receive(database, arrivals, at)
        for pilot in here.pilots():
            if agency in {a.code for a in pilot.agencies}:
                definition = here.definition(pilot.name)
                report: Absorbed = absorb(database, pilot.name, definition.steps, at, agreed=definition.agreed)
                answered, refused = answered + report.answered, refused + report.refused
                for reason, number in report.reasons.items():
                    reasons[reason] = reasons.get(reason, 0) + number
    for line, reason in unreadable:
        note(f"line {line}: {reason}")
    counts = {"received": len(arrivals), "new": new, "answered": answered, "refused": refused, "reasons": reasons,
              "unreadable": len(unreadable)}  # fmt: skip
    if as_json:
        print_json(counts)
        return
    say(f"{count(len(arrivals), 'message')}, {new:,} of them new: {answered:,} answered a case, {refused:,} refused.")
    for reason, number in reasons.items():
        say(f"  {number:,} refused: {reason}")
    if answered:
        say("`perintis run PILOT` moves their cases on.")


def _read(file: Path, agency: str) -> tuple[list[Arrival], list[tuple[int, str]]]:
    """The messages of a file, and the lines that are none."""
    from perintis.doors.store.inbox import Arrival

    arrivals, unreadable = [], []
    for line, document in _documents(file):
        try:
            arrivals.append(
                Arrival(agency, str(document["message"]), str(document["key"]), json.dumps(document["answer"]))
            )
        except (KeyError, TypeError):
            unreadable.append((line, 'is no message: write {"message": "...", "key": "...", "answer": {...}}'))
    if not arrivals:
        raise BadInput(
            f'{file.name} has no message in it; a line is {{"message": "...", "key": "...", "answer": {{...}}}}'
        )
    return arrivals, unreadable


def _documents(file: Path) -> Iterator[tuple[int, Any]]:
    try:
        with file.open(encoding="utf-8-sig") as stream:
            for line, text in enumerate(stream, start=1):
                if text.strip():
                    try:
                        yield line, json.loads(text)
                    except ValueError:
                        yield line, None
    except UnicodeDecodeError:
        raise BadInput(f"{file.name} is not in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read ({error.strerror})") from None
