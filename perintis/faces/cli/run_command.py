"""`perintis run`: takes applications in and moves every open case as far as it can go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.agreement_lines import note_agreement
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.run_lines import interrupted_sentence
from perintis.faces.cli.screen import count, joined, note, print_json, say
from perintis.words.errors import BadInput, NotAllowed

if TYPE_CHECKING:
    from perintis.doors.intake_files import IntakeReport
    from perintis.doors.store.database import Database
    from perintis.engine.definition import Definition

SHOWN = 10
MOST_LISTED = 1_000


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot to run.")],
    file: Annotated[Path | None, typer.Argument(help="Applications: .csv, .xlsx or .jsonl, one a row.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Open no case if any row is bad.")] = False,
    without_prefect: Annotated[
        bool, typer.Option("--without-prefect", help="Do the steps in this process, without a Prefect flow run.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take applications in and move every open case on.

    FILE is taken in as one intake; then every open case is moved as far as it can go. Without FILE
    only that. The same file again opens nothing twice.
    """
    here = Here()
    definition = here.definition(pilot)
    taken = None
    if sentence := interrupted_sentence(here, pilot):
        note(sentence)
    if file is not None:
        with here.database() as database:
            taken = take_file(database, definition, file, strict=strict)
        _warn_of_draft(definition)
        rejected_file = _note_rejected(taken, file)
        if taken.intake is None:
            _refuse(taken, file, rejected_file, as_json=as_json)
        if not as_json:
            _say_taken(taken)
    began = now()
    counts = move(here, definition, taken, without_prefect=without_prefect, quiet=as_json)
    if counts.get("answers_refused"):
        _note_refused(here, began)
    note_agreement(here, definition.pilot)
    if as_json:
        print_json({"pilot": pilot, **counts, **_taken_json(taken, rejected_file if file else None)})
        return
    say_moved(here, pilot, counts)


def _note_refused(here: Here, since: datetime) -> None:
    from perintis.doors.refused_messages import refused_messages
    from perintis.faces.cli.refused_lines import refused_lines

    with here.reader() as reader:
        for line in refused_lines(refused_messages(reader, since)):
            note(line)


def _warn_of_draft(definition: Definition) -> None:
    if definition.agreed is not None and (reason := definition.agreed.why_trial_only()):
        note(f"Note: {reason}.")


def take_file(database: Database, definition: Definition, file: Path, *, strict: bool) -> IntakeReport:
    """Open a case for each application in a file."""
    from perintis.doors.intake_files import take_in
    from perintis.faces.cli.meter import Meter

    with Meter(f"Reading {file.name}", "rows") as meter:
        return take_in(database, definition, file, strict=strict, now=now(), progress=meter)


def move(
    here: Here, definition: Definition, taken: IntakeReport | None, *, without_prefect: bool, quiet: bool
) -> Mapping[str, Any]:
    """Run the flow, through Prefect or in this process; returns the counts of the run."""
    from perintis.faces.cli import moving

    if without_prefect:
        return moving.move_here(here, definition, opened=taken.opened if taken else 0)
    return moving.move_through_prefect(here, definition.pilot.name, intake=taken.intake if taken else None, quiet=quiet)


def _note_rejected(taken: IntakeReport, file: Path) -> Path | None:
    from perintis.doors.intake_files import write_rejected

    for row, field, reason in taken.rejected[:SHOWN]:
        note(f"line {row}: {field + ' ' if field else ''}{reason}")
    try:
        target = write_rejected(taken, file)
    except NotAllowed as error:  # the good rows are in; they shall not wait for a folder that may be written
        note(f"{error}; to have all reasons, copy the file to another folder and run it again: no case opens twice")
        return None
    if target is not None:
        more = len(taken.rejected) - SHOWN
        note(f"{f'... and {more:,} more. ' if more > 0 else ''}All reasons are in {target}")
    return target


def _refuse(taken: IntakeReport, file: Path, rejected_file: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"opened": 0, "already_open": 0, **_taken_json(taken, rejected_file)})
    rows = count(taken.rejected_rows, "bad row")
    raise BadInput(f"{file.name} has {rows} and --strict was given: no case was opened; put them right and try again")


def _say_taken(taken: IntakeReport) -> None:
    parts = [f"{count(taken.opened, 'case')} opened"]
    if taken.already_open:
        parts.append(f"{taken.already_open:,} already open")
    if taken.rejected:
        parts.append(f"{count(taken.rejected_rows, 'row')} rejected")
    say(f"Intake {taken.intake}: {', '.join(parts)}.")


def _taken_json(taken: IntakeReport | None, rejected_file: Path | None) -> dict[str, Any]:
    if taken is None:
        return {"intake": None, "opened": 0, "already_open": 0, "rejected": 0, "rejects": [], "rejected_file": None}
    return {
        "intake": taken.intake, "opened": taken.opened, "already_open": taken.already_open,
        "rejected": taken.rejected_rows, "rejects": [r._asdict() for r in taken.rejected[:MOST_LISTED]],
        "rejected_file": rejected_file,
    }  # fmt: skip


def say_moved(here: Here, pilot: str, counts: Mapping[str, Any]) -> None:
    """What a run did, who has to act next, and what is wrong."""
    parts = [f"{count(counts['advanced'], 'case')} moved on" if counts["advanced"] else "no case could be moved on"]
    parts += [f"{counts[key]:,} {words}" for key, words in _ENDS if counts.get(key)]
    parts += [f"{count(counts[key], what)} {done}" for key, what, done in _MESSAGES if counts.get(key)]
    say(f"Run {counts['run']}: {', '.join(parts)}.")
    if counts.get("failed") or counts.get("diverged"):
        note("Some cases have stopped: `perintis status` shows which, `perintis case REFERENCE` says why.")
    if counts.get("down"):
        note(f"Not reached: {joined(list(counts['down']))}. Their cases stay ready; run the command again later.")
    agencies = waiting_agencies(here, pilot)
    if agencies:
        say(f"Waiting for people: {joined([f'{name} ({number:,})' for name, number in agencies.items()])}.")
        say(f"`perintis inbox {next(iter(agencies))}` lists what to do there; `perintis status {pilot}` shows all.")


_ENDS = (
    ("closed", "closed"), ("waiting", "waiting"), ("left_ready", "left ready"), ("failed", "failed"),
    ("diverged", "set aside"),
)  # fmt: skip
_MESSAGES = (
    ("sent", "request", "sent"), ("answers", "answer", "taken in"), ("answers_refused", "answer", "refused"),
    ("breaches", "due date", "passed"),
)  # fmt: skip


def waiting_agencies(here: Here, pilot: str) -> dict[str, int]:
    """How many work items wait in each agency's inbox, most first."""
    from perintis.doors.store.queries import Filters, waiting_by_step

    found: dict[str, int] = {}
    with here.reader() as reader:
        for step in waiting_by_step(reader, Filters(pilot=pilot), now(), people=True):
            found[step.agency] = found.get(step.agency, 0) + step.open
    return dict(sorted(found.items(), key=lambda entry: -entry[1]))
