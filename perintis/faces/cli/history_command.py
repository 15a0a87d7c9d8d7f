"""`perintis history`: what was planned, tried, found and decided about a pilot, in order of time."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say
from perintis.faces.moments import exactly, zone_name
from perintis.words.errors import NotFound

if TYPE_CHECKING:
    from datetime import tzinfo

    from perintis.use.pilot_history import Moment

INDENT = "  "
WIDTH = 80


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what was planned, tried, found and decided, in order of time."""
    from perintis.use.pilot_history import pilot_history

    here = Here()
    with here.database() as database:
        moments = pilot_history(database, pilot)
    offices = here.offices()
    if not moments and offices.pilots and pilot not in offices.pilots:
        raise NotFound(f"there is no pilot {pilot!r}; there is {', '.join(sorted(offices.pilots))}")
    if as_json:
        print_json([{"at": m.at, "kind": m.kind, "title": m.title, "text": m.text, "facts": m.facts} for m in moments])
        return
    if not moments:
        say(f"Nothing happened to {pilot} yet. `perintis plan register {pilot}` comes first.")
        return
    zone = offices.zone(pilot)
    for moment in moments:
        for line in _lines(moment, zone):
            say(line)
    say(f"Times are {zone_name(zone, now())}.")


def _lines(moment: Moment, zone: tzinfo | None) -> Iterator[str]:
    yield f"{exactly(moment.at, zone)}  {moment.title}"
    room = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH) if sys.stdout.isatty() else WIDTH
    yield from textwrap.wrap(moment.text, room, initial_indent=INDENT, subsequent_indent=INDENT,
                             break_on_hyphens=False)  # fmt: skip
