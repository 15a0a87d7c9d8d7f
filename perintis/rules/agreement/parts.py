"""The parts of an agreement: who takes part, what may be disclosed, what is promised, who signs."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from perintis.rules.agreement.wording import Text, Words, read_length, read_period
from perintis.words.durations import Span

_ARTICLE = re.compile(r"art\. ([1-9]\d*)(?:\(([1-9]\d*)\))?")


class Place(NamedTuple):
    """Where something stands in the document: the article and, in it, the paragraph (0: the article itself)."""

    article: int
    paragraph: int


def place_of(article: str) -> Place:
    """`art. 4(2)` as a place; raises ValueError where it is written otherwise."""
    found = _ARTICLE.fullmatch(article)
    if found is None:
        raise ValueError("write the article as `art. 4`, or with its paragraph as `art. 4(2)`")
    return Place(int(found[1]), int(found[2] or 0))


def _article(text: str) -> str:
    place_of(text)
    return text


def _length(text: str) -> str:
    read_length(text)
    return text


def _period(text: str) -> str:
    read_period(text)
    return text


ArticleName = Annotated[Text, AfterValidator(_article)]
Length = Annotated[Text, AfterValidator(_length)]
Period = Annotated[Text, AfterValidator(_period)]


class Strict(BaseModel):
    """A part of the agreement: a key too many is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Party(Strict):
    """An agency under its full name. `code` is the one by which the pilot and the terms call it."""

    code: Text
    name: Words
    address: Words | None = None


class Item(Strict):
    """What a field holds, for a reader who knows no field names.

    `kind`: personal data, general or specific (UU 27/2022, art. 4), or nothing of a person.
    """

    name: Words
    kind: Literal["general", "specific", "not_personal"] = "general"


class Term(Strict):
    """One disclosure that was agreed: `discloses` may show `fields` to `receives`, from and until a day, both included.

    In the file the days are called `from` and `until`; left out, they are those of the agreement.
    """

    article: ArticleName
    discloses: Text
    receives: Text
    fields: tuple[Text, ...] = Field(min_length=1)
    purpose: Words
    legal_basis: Words
    valid_from: date = Field(alias="from")
    until: date
    retention: Words | None = None

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


class ServiceLevel(Strict):
    """What a party promises, within which time. `step` names the step it is measured at; `case` is the decision."""

    article: ArticleName
    party: Text
    promises: Words
    within: Length
    step: Text | None = None

    @property
    def span(self) -> Span:
        """The promised time."""
        return read_length(self.within)


class Kept(Strict):
    """For which purpose, and how long after a case was closed, the lead keeps what it holds of the person.

    `of: extract` is of the file that an agency delivered to a registry, not of the case itself.
    """

    article: ArticleName
    purpose: Words
    after: Period
    of: Literal["case", "extract"] = "case"


class Article(Strict):
    """An article of the document: its heading, and what it says beyond what terms and service levels say.

    `holds: duration` is the place where from when, until when and what becomes of open cases is printed.
    """

    heading: Words
    text: tuple[Words, ...] = ()
    holds: Literal["duration"] | None = None


class Signatory(Strict):
    """Who signs for a party: the office, its holder where known, and the day; without a day nobody has signed."""

    party: Text
    office: Words
    name: Text | None = None
    signed: date | None = None


class Replaced(Strict):
    """The agreement that this one takes the place of."""

    number: Text
    version: int = Field(ge=1)
