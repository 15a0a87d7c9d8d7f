"""The agreement between the agencies (`agreement.yaml`): who may show which fields to whom, for what, until when.

The lead holds the applications. What a step of another agency takes, the lead discloses to it; what that step
answers, the agency discloses to the lead. A field that no term lists for that pair on that day may not be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from perintis.rules.agreement.parts import (
    Article,
    Item,
    Kept,
    Party,
    Replaced,
    ServiceLevel,
    Signatory,
    Strict,
    Term,
    place_of,
)
from perintis.rules.agreement.wording import Text, Words
from perintis.rules.yaml_text import read_yaml

MARKS = frozenset({"simulated"})
"""Fields that say how an answer came about and nothing of a person; they need no term."""


class OpenCases(StrEnum):
    """What becomes of cases that are open when the agreement ends."""

    FINISH = "finish"  # they go on to their decision under the terms that held to the end
    STOP = "stop"  # nothing more is disclosed of them


class Agreement(Strict):
    """A memorandum of understanding as dated terms.

    `number` and `version` are those by which it is cited; `status` says whether it has been signed. `valid_from` (in
    the file `from`) and `until` are its first and its last day. `articles` are headings and texts by article number.
    """

    number: Text
    version: int = Field(default=1, ge=1)
    title: Words
    pilot: Text
    status: Literal["draft", "signed"]
    replaces: Replaced | None = None
    valid_from: date = Field(alias="from")
    until: date
    open_cases: OpenCases
    parties: tuple[Party, ...] = Field(min_length=2)
    considering: tuple[Words, ...] = ()
    articles: dict[int, Article] = Field(default_factory=dict)
    terms: tuple[Term, ...]
    service_levels: tuple[ServiceLevel, ...] = ()
    retention: tuple[Kept, ...] = ()
    data: dict[str, Item] = Field(default_factory=dict)
    signatories: tuple[Signatory, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _dates_of_the_whole(cls, given: Any) -> Any:
        """A term without days of its own has those of the agreement."""
        if not isinstance(given, Mapping) or not isinstance(given.get("terms"), list):
            return given
        days = {day: given[day] for day in ("from", "until") if day in given}
        return {**given, "terms": [{**days, **t} if isinstance(t, Mapping) else t for t in given["terms"]]}

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.until < self.valid_from:
            raise ValueError("the agreement ends before it begins")
        for fault in (*self._strangers(), *self._dates(), *self._places(), *self._versions(), *self._unnamed()):
            raise ValueError(fault)
        return self

    def _strangers(self) -> Iterator[str]:
        codes = [party.code for party in self.parties]
        yield from (f"{code} is among the parties twice" for code in codes if codes.count(code) > 1)
        named = [(t.article, code) for t in self.terms for code in (t.discloses, t.receives)]
        named += [(level.article, level.party) for level in self.service_levels]
        named += [("signatories", signatory.party) for signatory in self.signatories]
        strange = [(where, code) for where, code in named if code not in codes]
        yield from (f"{where} names {code}, which is not among the parties" for where, code in strange)

    def _dates(self) -> Iterator[str]:
        for term in self.terms:
            if term.valid_from < self.valid_from or term.until > self.until:
                yield f"{term.article} holds on days on which the agreement does not"

    def _places(self) -> Iterator[str]:
        written = [*(term.article for term in self.terms), *(level.article for level in self.service_levels)]
        written += [kept.article for kept in self.retention]
        yield from (f"{article} is written twice" for article in written if written.count(article) > 1)
        for article in written:
            number, paragraph = place_of(article)
            if not paragraph and sum(place_of(other).article == number for other in written) > 1:
                yield f"{article} has paragraphs too; give it a paragraph of its own"
        if any(number < 1 for number in self.articles):
            yield "articles are numbered from 1"
        if sum(a.holds == "duration" for a in self.articles.values()) > 1:
            yield "two articles hold the duration"

    def _versions(self) -> Iterator[str]:
        if self.version > 1 and self.replaces is None:
            yield "a later version says which one it replaces (replaces: {number: ..., version: ...})"
        if self.replaces is not None and (self.replaces.number, self.replaces.version) == (self.number, self.version):
            yield "an agreement cannot replace itself; give it a version of its own"
        unsigned = {p.code for p in self.parties} - {s.party for s in self.signatories if s.signed is not None}
        if self.status == "signed" and unsigned:
            yield f"it is said to be signed, but {sorted(unsigned)[0]} has no signatory with a day"

    def _unnamed(self) -> Iterator[str]:
        if self.data:
            listed = dict.fromkeys(field for term in self.terms for field in term.fields)
            yield from (f"{f} is disclosed, but `data` does not say what it is" for f in listed if f not in self.data)

    @property
    def citation(self) -> str:
        """How a sentence names it: its number, and its version where it is not the first."""
        return self.number if self.version == 1 else f"{self.number} version {self.version}"

    def between(self, discloses: str, receives: str) -> tuple[Term, ...]:
        """The terms on what one agency may show another."""
        return tuple(t for t in self.terms if t.discloses == discloses and t.receives == receives)


def read_agreement(text: str, where: str = "agreement.yaml") -> Agreement:
    """The agreement written in a YAML text; raises BadInput, naming file and entry."""
    return read_yaml(text, Agreement, where)
