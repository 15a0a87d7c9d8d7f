"""Places and reference codes: text in its standard form, and codes by a lookup table, never by likeness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from perintis.rules.linkage.names import plain
from perintis.rules.linkage.reading import EMPTY, Reading, given

_ABBREVIATIONS = {
    "jl": "jalan",
    "jln": "jalan",
    "gg": "gang",
    "kab": "kabupaten",
    "kec": "kecamatan",
    "kel": "kelurahan",
    "prov": "provinsi",
    "propinsi": "provinsi",
    "ds": "desa",
    "no": "nomor",
    "st": "street",
    "rd": "road",
    "ave": "avenue",
}


def standard_text(text: str | None) -> Reading[str]:
    """Plain words parted by one space: no case, accents or punctuation."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    words = re.findall(r"\w+", plain(written).replace("'", ""))
    return Reading(" ".join(words)) if words else Reading(None, "has neither letters nor digits")


def standard_address(text: str | None) -> Reading[str]:
    """A part of an address in plain words, with usual abbreviations (Jl., Kec.) written out."""
    plain_words = standard_text(text)
    if plain_words.value is None:
        return plain_words
    return Reading(" ".join(_ABBREVIATIONS.get(word, word) for word in plain_words.value.split()))


def standard_postcode(text: str | None) -> Reading[str]:
    """A postcode as lower letters and digits; one space between the parts of a code that has two."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    parts = re.findall(r"[a-z0-9]+", plain(written.removesuffix(".0")))
    return Reading(" ".join(parts)) if parts else Reading(None, "has neither letters nor digits")


def postcode_area(postcode: str) -> str:
    """The area of a standard postcode: its first part, or the first half of a code of one part."""
    head, *rest = postcode.split()
    return head if rest else head[: max(1, (len(head) + 1) // 2)]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Codes by the words that stand for them, as one reference list holds them (countries, provinces, offices).

    Build it with `code_table`. A word that stands for two codes is refused there, so a look-up is never a choice.
    """

    name: str
    codes: Mapping[str, str] = field(default_factory=dict)

    def look_up(self, text: str | None) -> Reading[str]:
        """The code for a word, or the code itself; None with the reason where the table has neither."""
        standard = standard_address(text)
        if standard.value is None:
            return standard
        code = self.codes.get(standard.value)
        return Reading(code) if code else Reading(None, f"is not in the table of {self.name}")


def code_table(name: str, words_by_code: Mapping[str, tuple[str, ...]]) -> CodeTable:
    """A table from each code's words; raises ValueError where a word stands for two codes."""
    codes: dict[str, str] = {}
    for code, words in words_by_code.items():
        for word in (code, *words):
            standard = standard_address(word).value
            if standard is None:
                continue
            if codes.setdefault(standard, code) != code:
                raise ValueError(f"in the table of {name}, {word!r} stands for {codes[standard]!r} and for {code!r}")
    return CodeTable(name, codes)
