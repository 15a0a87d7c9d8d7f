"""Made-up people for rehearsals and trials: the same generator and seed give the same people.

Names come from Faker's lists (`pip install 'perintis[trial]'`), read once. Identity numbers do not: Faker's `ssn` for
Indonesia is not a NIK. Serial numbers are from 9001 up, which registries hardly reach, so that a made-up number is
unlikely to be somebody's.
"""

from __future__ import annotations

import csv
import importlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from io import StringIO
from random import Random
from typing import Any

from perintis.words.errors import BadInput
from perintis.words.identifiers import Sex, compose_nik
from perintis.words.pilot import Pilot

EARLIEST_BIRTH, LATEST_BIRTH = date(1958, 1, 1), date(2003, 12, 31)
FIRST_MADE_UP_SERIAL = 9001
DISTRICTS = ("1271", "3171", "3174", "3201", "3273", "3275", "3374", "3471", "3578", "3671", "5171", "7371")
"""Cities and regencies: Medan, Jakarta Pusat, Jakarta Selatan, Bogor, Bandung, Bekasi, Semarang, Yogyakarta, Surabaya,
Tangerang, Denpasar, Makassar."""


@dataclass(frozen=True, slots=True)
class Resident:
    """An Indonesian who does not exist; number, date of birth and sex agree."""

    full_name: str
    sex: Sex
    date_of_birth: date
    nik: str


@dataclass(frozen=True, slots=True)
class Traveller:
    """A foreigner who does not exist."""

    citizenship: str
    passport_number: str
    full_name: str
    sex: Sex
    date_of_birth: date


@dataclass(frozen=True, slots=True)
class _Country:
    """Share of travellers, Faker's list of names, and how passport numbers look: # a digit, @ a letter."""

    code: str
    share: int
    names: str
    passport: str


_COUNTRIES = (
    _Country("CHN", 34, "zh_CN", "E@#######"),
    _Country("JPN", 16, "ja_JP", "T@#######"),
    _Country("IND", 12, "en_IN", "@#######"),
    _Country("AUS", 9, "en_GB", "P@#######"),
    _Country("USA", 8, "en_US", "#########"),
    _Country("NLD", 7, "nl_NL", "N@@####@#"),
    _Country("GBR", 6, "en_GB", "#########"),
    _Country("DEU", 4, "de_DE", "C@####@##"),
    _Country("FRA", 4, "fr_FR", "##@@#####"),
)
"""Shares are an assumption: plausible for workers and families in Indonesia, taken from no statistic."""

_SHARES = [country.share for country in _COUNTRIES]
_LETTERS = "CFGHJKLMNPRTVWXYZ"


def applications_csv(pilot: Pilot[Any], *, count: int, seed: int, first: int = 1) -> str:
    """So many made-up applications of a pilot as the text of a file that `perintis run PILOT FILE` takes.

    They are numbered from `first`. Raises BadInput for a pilot that cannot make applications up.
    """
    if pilot.made_up is None:
        raise BadInput(f"pilot {pilot.name} does not say how to make up an application; give it `made_up`")
    random, text = Random(seed), StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(pilot.application.model_fields)
    for number in range(first, first + count):
        fields = pilot.made_up(random, number).model_dump(mode="json")
        writer.writerow(";".join(v) if isinstance(v, list) else v for v in fields.values())
    return text.getvalue()


def resident(random: Random) -> Resident:
    """Make up one Indonesian."""
    sex, born = _sex(random), _birth(random)
    region = f"{random.choice(DISTRICTS)}{random.randint(1, 10):02}"
    nik = compose_nik(region, born, sex, random.randint(FIRST_MADE_UP_SERIAL, 9999))
    return Resident(_full_name(random, "id_ID", sex), sex, born, nik)


def traveller(random: Random) -> Traveller:
    """Make up one foreigner with the passport of their country."""
    country = random.choices(_COUNTRIES, _SHARES)[0]
    sex, born = _sex(random), _birth(random)
    passport = "".join(_drawn(random, mark) for mark in country.passport)
    return Traveller(country.code, passport, _full_name(random, country.names, sex), sex, born)


def _drawn(random: Random, mark: str) -> str:
    if mark == "#":
        return str(random.randrange(10))
    return random.choice(_LETTERS) if mark == "@" else mark


def _sex(random: Random) -> Sex:
    return Sex.FEMALE if random.random() < 0.5 else Sex.MALE


def _birth(random: Random) -> date:
    return EARLIEST_BIRTH + timedelta(days=random.randrange((LATEST_BIRTH - EARLIEST_BIRTH).days + 1))


def _full_name(random: Random, names: str, sex: Sex) -> str:
    women, men, last = _names(names)
    return f"{random.choice(women if sex is Sex.FEMALE else men)} {random.choice(last)}"


@cache
def _names(locale: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Women's first names, men's first names and last names of a locale, in Latin letters where Faker has them."""
    try:
        lists = importlib.import_module(f"faker.providers.person.{locale}").Provider
    except ImportError:
        raise BadInput("made-up applications need Faker: install it with pip install 'perintis[trial]'") from None
    if not hasattr(lists, "last_romanized_names"):
        return tuple(lists.first_names_female), tuple(lists.first_names_male), tuple(lists.last_names)
    either = tuple(lists.first_romanized_names)
    women = tuple(getattr(lists, "first_romanized_names_female", either))
    men = tuple(getattr(lists, "first_romanized_names_male", either))
    return women, men, tuple(lists.last_romanized_names)
