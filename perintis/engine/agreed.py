"""Holds every request before it leaves the lead, and every answer before it is taken in, against the agreement.

The rule is `perintis.rules.agreement`; here it is asked with the agreement in force and the day by the lead's clock,
once a step and day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from perintis.engine.steps import Step
from perintis.rules.agreement import (
    Agreement,
    Disclosure,
    Refusal,
    answered_fields,
    may_disclose,
    shown_fields,
    why_no_new_case,
    why_trial_only,
)
from perintis.words.errors import NotAgreed, NotAllowed
from perintis.words.pilot import Pilot
from perintis.words.recorded import WorkKind

Disclosures = tuple[Disclosure, ...]


class Exchange(NamedTuple):
    """What one step discloses: to the agency that is asked, and by its answer to the lead."""

    shown: Disclosures
    answered: Disclosures


NOTHING = Exchange((), ())
"""What a step of the lead itself discloses, and a wait."""


class Agreed:
    """What the agreement of a pilot allows. Without an agreement nothing may leave the lead."""

    def __init__(self, pilot: Pilot[Any], agreement: Agreement | None) -> None:
        self.agreement = agreement
        self._pilot = pilot
        self._lead = pilot.lead.code
        self._zone = ZoneInfo(pilot.lead.calendar.timezone)
        self._decided: dict[tuple[str, date, date | None], Exchange | str] = {}
        self._latest: tuple[datetime | None, date] = (None, date.min)

    def day(self, at: datetime) -> date:
        """The day by the lead's clock."""
        known, day = self._latest
        if known is not at:  # the same instant is asked about for every case of a batch
            day = at.astimezone(self._zone).date()
            self._latest = (at, day)
        return day

    def ask(self, step: Step[Any], at: datetime, opened: datetime) -> Exchange:
        """What asking for this step now discloses, with its answer, for a case opened then.

        Raises NotAgreed where the request, or an answer of such a kind, is not allowed: then it must not be asked.
        """
        agency = step.agency.code
        if agency == self._lead or step.kind is WorkKind.TIMER:
            return NOTHING
        day, began = self.day(at), None
        if self.agreement is not None and day > self.agreement.until:
            began = opened.astimezone(self._zone).date()
        key = (step.name, day, began)
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._decide(step, day, began)
        if isinstance(found, str):
            raise NotAgreed(found)
        return found

    def answer(self, step: Step[Any], at: datetime, opened: datetime) -> Disclosures:
        """What the answer to this step, given now, discloses to the lead; raises NotAgreed where it may not."""
        return self.ask(step, at, opened).answered

    def openings(self, at: datetime) -> list[datetime]:
        """Instants of which each stands for all cases that are treated alike now: opened now, or since a term began."""
        began = {term.valid_from for term in self.agreement.terms} if self.agreement is not None else set()
        return [at, *(datetime.combine(day, time(), self._zone) for day in sorted(began))]

    def check_opening(self, at: datetime) -> None:
        """Raise NotAllowed where no case may be opened now, because the agreement is not in force."""
        if self.agreement is not None and (reason := why_no_new_case(self.agreement, self.day(at))):
            raise NotAllowed(reason)

    def why_trial_only(self) -> str | None:
        """Why only made-up persons may be entered, or None where the agreement has been signed or there is none."""
        return None if self.agreement is None else why_trial_only(self.agreement)

    def check_there(self, steps: Iterable[Step[Any]]) -> None:
        """Raise NotAllowed where there is no agreement and one of `steps` is another agency's."""
        if self.agreement is None:
            other = next((step for step in steps if not self._is_inside(step)), None)
            if other is not None:
                raise NotAllowed(
                    f"pilots/{self._pilot.module}/agreement.yaml is missing, so nothing may be disclosed to "
                    f"{other.agency} by {other.name}; write the agreement first (docs/how-to/add-a-pilot.md shows one)"
                )

    def _is_inside(self, step: Step[Any]) -> bool:
        return step.agency.code == self._lead or step.kind is WorkKind.TIMER

    def _decide(self, step: Step[Any], day: date, opened: date | None) -> Exchange | str:
        """The exchange, or why it is refused: the request first, then the answer."""
        lead, agency = self._lead, step.agency.code
        if self.agreement is None:
            return f"{lead} may disclose nothing to {agency}: pilots/{self._pilot.module}/agreement.yaml is missing"
        shown = may_disclose(
            self.agreement, discloses=lead, receives=agency, fields=shown_fields(step.input_model), on=day,
            opened=opened,
        )  # fmt: skip
        answered = may_disclose(
            self.agreement, discloses=agency, receives=lead, fields=answered_fields(step.output_type), on=day,
            opened=opened,
        )  # fmt: skip
        if isinstance(shown, Refusal):
            return str(shown)
        return str(answered) if isinstance(answered, Refusal) else Exchange(shown, answered)
