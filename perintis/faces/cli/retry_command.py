"""`perintis retry`: takes up a case again that has stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from perintis.faces.cli.ending import find_open
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say
from perintis.words.recorded import Process


def command(
    case: Annotated[str, typer.Argument(help="The reference or the number of the case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take up a case again that has stopped.

    One that failed or diverged; with the code as it is now. Then it is moved on.
    """
    from perintis.doors.store.ending import retry_case
    from perintis.doors.store.queries import find_case
    from perintis.faces.cli.case_command import next_words
    from perintis.faces.cli.moving import move_one
    from perintis.faces.cli.status_command import case_json

    here = Here()
    found = find_open(here, case)
    definition = here.definition(found.pilot)
    with here.database() as database:
        retry_case(database, found.case, now=now())
        move_one(here, database, definition, found.case, Process(found.process))
    at = now()
    with here.reader() as reader:
        found = find_case(reader, str(found.case), by_number=True)
    if as_json:
        print_json(case_json(found, at))
        return
    for line in next_words(found, here.offices(), at):
        say(line)
