"""`perintis resolve`: an officer found out whether an agency got a request that was in doubt."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say


class Found(StrEnum):
    """What was found out."""

    SENT = "sent"
    UNSENT = "unsent"


def command(
    work: Annotated[int, typer.Argument(help="The number of the work item.")],
    found: Annotated[Found, typer.Argument(help="sent: the agency has the request. unsent: it has not.")],
    officer: Annotated[str | None, typer.Option(help="Who found out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether an agency got a request that is in doubt.

    If not, it is sent again; if so, its answer is waited for.
    """
    from perintis.doors.asked import find_item
    from perintis.doors.store.ending import resolve_doubt

    with Here().database() as database:
        find_item(database, work)
        resolve_doubt(database, work, sent=found is Found.SENT, officer=officer, now=now())
    if as_json:
        print_json({"work": work, "found": found})
        return
    what = "its answer is waited for" if found is Found.SENT else "`perintis run PILOT` sends it again"
    say(f"Work item {work} is no longer in doubt: {what}.")
