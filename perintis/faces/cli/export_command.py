"""`perintis export`: a data set as a file that other tools open; without personal data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, print_json, say
from perintis.words.errors import NotAllowed

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.use.datasets import Found


def command(
    data: Annotated[str, typer.Argument(help="What to export: as in `perintis compare --help`.")],
    file: Annotated[Path, typer.Argument(help="Where to: .csv, .parquet or .xes.")],
    agency: Annotated[str | None, typer.Option("--for", help="Which agency it is for; else the lead.")] = None,
    purpose: Annotated[str, typer.Option(help="What it is for: each purpose has pseudonyms of its own.")] = "export",
    identifiable: Annotated[
        bool, typer.Option("--identifiable", help="References and officers instead of pseudonyms; recorded.")
    ] = False,
    officer: Annotated[str | None, typer.Option(help="With --identifiable: who does it; recorded.")] = None,
    reason: Annotated[str | None, typer.Option(help="With --identifiable: why; recorded.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write cases and steps to a file, without personal data.

    Cases and officers, those of an imported baseline too, have pseudonyms, others for each agency and purpose. What
    was made up for a rehearsal stays as it is. The format follows from the ending of FILE.
    """
    from perintis.doors.exporters import export
    from perintis.use.datasets import Shelves

    here = Here()
    with here.database() as database:
        shelves = Shelves(database, here.settings.home, {p.name: p for p in here.pilots()})
        found = shelves.find(data, now=now())
        if found.data.standard is not None:
            raise NotAllowed(f"{data} is a service standard: it has promises and no cases to export")
        if not found.data.simulated:
            lead = here.pilot(found.pilot).lead.code
            if identifiable and agency not in (None, lead):
                raise NotAllowed(f"identities stay with {lead}: for {agency} leave --identifiable out")
            if identifiable:
                _record(database, found.pilot, officer, reason)
            else:
                found = _renamed(database, found, agency or lead, purpose)
    cases = export(found.data, file)
    if as_json:
        print_json({"file": file, "cases": cases, "steps": found.data.steps.height, "simulated": found.data.simulated})
        return
    mark = " REHEARSAL: simulated, made-up cases." if found.data.simulated else ""
    say(f"{count(cases, 'case')} with {count(found.data.steps.height, 'step')} written to {file}.{mark}")


def _renamed(database: Database, found: Found, agency: str, purpose: str) -> Found:
    from perintis.doors.vault.exporting import pseudonymous

    return replace(found, data=pseudonymous(database, found.data, agency, purpose))


def _record(database: Database, pilot: str, officer: str | None, reason: str | None) -> None:
    """Note who exports identities, and why, before it is done."""
    from perintis.doors.vault.acts import checked, note_act
    from perintis.doors.vault.anchors import anchor
    from perintis.doors.vault.files_given import EXPORT

    who, why = checked(officer or "", reason or "")
    with database.write() as connection:
        note_act(connection, EXPORT, officer=who, reason=why, now=now(), pilot=pilot)
    anchor(database, now())
