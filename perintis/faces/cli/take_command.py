"""`perintis take`: an officer takes a work item, so that others see it is in hand."""

from __future__ import annotations

from typing import Annotated

import typer

from perintis.faces.cli.answer_command import may_be_answered
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say


def command(
    work: Annotated[int, typer.Argument(help="The number of the work item.")],
    officer: Annotated[str, typer.Option(help="Who takes it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say that an officer has a work item in hand.

    Saying it again is harmless; taking another officer's is refused.
    """
    from perintis.doors.asked import find_item
    from perintis.doors.store.answering import start_work

    here = Here()
    with here.database() as database:
        item, pilot, _ = find_item(database, work)
        may_be_answered(here, item, pilot)
        record = start_work(database, work, officer=officer, now=now())
    if as_json:
        print_json({"work": record.id, "step": record.key.step, "status": record.status, "taken_by": record.officer,
                    "started": record.started})  # fmt: skip
        return
    say(f"Work item {work} ({record.key.step}) is taken by {officer}. `perintis answer {work}` answers it.")
