"""May this agency show these fields to that one on this day? One rule, for the check before a run and for the run.

Silence is a no: a field may be disclosed only by a term that lists it, for that pair of agencies, on that day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from perintis.rules.agreement.model import MARKS, Agreement, OpenCases
from perintis.rules.agreement.parts import Term
from perintis.rules.problem import Problem

_POSITIVE_63_BITS = 2**63 - 1


@dataclass(frozen=True)
class Disclosure:
    """A transfer that was agreed: the fields by name, who shows them to whom, and the term that allows it."""

    agreement: str
    version: int
    fields: tuple[str, ...]
    term: Term

    @cached_property
    def id(self) -> int:
        """A number that follows from everything the disclosure says, so that the same one always has the same."""
        text = json.dumps([self.agreement, self.version, self.fields, self.term.model_dump(mode="json")])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) & _POSITIVE_63_BITS

    def __hash__(self) -> int:
        return self.id


@dataclass(frozen=True)
class Refusal:
    """A transfer that the agreement does not allow: the fields, and the sentence that says why of the first of them."""

    fields: tuple[str, ...]
    sentence: str

    def __str__(self) -> str:
        others = f" (nor {', '.join(self.fields[1:])})" if len(self.fields) > 1 else ""
        return f"{self.sentence}{others}"


Decision = tuple[Disclosure, ...] | Refusal


def may_disclose(
    agreement: Agreement,
    *,
    discloses: str,
    receives: str,
    fields: Sequence[str],
    on: date | None,
    opened: date | None = None,
) -> Decision:
    """The disclosures by which all `fields` may be shown, one a term; or the refusal, if any of them may not.

    `on` is the day by the lead's clock; without one, a term counts whenever it is in force. `opened` is the day on
    which the case was opened: it matters after the agreement's last day, if open cases may finish.
    """
    by_term: dict[str, tuple[Term, list[str]]] = {}
    refused = []
    terms = agreement.between(discloses, receives)
    for field in fields:
        if field in MARKS:
            continue
        term = next((t for t in terms if field in t.fields and holds_for(agreement, t, on, opened)), None)
        if term is None:
            refused.append(field)
        else:
            by_term.setdefault(term.article, (term, []))[1].append(field)
    if refused:
        return Refusal(tuple(refused), _sentence(agreement, discloses, receives, refused[0], terms))
    return tuple(
        Disclosure(agreement.number, agreement.version, tuple(shown), term) for term, shown in by_term.values()
    )


def holds_for(agreement: Agreement, term: Term, on: date | None, opened: date | None) -> bool:
    """Whether a term is in force on a day for a case opened on another.

    A term that ran to the agreement's last day goes on for cases opened before, where open cases may finish. One that
    ended earlier has ended for all.
    """
    if on is None or term.holds_on(on):
        return True
    ran_to_the_end = agreement.open_cases is OpenCases.FINISH and term.until == agreement.until
    return ran_to_the_end and on > term.until and opened is not None and term.holds_on(opened)


def _sentence(agreement: Agreement, discloses: str, receives: str, field: str, terms: Sequence[Term]) -> str:
    refused = f"{discloses} may not disclose {field!r} to {receives}: agreement {agreement.citation}"
    if listing := [term for term in terms if field in term.fields]:
        periods = " and ".join(f"{t.article} from {t.valid_from} until {t.until}" for t in listing)
        return f"{refused} allows it by {periods} only"
    if terms:
        articles = "; ".join(f"{t.article} lists {', '.join(t.fields)}" for t in terms)
        return f"{refused} {articles}"
    return f"{refused} has no term on what {discloses} may disclose to {receives}"


def check_step(
    agreement: Agreement,
    *,
    step: str,
    lead: str,
    agency: str,
    shown: Sequence[str],
    answered: Sequence[str] = (),
    on: date | None = None,
) -> list[Problem]:
    """Hold one step against the agreement: the fields that `agency` is shown, and those it answers to the lead.

    One problem a field. Without a day `on`, a term counts whenever it is in force.
    """
    if agency == lead:
        return []
    ways = (*((lead, agency, field) for field in shown), *((agency, lead, field) for field in answered))
    return [Problem(f"step {step}", sentence) for way in ways for sentence in _refused(agreement, *way, on)]


def _refused(agreement: Agreement, discloses: str, receives: str, field: str, on: date | None) -> Iterator[str]:
    decided = may_disclose(agreement, discloses=discloses, receives=receives, fields=(field,), on=on)
    if isinstance(decided, Refusal):
        yield decided.sentence
