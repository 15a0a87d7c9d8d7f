"""`perintis withdraw`: the applicant withdraws a case before its decision."""

from __future__ import annotations

from typing import Annotated

import typer

from perintis.faces.cli.ending import end
from perintis.words.recorded import Outcome


def command(
    case: Annotated[str, typer.Argument(help="The reference or the number of the case.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the case's personal data.")],
    officer: Annotated[str | None, typer.Option(help="Who does it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Close a case because the applicant withdraws it. Its open work is withdrawn."""
    end(case, Outcome.WITHDRAWN, reason, officer, yes=yes, as_json=as_json)
