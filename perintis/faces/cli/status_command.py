"""`perintis status`: where the cases are, with whom, since when, due when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.doors.store.queries import (
    CaseLine,
    Filters,
    StatusCount,
    StepLine,
    WorkLine,
    count_cases,
    count_listed,
    list_cases,
    names_used,
    paused_pilots,
    waiting_by_step,
)
from perintis.faces.cli.agreement_lines import note_agreement
from perintis.faces.cli.here import Here, Offices, now, step_words
from perintis.faces.cli.run_lines import course_sentence
from perintis.faces.cli.screen import count, print_json, say, table
from perintis.faces.moments import due_words, moment, zone_name
from perintis.words.errors import NotFound

if TYPE_CHECKING:
    from perintis.doors.store.reading import Reader

EVERYTHING = 1_000_000


def command(
    pilot: Annotated[str | None, typer.Argument(help="Only this pilot.")] = None,
    agency: Annotated[str | None, typer.Option(help="Only cases that wait for this agency.")] = None,
    office: Annotated[str | None, typer.Option(help="Only cases of this office.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only cases past a due date.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Closed cases, the latest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many cases to list (JSON: all).")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where the cases are, with whom, since when and due when."""
    here = Here()
    filters = Filters(pilot=pilot, agency=agency, office=office, overdue=overdue, closed=closed)
    at, offices = now(), here.offices()
    with here.reader() as reader:
        counts = count_cases(reader, pilot)
        _check_names(reader, filters, offices, counts)
        cases = list_cases(reader, filters, at, EVERYTHING if as_json else limit)
        if as_json:
            print_json([case_json(case, at) for case in cases])
            return
        steps = [] if closed else waiting_by_step(reader, filters, at)
        total = count_listed(reader, filters, at)
        courses = [course_sentence(here, reader, name) for name in sorted({c.pilot for c in counts})]
        paused = [name for name in paused_pilots(reader) if pilot in (None, name)]
    if not counts:
        say("There are no cases yet. `perintis run PILOT FILE` opens some, `perintis demo` shows how it looks.")
        return
    _print(counts, steps, cases, total, filters, offices, at)
    for sentence in filter(None, courses):
        say(sentence)
    for name in paused:
        say(f"{name} opens no new cases: the harm monitor tripped; `perintis harm {name}` says more.")
    for name in sorted({c.pilot for c in counts} & offices.pilots.keys()):
        note_agreement(here, offices.pilots[name])


def _check_names(reader: Reader, filters: Filters, offices: Offices, counts: Sequence[StatusCount]) -> None:
    """A slip in a name must not look like an empty list."""
    known = {*offices.pilots, *(c.pilot for c in counts)}
    if filters.pilot is not None and filters.pilot not in known:
        raise NotFound(f"there is no pilot {filters.pilot!r}; there is {', '.join(sorted(known)) or 'none'}")
    agencies = {a.code for p in offices.pilots.values() for a in p.agencies}
    if filters.agency is not None and filters.agency not in agencies | set(names_used(reader, "agency")):
        raise NotFound(f"there is no agency {filters.agency!r}; there is {', '.join(sorted(agencies)) or 'none'}")
    if filters.office is not None and filters.office not in (names := names_used(reader, "office", filters.pilot)):
        raise NotFound(f"no case belongs to an office {filters.office!r}; there is {', '.join(names) or 'none'}")


def case_json(case: CaseLine, at: datetime) -> dict[str, Any]:
    """One case for programs; keys as in docs/reference/commands.md."""
    return {
        "case": case.case, "reference": case.reference, "pilot": case.pilot, "process": case.process,
        "office": case.office, "status": case.status, "opened": case.opened, "closed": case.closed, "due": case.due,
        "overdue": _is_late(case, at), "outcome": case.outcome, "problem": case.problem,
        "waiting_for": [work_json(work, at) for work in case.work],
    }  # fmt: skip


def work_json(work: WorkLine, at: datetime) -> dict[str, Any]:
    """One unfinished activity for programs."""
    return {
        "work": work.work, "step": work.step, "visit": work.visit, "kind": work.kind, "agency": work.agency,
        "status": work.status, "since": work.ready, "due": work.due, "overdue": _is_past(work, at),
        "taken_by": work.officer, "error": work.error,
    }  # fmt: skip


def _is_past(work: WorkLine, at: datetime) -> bool:
    return work.due is not None and work.due < at and work.kind != "timer"


def _is_late(case: CaseLine, at: datetime) -> bool:
    due = case.closed is None and case.due is not None and case.due < at
    return due or any(_is_past(work, at) for work in case.work)


def _print(
    counts: Sequence[StatusCount], steps: Sequence[StepLine], cases: Sequence[CaseLine], total: int, filters: Filters,
    offices: Offices, at: datetime,
) -> None:  # fmt: skip
    for line in _totals(counts):
        say(line)
    if steps:
        say()
        say(_step_table(steps, offices, at))
    say()
    if not cases:
        say(_none_words(filters))
        return
    several = len({c.pilot for c in counts}) > 1
    say(_closed_table(cases, offices, at, several) if filters.closed else _open_table(cases, offices, at, several))
    say()
    zone = zone_name(offices.zone(filters.pilot), at)
    more = f"{total - len(cases):,} more not shown (--limit). " if total > len(cases) else ""
    say(f"{more}Times are {zone}. `perintis case REFERENCE` shows one case.")


def _none_words(filters: Filters) -> str:
    kind = "closed case" if filters.closed else "open case"
    more = f" waits for {filters.agency}" if filters.agency else " is past a due date" if filters.overdue else ""
    return f"No {kind}{f' of office {filters.office}' if filters.office else ''}{more}."


def _totals(counts: Sequence[StatusCount]) -> Iterable[str]:
    for pilot in sorted({c.pilot for c in counts}):
        mine = [c for c in counts if c.pilot == pilot]
        still = sum(c.cases for c in mine if c.status != "closed")
        standing = [f"{c.cases:,} {c.status}" for c in mine if c.status != "closed"]
        ended = [f"{c.cases:,} {c.outcome}" for c in mine if c.status == "closed"]
        closed = sum(c.cases for c in mine if c.status == "closed")
        text = f"{pilot}: {count(still, 'open case')}"
        text += f" ({', '.join(standing)})" if standing else ""
        text += f", {closed:,} closed ({', '.join(ended)})" if ended else ""
        yield text


def _step_table(steps: Sequence[StepLine], offices: Offices, at: datetime) -> str:
    rows = [
        (
            step_words(s.step) if s.agency != "calendar" else "waiting for a date",
            s.agency if s.agency != "calendar" else "",
            f"{s.open:,}",
            moment(s.oldest, at, offices.zone(s.pilot)),
            f"{s.overdue:,}" if s.overdue else "",
        )
        for s in steps
    ]
    return table(("Step", "With", "Open", "Oldest since", "Overdue"), rows, right=(2, 4))


def _open_table(cases: Sequence[CaseLine], offices: Offices, at: datetime, several: bool) -> str:
    rows = []
    for case in cases:
        where, agencies, since, due = _whereabouts(case, offices, at)
        rows.append((case.reference, *((case.pilot,) if several else ()), where, agencies, since, due))
    return table(("Case", *(("Pilot",) if several else ()), "Where", "With", "Since", "Due"), rows)


def _whereabouts(case: CaseLine, offices: Offices, at: datetime) -> tuple[str, str, str, str]:
    """Where a case is, with whom, since when and due when, by its most urgent work."""
    zone = offices.zone(case.pilot)
    if case.status in ("failed", "diverged"):
        return f"stopped ({case.status})", case.pilot, "", "see `perintis case`"
    real = [w for w in case.work if w.kind != "timer"]
    if not real:
        timers = [w for w in case.work if w.due is not None]
        since = moment(case.work[0].ready if case.work else case.opened, at, zone)
        if case.status == "ready" or not timers:
            return "ready to move on", "", since, ""
        return "waiting for a date", "", since, f"on {moment(min(w.due for w in timers if w.due), at, zone)}"
    first = real[0]
    agencies = list(dict.fromkeys(w.agency for w in real))
    again = " (failed, tried again)" if first.status == "retrying" else ""
    where = step_words(first.step) + again + (f" +{len(real) - 1}" if len(real) > 1 else "")
    due = due_words(first.due or case.due, at, offices.calendar(case.pilot, first.agency if first.due else None))
    return where, ", ".join(agencies), moment(min(w.ready for w in real), at, zone), due


def _closed_table(cases: Sequence[CaseLine], offices: Offices, at: datetime, several: bool) -> str:
    rows = [
        (
            case.reference, *((case.pilot,) if several else ()), case.outcome,
            moment(case.opened, at, offices.zone(case.pilot)),
            moment(case.closed, at, offices.zone(case.pilot)) if case.closed else "",
            "after the due date" if case.due and case.closed and case.closed > case.due else "",
        )
        for case in cases
    ]  # fmt: skip
    return table(("Case", *(("Pilot",) if several else ()), "Outcome", "Opened", "Closed", ""), rows)
