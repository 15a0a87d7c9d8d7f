"""`perintis export`: a data set as a file that other tools open; without personal data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, print_json, say
from perintis.words.errors import NotAllowed


def command(
    data: Annotated[str, typer.Argument(help="What to export: as in `perintis compare --help`.")],
    file: Annotated[Path, typer.Argument(help="Where to: .csv, .parquet or .xes.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write cases and steps to a file, without personal data.

    The format follows from the ending of FILE.
    """
    from perintis.doors.exporters import export
    from perintis.use.datasets import Shelves

    here = Here()
    with here.database() as database:
        shelves = Shelves(database, here.settings.home, {p.name: p for p in here.pilots()})
        found = shelves.find(data, now=now())
    if found.data.standard is not None:
        raise NotAllowed(f"{data} is a service standard: it has promises and no cases to export")
    cases = export(found.data, file)
    if as_json:
        print_json({"file": file, "cases": cases, "steps": found.data.steps.height, "simulated": found.data.simulated})
        return
    mark = " REHEARSAL: simulated, made-up cases." if found.data.simulated else ""
    say(f"{count(cases, 'case')} with {count(found.data.steps.height, 'step')} written to {file}.{mark}")
