"""`perintis case`: one case, what it waits for and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.doors.store.queries import CaseLine, EventLine, WorkLine, find_case, timeline
from perintis.faces.cli.here import Here, Offices, now, step_words
from perintis.faces.cli.screen import print_json, say, table, value_words
from perintis.faces.cli.status_command import case_json
from perintis.faces.moments import due_words, exactly, moment, span_words, zone_name

if TYPE_CHECKING:
    from perintis.doors.store.reading import Reader
    from perintis.doors.vault.reading import Payload


HAPPENED = {
    "schedule": "asked for", "assign": "assigned", "start": "taken", "complete": "done", "ate_abort": "sent back",
    "withdraw": "withdrawn", "breach": "due date passed",
}  # fmt: skip
CASE_HAPPENED = {"start": "opened", "complete": "closed", "withdraw": "ended", "breach": "promised time passed"}


def command(
    case: Annotated[str, typer.Argument(help="The reference or the number of the case.")],
    personal: Annotated[bool, typer.Option("--personal", help="Show the personal data of the case too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show one case: what it waits for and what happened to it."""
    here = Here()
    at, offices = now(), here.offices()
    with here.reader() as reader:
        found = find_case(reader, case)
        events = timeline(reader, found.case)
        private = _payload(here, reader, found.case) if personal else None
    if as_json:
        shown = {} if private is None else dict(zip(("application", "decision", "note"), private, strict=True))
        print_json({**case_json(found, at), **shown, "events": [event._asdict() for event in events]})
        return
    for line in _head(found, offices, at):
        say(line)
    say()
    zone = offices.zone(found.pilot)
    say(table(("When", "What", "By", ""), [_event(e, offices, found.pilot) for e in events]))
    if private is not None:
        say()
        for line in _private(*private):
            say(line)
    say()
    say(f"Times are {zone_name(zone, at)}.{'' if personal else ' --personal shows the application too.'}")


def _payload(here: Here, reader: Reader, case: int) -> Payload:
    from perintis.doors.vault.reading import payload  # late: lists need no cryptography
    from perintis.doors.vault.sources import key_source

    return payload(reader, case, key_source(here.settings))


def _head(case: CaseLine, offices: Offices, at: datetime) -> Iterator[str]:
    office = f", office {case.office}" if case.office else ""
    process = "" if case.process == "to_be" else ", as-is process"
    yield f"Case {case.reference} of {case.pilot}{process}{office} (number {case.case})"
    zone = offices.zone(case.pilot)
    if case.closed is not None:
        took = span_words((case.closed - case.opened).total_seconds() / 60)
        yield f"Opened {exactly(case.opened, zone)}, closed {exactly(case.closed, zone)} after {took}: {case.outcome}."
        return
    promised = f", {due_words(case.due, at, offices.calendar(case.pilot))}" if case.due else ""
    yield f"Opened {exactly(case.opened, zone)}{promised}."
    yield from next_words(case, offices, at)


def next_words(case: CaseLine, offices: Offices, at: datetime) -> list[str]:
    """What happens to a case next: a sentence, or one with a line for each of several waits."""
    if case.closed is not None:
        return [f"The case is closed: {case.outcome}."]
    if case.problem:
        faults = [f"  {step_words(w.step)} failed: {w.error}" for w in case.work if w.error]
        return [f"The case has stopped: {case.problem.rstrip('.')}.", *faults]
    waits = [_wait(work, offices, at) for work in sorted(case.work, key=lambda w: w.kind == "timer")]
    if case.status == "ready" or not waits:
        also = [f"  it also waits for {_wait(w, offices, at)}" for w in case.work if w.kind != "timer"]
        return [f"The case is ready to move on: `perintis run {case.pilot}` does it.", *also]
    if len(waits) == 1:
        return [f"The case now waits for {waits[0]}."]
    return ["The case now waits for", *(f"  {wait}" for wait in waits)]


def _wait(work: WorkLine, offices: Offices, at: datetime) -> str:
    calendar = offices.calendar(work.pilot, work.agency)
    if work.kind == "timer":
        return f"a date, {moment(work.due, at, offices.zone(work.pilot))}" if work.due else "a date"
    due = f", {due_words(work.due, at, calendar)}" if work.due else ""
    told = f"{offices.agency_name(work.pilot, work.agency)} ({step_words(work.step)}, work {work.work}"
    if work.status == "in_doubt":
        return f"{told}, in doubt: `perintis resolve {work.work}`)"
    if work.status == "retrying":
        return f"{told}), which failed and is tried again: {work.error}"
    taken = f", taken by {work.officer}" if work.officer else ""
    return f"{told}{taken}){due}"


def _event(event: EventLine, offices: Offices, pilot: str) -> Sequence[object]:
    words = CASE_HAPPENED if event.step == "case" else HAPPENED
    visit = f" (visit {event.visit})" if event.visit > 1 else ""
    name = "case" if event.step == "case" else "wait for a date" if event.step == "timer" else step_words(event.step)
    happened = "failed" if event.error else words.get(event.lifecycle, event.lifecycle)
    what = f"{name}{visit} {happened}"
    by = event.officer or ("" if event.agency in ("", "calendar") else event.agency)
    if event.officer and event.agency:
        by = f"{event.officer}, {event.agency}"
    return exactly(event.at, offices.zone(pilot)), what, by, event.outcome or event.error


def _private(application: dict[str, Any], decision: dict[str, Any] | None, note: str | None) -> Iterator[str]:
    for title, fields in (("Application", application), ("Decision", decision or {})):
        if fields:
            yield f"{title} (personal data)"
            width = max(len(name) for name in fields)
            yield from (f"  {name:<{width}}  {value_words(v)}" for name, v in fields.items())
    if note:
        yield f"Reason with which it ended: {note}"
