"""How alike two values are, in steps from equal to different: one list of levels a role, each with words for the clerk.

`m` and `u` are where training starts, and what remains of a level that the training never sees: the probability of
the level among pairs of one person (m) and of two persons (u), Fellegi and Sunter (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from perintis.rules.linkage.settings import Role


class Test(StrEnum):
    """What is asked of two values; a level applies where no level before it did."""

    __test__ = False

    EQUAL = "equal"
    SAME_SOUND = "same sound"
    JARO_WINKLER = "jaro-winkler"
    EDITS = "edits"
    CROSSED = "crossed"
    SHORT_FORM = "short form"
    SHARED_WORD = "shared word"
    SWAPPED_DAY_MONTH = "swapped day and month"
    TWO_PARTS = "two of three parts"
    SAME_YEAR = "same year"
    SAME_START = "same start"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Level:
    """One step of likeness. `at` is the least similarity (Jaro-Winkler) or the most edits (Damerau-Levenshtein)."""

    test: Test
    words: str
    m: float
    u: float
    at: float = 0.0
    by_frequency: bool = False
    """Whether agreeing on a rare value counts more than agreeing on a common one."""


MISSING = "missing"

_NAME = (
    Level(Test.EQUAL, "equal", 0.60, 0.005, by_frequency=True),
    Level(Test.SAME_SOUND, "another spelling of the same name", 0.03, 0.001),
    Level(Test.JARO_WINKLER, "a letter or two differ", 0.12, 0.003, at=0.92),
    Level(Test.CROSSED, "given and family name crossed", 0.04, 0.003),
    Level(Test.SHORT_FORM, "initial or short form", 0.02, 0.008),
    Level(Test.JARO_WINKLER, "similar", 0.08, 0.010, at=0.8),
    Level(Test.JARO_WINKLER, "distantly similar", 0.03, 0.020, at=0.7),
    Level(Test.OTHERWISE, "different", 0.08, 0.950),
)
_FULL_NAME = (
    Level(Test.EQUAL, "equal", 0.50, 0.001, by_frequency=True),
    Level(Test.SAME_SOUND, "the same words in another spelling or order", 0.10, 0.001),
    Level(Test.JARO_WINKLER, "a letter or two differ", 0.15, 0.002, at=0.92),
    Level(Test.SHORT_FORM, "initials or a part of the name", 0.10, 0.004),
    Level(Test.JARO_WINKLER, "similar", 0.07, 0.010, at=0.8),
    Level(Test.SHARED_WORD, "one word in common", 0.03, 0.030),
    Level(Test.OTHERWISE, "different", 0.05, 0.952),
)
_DATE = (
    Level(Test.EQUAL, "equal", 0.70, 0.001, by_frequency=True),
    Level(Test.SWAPPED_DAY_MONTH, "day and month swapped", 0.02, 0.0002),
    Level(Test.EDITS, "one digit differs or two are swapped", 0.12, 0.002, at=1),
    Level(Test.TWO_PARTS, "two of day, month and year agree", 0.04, 0.004),
    Level(Test.SAME_YEAR, "only the year agrees", 0.04, 0.015),
    Level(Test.OTHERWISE, "different", 0.08, 0.977),
)
_NUMBER = (
    Level(Test.EQUAL, "equal", 0.80, 0.00005),
    Level(Test.EDITS, "one digit differs or two are swapped", 0.12, 0.0001, at=1),
    Level(Test.EDITS, "two digits differ", 0.03, 0.0005, at=2),
    Level(Test.OTHERWISE, "different", 0.05, 0.999),
)
_EMAIL = (
    Level(Test.EQUAL, "equal", 0.70, 0.0003),
    Level(Test.SAME_START, "equal before the @", 0.10, 0.0003),
    Level(Test.EDITS, "two letters differ at most", 0.10, 0.0003, at=2),
    Level(Test.JARO_WINKLER, "similar", 0.05, 0.0005, at=0.88),
    Level(Test.OTHERWISE, "different", 0.05, 0.998),
)
_PLACE = (
    Level(Test.EQUAL, "equal", 0.75, 0.05, by_frequency=True),
    Level(Test.JARO_WINKLER, "a letter or two differ", 0.12, 0.01, at=0.9),
    Level(Test.JARO_WINKLER, "similar", 0.05, 0.03, at=0.8),
    Level(Test.OTHERWISE, "different", 0.08, 0.91),
)
_POSTCODE = (
    Level(Test.EQUAL, "equal", 0.75, 0.002, by_frequency=True),
    Level(Test.EDITS, "one sign differs or two are swapped", 0.10, 0.005, at=1),
    Level(Test.SAME_START, "same area", 0.07, 0.01),
    Level(Test.OTHERWISE, "different", 0.08, 0.98),
)
_HOUSE_NUMBER = (
    Level(Test.EQUAL, "equal", 0.80, 0.02, by_frequency=True),
    Level(Test.EDITS, "one sign differs", 0.10, 0.15, at=1),
    Level(Test.OTHERWISE, "different", 0.10, 0.83),
)
_SEX = (
    Level(Test.EQUAL, "equal", 0.97, 0.50),
    Level(Test.OTHERWISE, "different", 0.03, 0.50),
)
_OTHER = (
    Level(Test.EQUAL, "equal", 0.80, 0.05, by_frequency=True),
    Level(Test.JARO_WINKLER, "a letter or two differ", 0.05, 0.01, at=0.9),
    Level(Test.OTHERWISE, "different", 0.15, 0.94),
)

LEVELS: dict[Role, tuple[Level, ...]] = {
    Role.GIVEN_NAME: _NAME,
    Role.FAMILY_NAME: _NAME,
    Role.FULL_NAME: _FULL_NAME,
    Role.DATE_OF_BIRTH: _DATE,
    Role.SEX: _SEX,
    Role.ADDRESS: _PLACE,
    Role.HOUSE_NUMBER: _HOUSE_NUMBER,
    Role.POSTCODE: _POSTCODE,
    Role.PLACE: _PLACE,
    Role.NIK: _NUMBER,
    Role.IDENTITY_NUMBER: _NUMBER,
    Role.PASSPORT: _NUMBER,
    Role.PHONE: _NUMBER,
    Role.EMAIL: _EMAIL,
    Role.OTHER: _OTHER,
}


def levels_for(role: Role, *, partner: bool) -> tuple[Level, ...]:
    """The levels of a role, the likest first; names cross only where the partner (family to given) is there too."""
    return tuple(level for level in LEVELS[role] if partner or level.test is not Test.CROSSED)


def reason(words: str, levels: tuple[Level, ...], reached: int) -> str:
    """What a clerk reads about one comparison: `date of birth: day and month swapped`.

    `reached` counts from the least alike (0) upwards; -1 where a value is missing.
    """
    return f"{words}: {MISSING if reached < 0 else levels[len(levels) - 1 - reached].words}"
