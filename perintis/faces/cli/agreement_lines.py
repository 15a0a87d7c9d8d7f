"""What the screen says of an agreement that has ended, is not in force yet or ends soon."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import note

if TYPE_CHECKING:
    from perintis.words.pilot import Pilot

_DAY = re.compile(r"\b(from|until): *['\"]?(\d{4}-\d{2}-\d{2})")
_AHEAD = timedelta(days=31)


def lead_day(pilot: Pilot[Any]) -> date:
    """Today by the lead's clock."""
    return now().astimezone(ZoneInfo(pilot.lead.calendar.timezone)).date()


def note_agreement(here: Here, pilot: Pilot[Any]) -> None:
    """Say what of a pilot's agreement needs attention; nothing on nearly every day."""
    for sentence in agreement_warnings(here, pilot):
        note(f"Note: {sentence}.")


def agreement_warnings(here: Here, pilot: Pilot[Any]) -> list[str]:
    """The warnings of today, one sentence each; none where there is no agreement.

    Reading an agreement takes longer than the rest of `perintis status`, so its days are looked for in the text first.
    """
    from perintis.doors.pilot_folder import read_terms

    text, today = read_terms(here.settings.pilots, pilot, "agreement.yaml"), lead_day(pilot)
    if text is None or not _may_need_attention(text, today):
        return []
    from perintis.doors.pilot_folder import find_agreement
    from perintis.rules.agreement import warnings

    agreement = find_agreement(here.settings.pilots, pilot)
    return [] if agreement is None else list(warnings(agreement, today))


def _may_need_attention(text: str, today: date) -> bool:
    """Whether a day is written that has begun to matter, or none that could be read."""
    days = _DAY.findall(text)
    soon, now_ = (today + _AHEAD).isoformat(), today.isoformat()
    return not days or any(day < soon if which == "until" else day > now_ for which, day in days)
