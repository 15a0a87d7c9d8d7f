"""Texts of an agreement in its two languages, and lengths of time as an agreement writes them."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, model_serializer, model_validator

from perintis.words.durations import Span, WorkingTime

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_LENGTH = re.compile(r"(\d+(?:\.\d+)?) (working )?(day|hour)s?")
_PERIOD = re.compile(r"([1-9]\d{0,3}) (year|month|day)s?")


class Language(StrEnum):
    """The languages in which an agreement can be printed."""

    INDONESIAN = "id"
    ENGLISH = "en"


class Words(BaseModel):
    """A text in Indonesian and in English. In the file: `{id: ..., en: ...}`, or one text that serves for both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Text
    en: Text

    @model_validator(mode="before")
    @classmethod
    def _one_for_both(cls, given: Any) -> Any:
        return {"id": given, "en": given} if isinstance(given, str) else given

    @model_serializer
    def _as_written(self) -> str | dict[str, str]:
        return self.en if self.id == self.en else {"id": self.id, "en": self.en}

    def said(self, language: Language) -> str:
        """The text in that language."""
        return self.id if language is Language.INDONESIAN else self.en


def read_length(text: str) -> Span:
    """A length of time written `2 working days`, `1 working hour` or `14 days`; raises ValueError elsewhere."""
    found = _LENGTH.fullmatch(text)
    if found is None or not float(found[1]):
        raise ValueError("write a number with its unit, like `2 working days`, `1 working hour` or `14 days`")
    amount, unit = float(found[1]), f"{found[3]}s"
    return WorkingTime(**{unit: amount}) if found[2] else timedelta(**{unit: amount})


def read_period(text: str) -> tuple[int, str]:
    """A period written `5 years`, `6 months` or `90 days`, as number and unit; raises ValueError elsewhere."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise ValueError("write how long data are kept as a number with its unit, like `5 years` or `90 days`")
    return int(found[1]), found[2]


_DAYS = {"working day": "hari kerja", "day": "hari kalender", "working hour": "jam kerja", "hour": "jam",
         "month": "bulan", "year": "tahun"}  # fmt: skip


def length_words(text: str, language: Language) -> str:
    """A length of time as written in the file, in words of that language."""
    number, _, unit = text.partition(" ")
    return f"{number} {_DAYS[unit.removesuffix('s')]}" if language is Language.INDONESIAN else text
