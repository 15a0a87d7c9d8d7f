"""From when until when an agreement holds: whether a case may be opened today, and what is about to end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from perintis.rules.agreement.model import Agreement, OpenCases

NOTICE = timedelta(days=30)
"""How long before its end an agreement is warned of: time to sign the next one."""


def why_no_new_case(agreement: Agreement, on: date) -> str | None:
    """Why no case may be opened on that day, or None. The day is the lead's."""
    period = f"agreement {agreement.citation} is in force from {agreement.valid_from} until {agreement.until}"
    if on < agreement.valid_from:
        return f"{period}, and today is {on}: no case may be opened before it is in force"
    if on > agreement.until:
        return f"{period}, and today is {on}: no case may be opened any more; sign the next version"
    return None


def why_trial_only(agreement: Agreement) -> str | None:
    """Why no real person may be entered, whatever the day, or None where the agreement has been signed."""
    if agreement.status == "signed":
        return None
    return f"agreement {agreement.citation} is a draft and not signed: enter made-up persons only, until it is"


def warnings(agreement: Agreement, on: date) -> Iterator[str]:
    """What of the agreement has ended, is not yet in force or ends within the notice, one sentence each."""
    name = f"agreement {agreement.citation}"
    if on < agreement.valid_from:
        yield f"{name} is not in force before {agreement.valid_from}; no case can be opened"
    elif on > agreement.until:
        yield f"{name} ended on {agreement.until}; no case can be opened, {_open_cases(agreement)}"
    elif agreement.until - on < NOTICE:
        left = _left(agreement.until - on)
        yield f"{name} ends on {agreement.until}, {left}; then no case can be opened, {_open_cases(agreement)}"
    for term in agreement.terms:
        if term.until < agreement.until and on <= term.until < on + NOTICE:
            yield f"{term.article} of {name} ends on {term.until}, {_left(term.until - on)}"


def _open_cases(agreement: Agreement) -> str:
    if agreement.open_cases is OpenCases.FINISH:
        return "and cases opened before may finish"
    return "and nothing more is disclosed of those that are open"


def _left(left: timedelta) -> str:
    if not left.days:
        return "today"
    return f"in {left.days} day{'' if left.days == 1 else 's'}"
