"""Made-up persons with known truth, delivered by two agencies with the errors of real registers."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl

from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role
from perintis.words.identifiers import Sex, compose_nik

_GIVEN = """siti budi agus dewi sri joko ratna wahyu nur eko rina hendra yuni bambang lestari dian fitri rudi maya ahmad
    muhammad indah putri slamet wati tono yusuf aminah fajar galih intan kartika lukman mega nanda oki pandu qori
    rahmat sinta teguh umar vina wulan yoga zahra"""
_FAMILY = """santoso wijaya kusuma hidayat nugroho setiawan saputra lestari rahman hakim siregar nasution lubis
    ginting simanjuntak pratama utomo susanto wibowo gunawan halim sutanto hartono suharto syahrir cahyono juwono
    prasetyo mulyadi firmansyah ramadhan subroto purnomo iskandar anwar basri chandra darmawan efendi"""
GIVEN, FAMILY = _GIVEN.split(), _FAMILY.split()
CITIES = ("bandung", "jakarta", "surabaya", "medan", "semarang", "makassar", "denpasar", "padang")

CIVIL, HEALTH = "civil", "health"
LINKAGE = Linkage(
    columns=(
        LinkedColumn(name="given", role=Role.GIVEN_NAME, label="given name"),
        LinkedColumn(name="family", role=Role.FAMILY_NAME, label="family name"),
        LinkedColumn(name="born", role=Role.DATE_OF_BIRTH, label="date of birth"),
        LinkedColumn(name="nik", role=Role.NIK, label="identity number"),
        LinkedColumn(name="city", role=Role.PLACE),
    ),
    unique_within=frozenset({CIVIL}),
    verified_in=frozenset({CIVIL}),
)


def registers(persons: int, seed: int) -> tuple[dict[str, pl.DataFrame], dict[tuple[str, str], str]]:
    """The civil registry (each person once, clean) and the health ministry (one or two records, with errors)."""
    random = Random(seed)
    civil, health, truth = [], [], {}
    for number in range(persons):
        person = _person(random, number)
        civil.append({"record": f"c{number}", **person})
        truth[CIVIL, f"c{number}"] = str(number)
        for visit in range(random.choice((0, 1, 1, 2))):
            health.append({"record": f"h{number}-{visit}", **_with_errors(random, person)})
            truth[HEALTH, f"h{number}-{visit}"] = str(number)
    random.shuffle(health)
    return {CIVIL: pl.DataFrame(civil), HEALTH: pl.DataFrame(health)}, truth


def _person(random: Random, number: int) -> dict[str, str | None]:
    born = date(1950, 1, 1) + timedelta(days=random.randrange(20_000))
    sex = random.choice((Sex.FEMALE, Sex.MALE))
    return {
        "given": random.choice(GIVEN).title(),
        "family": None if random.random() < 0.1 else random.choice(FAMILY).title(),
        "born": born.isoformat(),
        "nik": compose_nik("317401", born, sex, 1 + number),
        "city": random.choice(CITIES).title(),
    }


def _with_errors(random: Random, person: dict[str, str | None]) -> dict[str, str | None]:
    """One or two of the errors that clerks make; half of the records have no identity number."""
    record = dict(person)
    if random.random() < 0.5:
        record["nik"] = None
    for error in random.sample(("swap", "spelling", "typo", "digits", "dates", "title", "moved", "none"), 2):
        _make(random, record, error)
    return record


def _make(random: Random, record: dict[str, str | None], error: str) -> None:
    given, family, nik, born = (record[name] or "" for name in ("given", "family", "nik", "born"))
    if error == "swap" and family:
        record["given"], record["family"] = family, given
    elif error == "spelling":
        record["given"] = given.lower().replace("u", "oe").replace("j", "dj").title()
    elif error == "typo" and len(given) > 3:
        at = random.randrange(1, len(given) - 1)
        record["given"] = given[:at] + given[at + 1] + given[at] + given[at + 2 :]
    elif error == "digits" and nik:
        record["nik"] = nik[:13] + nik[14] + nik[13] + nik[15]
    elif error == "dates":
        record["born"] = f"{born[:4]}-{born[8:]}-{born[5:7]}" if born[8:] <= "12" else born
    elif error == "title":
        record["given"] = f"Hj. {given}"
    elif error == "moved":
        record["city"] = random.choice(CITIES).title()
