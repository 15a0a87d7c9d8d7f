"""Finds the catalogue's sentence for a message, and what it says of numbers, metrics and names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter

NUMBER = r"[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?"
KINDS = {"n": f"[<>]?{NUMBER}", "p": f"<?{NUMBER}", "way": "better|worse", "whole": r"\d+"}
"""By the name of a place without its digits: what may stand there. Anything may where a name is not here."""

LEAST_FIXED = 5
"""What fixes fewer letters is tried for messages of its own code only."""

NAME = re.compile(r"^(.*?)\d*$")


@dataclass(frozen=True)
class Pattern:
    """An English sentence with named places, and what is said instead of it."""

    code: str
    english: str
    said: str
    expression: re.Pattern[str]

    @property
    def weight(self) -> int:
        """How much of it is fixed; what fixes more is tried first."""
        return len(re.sub(r"\{.*?\}", "", self.english))


@dataclass(frozen=True)
class Sentences:
    """All patterns of a language, those that fix more first."""

    patterns: tuple[Pattern, ...]

    @classmethod
    def of(cls, entries: Iterable[tuple[str, str, str]]) -> Sentences:
        """From (code, English, said) triples."""
        found = [Pattern(code, english, said, compiled(english)) for code, english, said in entries]
        return cls(tuple(sorted(found, key=lambda p: (-p.weight, p.code, p.english))))

    def find(self, text: str, code: str | None = None) -> tuple[Pattern, dict[str, str]] | None:
        """The pattern that the text fits, with what stands in its places; those of its own code first."""
        known = _bare(code)
        own = [p for p in self.patterns if p.code == known]
        for pattern in (*own, *(p for p in self.patterns if p.code != known and p.weight >= LEAST_FIXED)):
            match = pattern.expression.fullmatch(text)
            if match is not None:
                return pattern, match.groupdict()
        return None


def compiled(english: str) -> re.Pattern[str]:
    """The expression that the sentence's texts fit; the first letter may be a capital, `(s)` may be missing."""
    parts = []
    for literal, name, _, _ in Formatter().parse(english):
        parts.append(re.escape(literal).replace(r"\(s\)", "s?"))
        if name is not None:
            parts.append(f"(?P<{name}>{KINDS.get(kind(name), '.+?')})")
    whole = "".join(parts)
    if whole[:1].isalpha():
        whole = f"(?i:{whole[0]}){whole[1:]}"
    return re.compile(whole + r"\.?", re.DOTALL)


def kind(name: str) -> str:
    """A name without the digits at its end: `n2` is a number like `n`."""
    match = NAME.match(name)
    return match[1] if match else name


def _bare(code: str | None) -> str | None:
    """The code without its group and what it is about: `G6.overlap` is `overlap`, `change_harm` stays."""
    if code is None:
        return None
    if code.startswith("G6."):
        return code.removeprefix("G6.")
    return "G1.metric" if code.startswith("G1.metric.") else code
