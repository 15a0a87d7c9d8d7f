"""Identity, passport and phone numbers, e-mail and sex in their standard form. No reason repeats a value."""

from __future__ import annotations

import re

from pydantic import TypeAdapter, ValidationError

from perintis.rules.linkage.names import plain
from perintis.rules.linkage.reading import EMPTY, Reading, given
from perintis.words.identifiers import AS_TEXT, Nik, PassportNumber, Sex

_NIK: TypeAdapter[str] = TypeAdapter(Nik)
_PASSPORT: TypeAdapter[str] = TypeAdapter(PassportNumber)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
ROUNDED = f"was rounded by a spreadsheet (scientific notation), so its last digits are lost; {AS_TEXT}"
_SEXES = {
    Sex.FEMALE: "f female p pr perempuan w wanita woman 2",
    Sex.MALE: "m male l lk laki-laki laki lakilaki pria man 1",
    Sex.UNSPECIFIED: "x < u unspecified",
}
_SEX_OF = {word: sex for sex, words in _SEXES.items() for word in words.split()}


def standard_nik(text: str | None) -> Reading[str]:
    """A NIK as 16 digits that pass its own checks (region, date of birth, serial number)."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    digits = _without_separators(written)
    if _SCIENTIFIC.fullmatch(written) or (len(digits) == 16 and digits.endswith("000000")):
        return Reading(None, ROUNDED)
    return _checked(_NIK, digits)


def _without_separators(text: str) -> str:
    return re.sub(r"[\s.\-/_']", "", text.removesuffix(".0"))


def comparable_nik(text: str | None) -> str | None:
    """Sixteen digits that may be a NIK with a digit wrong: no NIK, but still alike to the one that was meant."""
    digits = _without_separators(given(text) or "")
    return digits if re.fullmatch(r"\d{16}", digits) and not digits.endswith("000000") else None


def standard_passport(text: str | None) -> Reading[str]:
    """A passport number in capitals without separators, 5 to 15 letters and digits."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    if _SCIENTIFIC.fullmatch(written):
        return Reading(None, ROUNDED)
    return _checked(_PASSPORT, re.sub(r"[\s.\-/]", "", written))


def _checked(adapter: TypeAdapter[str], text: str) -> Reading[str]:
    try:
        return Reading(adapter.validate_python(text))
    except ValidationError as error:
        return Reading(None, error.errors(include_input=False, include_url=False)[0]["msg"])


def standard_number(text: str | None) -> Reading[str]:
    """Any other identity number: capitals and digits without separators."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    if _SCIENTIFIC.fullmatch(written) and ("." in written or "+" in written):
        return Reading(None, ROUNDED)
    kept = re.sub(r"[^A-Z0-9]", "", plain(written).upper())
    return Reading(kept) if re.search(r"\d", kept) else Reading(None, "has no digits")


def standard_phone(text: str | None, country: str = "62") -> Reading[str]:
    """A phone number as country code and digits (`6281...`); a leading 0 stands for `country`."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    if _SCIENTIFIC.fullmatch(written):
        return Reading(None, ROUNDED)
    digits = re.sub(r"\D", "", written)
    if written.startswith("+") or digits.startswith("00"):
        digits = digits.removeprefix("00")
    elif digits.startswith("0"):
        digits = country + digits[1:]
    if not 7 <= len(digits) <= 15:
        return Reading(None, f"has {len(digits)} digits; a phone number has 7 to 15")
    return Reading(digits)


def standard_email(text: str | None) -> Reading[str]:
    """An e-mail address in lower case."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    lower = plain(written).replace(" ", "")
    if not re.fullmatch(r"[^@]+@[^@]+", lower):
        return Reading(None, "has not one @ between two parts")
    return Reading(lower)


def standard_sex(text: str | None) -> Reading[str]:
    """F, M or X from Indonesian or English words and letters (P and L, Perempuan and Laki-laki)."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    sex = _SEX_OF.get(plain(written).rstrip("."))
    return Reading(sex.value) if sex else Reading(None, "names no sex that is known (P, L, perempuan, laki-laki, F, M)")
