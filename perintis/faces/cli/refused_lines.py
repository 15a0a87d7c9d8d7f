"""What the screen says of messages of agencies' systems that were refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perintis.doors.refused_messages import Refused
from perintis.faces.cli.screen import count

SHOWN = 5


def refused_lines(refused: Sequence[Refused]) -> Iterator[str]:
    """One line a reason, with a case to look at; who has to do what stands in the last."""
    for one in refused[:SHOWN]:
        case = f" (case {one.reference})" if one.messages == 1 else f" (one is of case {one.reference})"
        where = case if one.reference else ""
        yield f"{count(one.messages, 'message')} of {one.agency}'s system refused: {one.reason}{where}"
    if len(refused) > SHOWN:
        yield f"... and {len(refused) - SHOWN:,} more reasons"
    if refused:
        yield "A message is not kept; where an answer is still wanted, the agency has to send it again, put right."
