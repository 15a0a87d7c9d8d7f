"""A language of the report: its words, its numbers, and its sentences for the messages of an evaluation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from perintis.faces.report.figures import MINUS, Numbers
from perintis.faces.report.languages.sentences import NUMBER, Sentences, kind

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

    from perintis.rules.evaluation.parts import Message

LOCALES = {"en": "en", "id": "id"}
SOURCE = "en"
AMOUNT = re.compile(rf"({NUMBER})(?: (.+))?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
HYPHEN = re.compile(r"(?<![\w.])-(?=\d)")
JOINTS = ("; ", ": ", ", and ", " and ", " or ", ", ")


@dataclass(frozen=True)
class Language:
    """`words` are those of the page by their English, `sentences` those of messages by their code."""

    code: str
    numbers: Numbers
    words: dict[str, str]
    sentences: Sentences

    def t(self, english: str, **values: object) -> str:
        """A word or sentence of the page with its places filled; English where it is not translated."""
        text = self.words.get(english) or english
        return text.format(**values) if values else text

    def name(self, english: str) -> str:
        """A label that may be translated (a metric, a unit, an outcome); as it is where it is not known."""
        return self._piece(english)

    def say(self, message: Message) -> Markup:
        """A message as a sentence; one that has no translation is marked as English."""
        return self.sentence(message.text, message.code)

    def phrase(self, message: Message) -> Markup:
        """A message within a line: without a capital and a full stop of its own."""
        found = self._translated(message.text, message.code)
        return self._marked(message.text) if found is None else Markup(escape(found))

    def sentence(self, text: str, code: str | None = None) -> Markup:
        """A sentence of the program in this language, with a capital and a full stop."""
        found = self._translated(text, code)
        if found is None:
            return self._marked(finished(text))
        return Markup(escape(finished(found)))

    def _marked(self, text: str) -> Markup:
        return Markup("<span lang=en>{}</span>").format(text) if self.code != SOURCE else Markup(escape(text))

    def _translated(self, text: str, code: str | None = None) -> str | None:
        text = text.strip()
        found = self.sentences.find(text, code)
        if found is None:
            return HYPHEN.sub(MINUS, text) if self.code == SOURCE else self._known(text)
        pattern, places = found
        said = pattern.said.format(**{name: self._place(name, value) for name, value in places.items()})
        return said[:1].lower() + said[1:] if text[:1].islower() else said

    def _place(self, name: str, value: str) -> str:
        bare = value.lstrip("<>")
        if kind(name) == "p" or (kind(name) == "n" and bare != value):
            return value[: len(value) - len(bare)] + localised(bare, self.numbers)
        return self._piece(value)

    def _piece(self, text: str) -> str:
        found = self._known(text)
        return text if found is None else found

    def _known(self, text: str) -> str | None:
        """What stands in a place: a word, an amount, a day, a sentence, or several of them; None if none of these."""
        if self.code == SOURCE:
            return text
        text = text.strip()
        for known in (self._word(text), self._amount(text), self._day(text)):
            if known is not None:
                return known
        several = self._joined(text, JOINTS[:1])  # or the first of them would be taken for all
        if several is not None:
            return several
        return self._translated(text) if self.sentences.find(text) is not None else self._joined(text, JOINTS[1:])

    def _word(self, text: str) -> str | None:
        found = self.words.get(text)
        if found is None and text[:1].isupper():
            found = self.words.get(text[:1].lower() + text[1:])
        elif found is None:
            capital = self.words.get(text[:1].upper() + text[1:])
            found = None if capital is None else capital[:1].lower() + capital[1:]
        return found

    def _amount(self, text: str) -> str | None:
        match = AMOUNT.fullmatch(text)
        if match is None:
            return None
        said = localised(match[1], self.numbers)
        if match[2] is None:
            return said
        unit = self._word(match[2]) or self._word(f"{match[2]}s")
        return None if unit is None else f"{said} {unit}"

    def _day(self, text: str) -> str | None:
        return self.numbers.day(date.fromisoformat(text)) if DAY.fullmatch(text) else None

    def _joined(self, text: str, joints: tuple[str, ...]) -> str | None:
        for joint in joints:
            if joint not in text:
                continue
            known = [self._known(part) for part in text.split(joint)]
            said = [part for part in known if part is not None]
            if len(said) == len(known):
                return (self.words.get(joint) or joint).join(said)
        return None


@cache
def language(code: str) -> Language:
    """The language of that code; a ValueError where there is none."""
    if code not in LOCALES:
        raise ValueError(f"no language {code}; there is {', '.join(LOCALES)}")
    entries = list(catalogue(code))
    words = {str(m.id): str(m.string) for m in entries if m.id and m.string and m.context is None}
    said = [(str(m.context), str(m.id), str(m.string)) for m in entries if m.id and m.string and m.context]
    return Language(code, Numbers(LOCALES[code]), words, Sentences.of(said))


def catalogue(code: str) -> Catalog:
    """The catalogue of that code as Babel reads it."""
    from babel.messages.pofile import read_po

    text = files("perintis.faces.report.languages").joinpath(f"{code}.po").read_bytes()
    return read_po(BytesIO(text), locale=LOCALES[code], abort_invalid=True)


def finished(text: str) -> str:
    """With a capital and a full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?:" else ".")


def localised(text: str, numbers: Numbers) -> str:
    """An English number such as `1,900.5` as the language writes it; `%` stays."""
    digits = text.rstrip("%").rstrip(",.").replace(",", "").replace("\u2212", "-")
    places = len(digits.partition("e")[0].partition(".")[2]) if "e" not in digits else 0
    return numbers.plain(float(digits), places, signed=digits.startswith("+")) + ("%" if text.endswith("%") else "")
