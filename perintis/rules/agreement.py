"""The agreement between the agencies (`agreement.yaml`): who may show which fields to whom, for what, until when.

The lead holds the applications. What a step of another agency takes, the lead discloses to it; what that step
answers, the agency discloses to the lead. A field that no term lists for that pair on that day may not be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from perintis.rules.problem import Problem
from perintis.rules.yaml_text import read_yaml

_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

MARKS = frozenset({"simulated"})
"""Fields that say how an answer came about and nothing of a person; they need no term."""


class Term(BaseModel):
    """One disclosure that was agreed: `discloses` may show `fields` to `receives`, from and until a day, both included.

    In the file the days are called `from` and `until`.
    """

    model_config = _STRICT

    article: _Text
    discloses: _Text
    receives: _Text
    fields: tuple[_Text, ...] = Field(min_length=1)
    purpose: _Text
    legal_basis: _Text
    valid_from: date = Field(alias="from")
    until: date
    retention: _Text | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the term is in force on that day."""
        return self.valid_from <= day <= self.until

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.until < self.valid_from:
            raise ValueError(f"{self.article} ends before it begins")
        if self.discloses == self.receives:
            raise ValueError(f"{self.article}: an agency needs no agreement with itself")
        if len(set(self.fields)) < len(self.fields):
            raise ValueError(f"{self.article} lists a field twice")
        return self


class Agreement(BaseModel):
    """A memorandum of understanding as dated terms. `status` says whether it has been signed."""

    model_config = _STRICT

    name: _Text
    title: _Text
    pilot: _Text
    status: Literal["draft", "signed"]
    parties: tuple[_Text, ...] = Field(min_length=2)
    terms: tuple[Term, ...]

    @model_validator(mode="after")
    def _among_the_parties(self) -> Self:
        for term in self.terms:
            for agency in (term.discloses, term.receives):
                if agency not in self.parties:
                    raise ValueError(f"{term.article} names {agency}, which is not among the parties")
        return self

    def between(self, discloses: str, receives: str) -> tuple[Term, ...]:
        """The terms on what one agency may show another."""
        return tuple(t for t in self.terms if t.discloses == discloses and t.receives == receives)


def read_agreement(text: str, where: str = "agreement.yaml") -> Agreement:
    """The agreement written in a YAML text; raises BadInput, naming file and entry."""
    return read_yaml(text, Agreement, where)


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

    Without a day `on`, a term counts whenever it is in force.
    """
    if agency == lead:
        return []
    refused = [*_refusals(agreement, lead, agency, shown, on), *_refusals(agreement, agency, lead, answered, on)]
    return [Problem(f"step {step}", message) for message in refused]


def _refusals(
    agreement: Agreement, discloses: str, receives: str, fields: Sequence[str], on: date | None
) -> Iterator[str]:
    terms = agreement.between(discloses, receives)
    for field in fields:
        listing = [t for t in terms if field in t.fields]
        if field in MARKS or any(on is None or t.holds_on(on) for t in listing):
            continue
        refused = f"{receives} may not be shown {field!r} by {discloses}: agreement {agreement.name}"
        if listing:
            periods = " and ".join(f"{t.article} from {t.valid_from} until {t.until}" for t in listing)
            yield f"{refused} allows it by {periods} only"
        elif terms:
            articles = "; ".join(f"{t.article} lists {', '.join(t.fields)}" for t in terms)
            yield f"{refused} {articles}"
        else:
            yield f"{refused} has no term on what {discloses} may show {receives}"
