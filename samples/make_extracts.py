"""Makes the four sample extracts, their announcements and the truth: `python samples/make_extracts.py`.

Two thousand persons who do not exist, and what four agencies have written down of them. The same seed gives the same
files. Errors are of the kinds that registers of this sort have (swapped names, single names, old and new spelling,
transposed digits, day and month exchanged, numbers missing); how often each occurs is an assumption of ours.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from pydantic import TypeAdapter, ValidationError

from perintis.faces.testing.made_up import resident, traveller
from perintis.words.identifiers import Nik, Sex, birth_date_in

SEED, PERSONS, PERIOD = 2026, 2_000, "2026-03"
FOREIGN = 0.55
HELD = {"dukcapil": 0.60, "imigrasi": 0.62, "kemenkes": 0.45, "kemnaker": 0.42}
"""Shares of the persons of whom an agency has a record; Manpower has foreigners only."""
AGAIN = {"imigrasi": 0.10, "kemenkes": 0.08, "kemnaker": 0.05}
"""Shares of an agency's persons of whom it has a second record."""
WRONG_NAME, WRONG_DATE, WRONG_NUMBER, WITHOUT_NUMBER = 0.14, 0.05, 0.04, 0.12
SPELLINGS = (("u", "oe"), ("y", "j"), ("j", "dj"), ("c", "tj"), ("i", "ie"), ("f", "v"), ("s", "z"))
MONTHS = ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober",
          "November", "Desember")  # fmt: skip
COUNTRIES = {"IDN": "Indonesia", "CHN": "Tiongkok", "JPN": "Jepang", "IND": "India", "AUS": "Australia",
             "USA": "Amerika Serikat",
             "NLD": "Belanda", "GBR": "Inggris", "DEU": "Jerman", "FRA": "Prancis"}  # fmt: skip
PROVINCES = ("DKI Jakarta", "Jawa Barat", "Jatim", "Banten", "Bali", "Sumut", "Sulsel", "Jawa Tengah")
OFFICES = ("Jakarta Selatan", "Surabaya", "Bandung", "Medan", "Denpasar")
POSTS = ("engineer", "teacher", "cook", "technical adviser", "director", "analyst", "translator", "nurse")
_NIK: TypeAdapter[str] = TypeAdapter(Nik)


@dataclass(frozen=True)
class Person:
    """The truth of one person."""

    id: str
    name: str
    sex: Sex
    born: date
    citizenship: str
    nik: str | None
    passport: str | None


@dataclass(frozen=True)
class Seen:
    """What an agency wrote down of a person."""

    name: str
    sex: str
    born: date
    country: str
    nik: str
    passport: str
    changed: date


def people(random: Random) -> list[Person]:
    """Two thousand persons: foreigners with a passport and perhaps a NIK, Indonesians the other way round."""
    made: list[Person] = []
    for number in range(PERSONS):
        if random.random() < FOREIGN:
            who = traveller(random)
            nik = resident_number(random, who.date_of_birth, who.sex) if random.random() < 0.5 else None
            made.append(Person(f"T{number:04}", who.full_name, who.sex, who.date_of_birth, who.citizenship, nik,
                               who.passport_number))  # fmt: skip
        else:
            home = resident(random)
            passport = f"X{random.randint(1_000_000, 9_999_999)}" if random.random() < 0.6 else None
            name = home.full_name.split()[0] if random.random() < 0.08 else home.full_name
            made.append(Person(f"T{number:04}", name, home.sex, home.date_of_birth, "IDN", home.nik, passport))
    return made


def resident_number(random: Random, born: date, sex: Sex) -> str:
    """The NIK of a foreigner who lives here."""
    from perintis.faces.testing.made_up import DISTRICTS, FIRST_MADE_UP_SERIAL
    from perintis.words.identifiers import compose_nik

    region = f"{random.choice(DISTRICTS)}{random.randint(1, 10):02}"
    return compose_nik(region, born, sex, random.randint(FIRST_MADE_UP_SERIAL, 9999))


def wrong_name(random: Random, name: str) -> str:
    """One of the ways in which a name is written otherwise."""
    words = name.split()
    kind = random.choice(("swap", "single", "spelling", "spelling", "letters", "initial", "double"))
    if kind == "swap" and len(words) > 1:
        return " ".join([*words[1:], words[0]])
    if kind == "single" and len(words) > 1:
        return words[0]
    if kind == "initial" and len(words) > 1:
        return f"{words[0][0]}. {' '.join(words[1:])}"
    if kind == "spelling":
        for new, old in random.sample(SPELLINGS, len(SPELLINGS)):
            if new in name[1:]:
                return name[0] + name[1:].replace(new, old, 1)
    at = random.randrange(1, max(2, len(name) - 1))
    if kind == "double":
        return name[:at] + name[at - 1] + name[at:]
    return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def wrong_date(random: Random, born: date) -> date:
    """Day and month exchanged where both are possible, or a digit wrong."""
    if born.day <= 12 and random.random() < 0.6:
        return date(born.year, born.day, born.month)
    return born + timedelta(days=random.choice((-10, -1, 1, 10)))


def wrong_number(random: Random, number: str) -> str:
    """Two neighbouring digits exchanged."""
    at = random.randrange(len(number) - 4, len(number) - 1)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def seen(random: Random, person: Person, *, faultless: float = 0.0) -> Seen:
    """What an agency writes down; a `faultless` share of what would go wrong does not."""

    def goes_wrong(share: float) -> bool:
        return random.random() < share * (1 - faultless)

    name = wrong_name(random, person.name) if goes_wrong(WRONG_NAME) else person.name
    born = wrong_date(random, person.born) if goes_wrong(WRONG_DATE) else person.born
    numbers = []
    for number in (person.nik, person.passport):
        kept = "" if number is None or goes_wrong(WITHOUT_NUMBER) else number
        numbers.append(wrong_number(random, kept) if kept and goes_wrong(WRONG_NUMBER) else kept)
    sex = "L" if person.sex is Sex.MALE else "P"
    changed = date(2024, 1, 1) + timedelta(days=random.randrange(800))
    return Seen(name, sex, born, COUNTRIES[person.citizenship], numbers[0], numbers[1], changed)


def dukcapil(random: Random, s: Seen) -> dict[str, str]:
    return {"nama": s.name.upper(), "tgl_lahir": s.born.isoformat(), "jk": s.sex, "kewarganegaraan": s.country,
            "nik": s.nik, "no_paspor": s.passport, "provinsi": random.choice(PROVINCES)}  # fmt: skip


def imigrasi(random: Random, s: Seen) -> dict[str, str]:
    until = s.changed + timedelta(days=random.choice((60, 365, 730)))
    return {"nama_lengkap": s.name, "tanggal_lahir": f"{s.born:%d/%m/%Y}", "jenis_kelamin": "LAKI-LAKI" if s.sex == "L"
            else "PEREMPUAN", "kewarganegaraan": s.country, "no_paspor": s.passport, "nik": s.nik,
            "jenis_izin": random.choice(("KITAS", "KITAP", "Izin Tinggal Kunjungan")),
            "berlaku_sampai": f"{until:%d/%m/%Y}", "kantor": random.choice(OFFICES)}  # fmt: skip


def kemenkes(random: Random, s: Seen) -> dict[str, str]:
    return {"nama_pasien": s.name.title(), "tanggal_lahir": f"{s.born:%d-%m-%Y}", "kelamin": s.sex, "nik": s.nik,
            "no_paspor": s.passport, "layak": "ya" if random.random() < 0.98 else "tidak",
            "tanggal_periksa": f"{s.changed:%d-%m-%Y}"}  # fmt: skip


def kemnaker(random: Random, s: Seen) -> dict[str, str]:
    return {"nama_pekerja": s.name, "tanggal_lahir": f"{s.born.day} {MONTHS[s.born.month - 1]} {s.born.year}",
            "jenis_kelamin": s.sex, "kewarganegaraan": s.country, "no_paspor": s.passport, "nik": s.nik,
            "jabatan": random.choice(POSTS), "pemberi_kerja": f"PT Uji {random.randint(1, 400)}"}  # fmt: skip


RECORD = {"imigrasi": "no_register", "dukcapil": "no_registrasi", "kemenkes": "id_periksa", "kemnaker": "no_pengesahan"}
LETTERS = {"imigrasi": "IMI", "dukcapil": "DUK", "kemenkes": "KES", "kemnaker": "NAK"}
WRITES: dict[str, Callable[[Random, Seen], dict[str, str]]] = {
    "dukcapil": dukcapil, "imigrasi": imigrasi, "kemenkes": kemenkes, "kemnaker": kemnaker,
}  # fmt: skip


def records(random: Random, agency: str, persons: list[Person]) -> Iterator[tuple[Person, Seen]]:
    """What one agency has of the persons."""
    for person in persons:
        if agency == "kemnaker" and person.citizenship == "IDN":
            continue
        share = HELD[agency] * (1.6 if agency == "kemnaker" else 1)
        if random.random() >= share:
            continue
        yield person, seen(random, person, faultless=0.7 if agency == "dukcapil" else 0)
        if random.random() < AGAIN.get(agency, 0):
            yield person, seen(random, person)


def valid(nik: str) -> bool:
    """Whether a number passes for a NIK."""
    try:
        _NIK.validate_python(nik)
        return bool(birth_date_in(nik, not_after=date(2026, 3, 31)))
    except (ValidationError, ValueError):
        return False


def make(folder: Path) -> None:
    """Write extracts, announcements (`deliveries.jsonl`) and the truth (`truth.csv`) into a folder."""
    random = Random(SEED)
    persons = people(random)
    announced, truth = [], []
    for place, agency in enumerate(WRITES, start=1):
        rows = []
        found = list(records(random, agency, persons))
        random.shuffle(found)
        for number, (person, s) in enumerate(found, start=1):
            record = f"{LETTERS[agency]}-{number:05}"
            truth.append((agency, record, person.id))
            rows.append({RECORD[agency]: record, "periode": PERIOD, **WRITES[agency](random, s),
                         "diubah_pada": s.changed.isoformat()})  # fmt: skip
        file = folder / f"{agency}-{PERIOD}.csv"
        write_rows(file, rows)
        announced.append({
            "reference": f"UJI-EXT-{PERIOD}-{place}", "agency": agency, "office": "dki_jakarta", "period": PERIOD,
            "file_name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "row_count": len(rows),
            "columns": list(rows[0]),
        })  # fmt: skip
    lines = "".join(json.dumps(one) + "\n" for one in announced)
    (folder / "deliveries.jsonl").write_text(lines, encoding="utf-8")
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("agency", "record", "person"))
        writer.writerows(truth)


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    """Rows as CSV in UTF-8, the way a spreadsheet exports it."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "extracts")
