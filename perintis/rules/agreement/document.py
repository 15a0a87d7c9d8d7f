"""An agreement as a document that one could sign: title, parties, articles in their order, signatures, annex."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from perintis.rules.agreement.model import Agreement, OpenCases
from perintis.rules.agreement.parts import Article, Kept, ServiceLevel, Term, place_of
from perintis.rules.agreement.phrases import BLANK, PHRASES, Phrases
from perintis.rules.agreement.wording import Language

Part = Term | ServiceLevel | Kept


@dataclass(frozen=True)
class Title:
    """Lines in the middle of the page."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two; `**` stands around what is set in bold."""

    text: str


@dataclass(frozen=True)
class Heading:
    """The number of an article and what it is about; or a heading alone."""

    number: str
    text: str


@dataclass(frozen=True)
class Clause:
    """One paragraph of an article or of a list: its label, its text, what it lists, and sentences after the list."""

    label: str
    text: str
    items: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table with its headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Title | Paragraph | Heading | Clause | Table


def lay_out(agreement: Agreement, language: Language) -> list[Block]:
    """The whole document, block by block."""
    writer = _Writer(agreement, PHRASES[language])
    return [*writer.opening(), *writer.articles(), *writer.signatures(), *writer.annex()]


class _Writer:
    """One agreement in the words of one language."""

    def __init__(self, agreement: Agreement, phrases: Phrases) -> None:
        self._agreement = agreement
        self._say = phrases
        self._place = {party.code: place for place, party in enumerate(agreement.parties)}
        self._names = {party.code: party.name.said(phrases.language) for party in agreement.parties}

    def opening(self) -> Iterator[Block]:
        agreement, say = self._agreement, self._say
        title = agreement.title.said(say.language)
        version = (say.version.format(version=agreement.version),) if agreement.version > 1 else ()
        yield Title((say.kind, say.about, title.upper(), say.number.format(number=agreement.number), *version))
        if agreement.status == "draft":
            yield Paragraph(f"**{say.draft}**")
        yield Paragraph(say.preamble.format(day=self._day_of_signing(), blank=BLANK))
        for place, party in enumerate(agreement.parties):
            yield Clause(f"{place + 1}.", self._represented(party.code))
        last = say.party(len(agreement.parties) - 1)
        yield Paragraph(say.together.format(first=say.party(0), last=last))
        if agreement.considering:
            yield Paragraph(say.considering)
            yield from self._listed([words.said(say.language) for words in agreement.considering])
        yield Paragraph(say.agree.format(title=title))

    def _listed(self, texts: Sequence[str]) -> Iterator[Block]:
        for number, text in enumerate(texts, start=1):
            end = "." if number == len(texts) else self._say.last_but_one if number == len(texts) - 1 else ";"
            yield Clause(f"{number}.", f"{text}{end}")

    def _day_of_signing(self) -> str:
        days = {signatory.signed for signatory in self._agreement.signatories}
        only = next(iter(days)) if len(days) == 1 else None
        return BLANK if only is None else self._say.day(only)

    def _represented(self, code: str) -> str:
        signs = next((s for s in self._agreement.signatories if s.party == code), None)
        party = self._agreement.parties[self._place[code]]
        address = f", {party.address.said(self._say.language)}" if party.address else ""
        text = self._say.signs_for.format(
            name=signs.name if signs and signs.name else BLANK,
            office=signs.office.said(self._say.language) if signs else BLANK,
            agency=self._names[code], address=address, party=self._say.party(self._place[code]),
        )  # fmt: skip
        return f"{text}{'.' if self._place[code] == len(self._place) - 1 else ';'}"

    def articles(self) -> Iterator[Block]:
        agreement, say = self._agreement, self._say
        parts: dict[int, dict[int, Part]] = {}
        held: list[Part] = [*agreement.terms, *agreement.service_levels, *agreement.retention]
        for part in held:
            number, paragraph = place_of(part.article)
            parts.setdefault(number, {})[paragraph] = part
        numbers = sorted({*agreement.articles, *parts})
        for number in numbers:
            article = agreement.articles.get(number)
            found = dict(sorted(parts.get(number, {}).items()))
            yield Heading(f"{say.article} {number}", self._heading(article, found))
            yield from self._clauses(article, found)
        if not any(article.holds for article in agreement.articles.values()):
            yield Heading(f"{say.article} {max(numbers, default=0) + 1}", say.duration)
            yield from _numbered(self._duration(), 0)

    def _heading(self, article: Article | None, parts: dict[int, Part]) -> str:
        if article is not None:
            return article.heading.said(self._say.language)
        first = next(iter(parts.values()))
        if isinstance(first, Kept):
            return self._say.keeping
        return self._say.disclosure if isinstance(first, Term) else self._say.service_levels

    def _clauses(self, article: Article | None, parts: dict[int, Part]) -> Iterator[Block]:
        texts = [] if article is None else [text.said(self._say.language) for text in article.text]
        if article is not None and article.holds == "duration":
            texts = [*self._duration(), *texts]
        alone = len(parts) + len(texts) == 1
        for paragraph, part in parts.items():
            label = f"({paragraph})" if paragraph else "" if alone else "(1)"
            yield self._clause(label, part)
        yield from _numbered(texts, max([*parts, *([1] if 0 in parts else [])], default=0), alone=alone)

    def _clause(self, label: str, part: Part) -> Clause:
        if isinstance(part, Term):
            return self._term(label, part)
        return Clause(label, self._kept(part) if isinstance(part, Kept) else self._promise(part))

    def _kept(self, kept: Kept) -> str:
        say = self._say
        text = say.kept if kept.of == "case" else say.kept_extract
        return text.format(purpose=kept.purpose.said(say.language), after=say.length(kept.after))

    def _term(self, label: str, term: Term) -> Clause:
        say, language = self._say, self._say.language
        text = say.discloses.format(
            giver=self._party(term.discloses), giver_name=self._names[term.discloses],
            receiver=self._party(term.receives), receiver_name=self._names[term.receives],
            purpose=term.purpose.said(language),
        )  # fmt: skip
        after = [say.legal_basis.format(text=term.legal_basis.said(language))]
        if term.retention is not None:
            after.append(say.retention.format(text=term.retention.said(language)))
        if (term.valid_from, term.until) != (self._agreement.valid_from, self._agreement.until):
            after.append(say.in_force.format(start=say.day(term.valid_from), end=say.day(term.until)))
        return Clause(label, text, self._fields(term.fields), tuple(after))

    def _fields(self, fields: Sequence[str]) -> tuple[str, ...]:
        names = [self._data(field) + self._mark(field) for field in fields]
        ends = [";"] * len(names)
        ends[-1] = "."
        if len(names) > 1:
            ends[-2] = self._say.last_but_one
        marks = [ascii_lowercase[n] if n < len(ascii_lowercase) else str(n + 1) for n in range(len(names))]
        return tuple(f"{mark}. {name}{end}" for mark, name, end in zip(marks, names, ends, strict=True))

    def _data(self, field: str) -> str:
        item = self._agreement.data.get(field)
        return field if item is None else item.name.said(self._say.language)

    def _mark(self, field: str) -> str:
        """Specific personal data are marked wherever they are disclosed."""
        item = self._agreement.data.get(field)
        return f" [{self._say.kinds['specific']}]" if item is not None and item.kind == "specific" else ""

    def _promise(self, level: ServiceLevel) -> str:
        return self._say.promise.format(
            party=self._party(level.party), name=self._names[level.party],
            promises=level.promises.said(self._say.language), within=self._say.length(level.within),
        )  # fmt: skip

    def _party(self, code: str) -> str:
        return self._say.party(self._place[code])

    def _duration(self) -> list[str]:
        agreement, say = self._agreement, self._say
        texts = [say.from_until.format(start=say.day(agreement.valid_from), end=say.day(agreement.until))]
        texts.append(say.finish if agreement.open_cases is OpenCases.FINISH else say.stop)
        if agreement.replaces is not None:
            texts.append(say.replaces.format(number=agreement.replaces.number, version=agreement.replaces.version))
        return texts

    def signatures(self) -> Iterator[Block]:
        agreement, say = self._agreement, self._say
        yield Paragraph(say.closing.format(copies=say.counted(len(agreement.parties))))
        rows = []
        for party in agreement.parties:
            signs = next((s for s in agreement.signatories if s.party == party.code), None)
            office = signs.office.said(say.language) if signs else BLANK
            name, signed = (signs.name, signs.signed) if signs else (None, None)
            day = say.day(signed) if signed else ""
            rows.append((self._party(party.code), self._names[party.code], office, name or "", day, ""))
        yield Table(say.signature_headings, tuple(rows))

    def annex(self) -> Iterator[Block]:
        agreement, say = self._agreement, self._say
        yield Heading("", say.annex)
        rows = []
        listed = dict.fromkeys(field for term in agreement.terms for field in term.fields)
        for number, field in enumerate(listed, start=1):
            places = say.places([term.article for term in agreement.terms if field in term.fields])
            kind = say.kinds[agreement.data[field].kind] if field in agreement.data else ""
            rows.append((str(number), self._data(field), field, kind, places))
        yield Table(say.annex_headings, tuple(rows))


def _numbered(texts: Sequence[str], after: int, *, alone: bool = False) -> Iterator[Clause]:
    """Sentences as numbered paragraphs, after those that have a number already; one alone has none."""
    for number, text in enumerate(texts, start=after + 1):
        yield Clause("" if alone else f"({number})", text)
