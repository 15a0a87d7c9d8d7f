"""Small extracts of the pilot's agencies: a few persons, written the way each agency writes them."""

from __future__ import annotations

import csv
from pathlib import Path

from perintis.doors.registry.registry import Announced, Registry
from perintis.doors.registry.shelf import digest_of

Rows = list[dict[str, str]]
SHARED = {"full_name": "Budi Santoso", "born": "1990-04-23", "sex": "L", "nik": "3174012304909001", "passport": ""}
NAMES = ("Siti Aminah", "Agus Prabowo", "Dewi Lestari", "Rina Wulandari", "Joko Susilo", "Hendra Gunawan", "Putri Ayu",
         "Eko Nugroho", "Yanti Marlina", "Bambang Wijaya", "Ratna Sari", "Dimas Saputra")  # fmt: skip


def people() -> Rows:
    """Thirteen persons who differ in everything."""
    others = [
        {"full_name": name, "born": f"19{70 + n}-0{1 + n % 9}-{13 + n}", "sex": "P" if n % 2 else "L",
         "nik": f"3174{10 + n:02}{13 + n + 40 * (n % 2):02}0{1 + n % 9}{70 + n}90{10 + n}", "passport": ""}
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    return [SHARED, *others]


def dukcapil(rows: Rows, period: str = "2026-03") -> Rows:
    """As the Civil Registry writes them."""
    return [
        {"no_registrasi": f"D{n}", "periode": period, "nama": r["full_name"].upper(), "tgl_lahir": r["born"],
         "jk": r["sex"], "kewarganegaraan": "Indonesia", "nik": r["nik"], "no_paspor": r["passport"],
         "provinsi": "Jabar", "diubah_pada": "2025-01-01"}
        for n, r in enumerate(rows, start=1)
    ]  # fmt: skip


def kemenkes(rows: Rows, period: str = "2026-03") -> Rows:
    """As Health writes them."""
    return [
        {"id_periksa": f"K{n}", "periode": period, "nama_pasien": r["full_name"],
         "tanggal_lahir": "{2}-{1}-{0}".format(*r["born"].split("-")), "kelamin": r["sex"], "nik": r["nik"],
         "no_paspor": r["passport"], "layak": "ya", "tanggal_periksa": "01-02-2026", "diubah_pada": "2026-02-01"}
        for n, r in enumerate(rows, start=1)
    ]  # fmt: skip


def announced(
    folder: Path, agency: str, rows: Rows, *, reference: str = "", period: str = "2026-03", name: str = ""
) -> Announced:
    """Write an extract where agencies leave them, and announce it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (name or f"{agency}-{period}-{reference or '1'}.csv")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return Announced(
        reference or f"R-{agency}-{period}", agency, period, path.name, digest_of(path), len(rows), tuple(rows[0])
    )


def taken(registry: Registry, extract: Announced) -> str:
    """An extract that was received and standardised; returns its checksum."""
    receipt = registry.receive(extract)
    assert (receipt.fault, receipt.duplicate_of) == (None, None)
    registry.standardise(extract.sha256, extract.file_name)
    return extract.sha256
