"""Cases held against a service standard, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from perintis.faces.cli.screen import paragraph, table

if TYPE_CHECKING:
    from perintis.rules.promises import Kept, PromisesHeld


def promise_lines(held: PromisesHeld) -> Iterator[str]:
    """Words first, then the promises, then what to mind."""
    if held.simulated:
        yield paragraph(f"REHEARSAL: {held.data} is simulated, with made-up cases.")
        yield ""
    yield paragraph(f"{held.data} held against {held.standard}: {held.title} ({held.source}).")
    yield ""
    yield from (paragraph(_sentence(kept), hanging="  ") for kept in held.kept)
    told = [kept for kept in held.kept if kept.reason is None]
    if told:
        yield ""
        rows = [
            (kept.what, kept.promised, f"{kept.within:,}", f"{kept.late:,}", f"{kept.not_yet:,}", _share(kept.share))
            for kept in told
        ]
        yield table(("Promise", "Within", "Kept", "Late", "Not yet", "Share kept"), rows, right=(2, 3, 4, 5))
    yield ""
    yield "Read with care:"
    yield from (paragraph(f"- {text}", hanging="  ") for text in (f"{held.claim}.", *held.warnings))


def _sentence(kept: Kept) -> str:
    what = kept.what[:1].upper() + kept.what[1:] if kept.step is None else kept.what
    if kept.reason is not None:
        return f"{what}, promised within {kept.promised}: cannot be told, for {kept.reason}."
    if kept.share is None:
        return f"{what}, promised within {kept.promised}: the promised time is not over for any of {kept.not_yet:,}."
    asked = "" if kept.promised_share is None else f"; promised for {kept.promised_share:.0%}"
    return (
        f"{what}, promised within {kept.promised}: {kept.within:,} of {kept.within + kept.late:,} kept"
        f" ({_share(kept.share)}{asked})."
    )


def _share(share: float | None) -> str:
    return "" if share is None else f"{share * 100:.1f} %"
