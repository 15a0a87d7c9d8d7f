"""Made-up applications for rehearsals and trials. Their references begin with UJI (Indonesian for trial)."""

from __future__ import annotations

from random import Random

from perintis.faces.testing.made_up import resident, traveller
from pilots.fast_track.application import REQUIRED_DOCUMENTS, Application, Category, Office

WORKERS = 0.6
INCOMPLETE = 0.25
OFFICES: dict[Office, int] = {
    "jakarta_selatan": 24, "jakarta_pusat": 18, "surabaya": 15, "tangerang": 12,
    "bandung": 11, "medan": 8, "bogor": 6, "semarang": 6,
}  # fmt: skip
"""Share of workers, share of files with something missing, and how many in a hundred come to which office: all three
are assumptions, to be replaced by the offices' own figures."""

_OFFICES, _SHARES = list(OFFICES), list(OFFICES.values())
OCCUPATIONS = ("engineer", "teacher", "cook", "technical adviser", "director", "analyst", "translator", "nurse")
TRADES = ("Teknik", "Pangan", "Energi", "Digital", "Logistik", "Tekstil", "Pendidikan", "Wisata")


def made_up(random: Random, number: int) -> Application:
    """Make up one application; the same generator state and number give the same one."""
    category: Category = "worker" if random.random() < WORKERS else "family"
    applicant, sponsor = traveller(random), resident(random)
    documents = list(REQUIRED_DOCUMENTS[category])
    if random.random() < INCOMPLETE:
        for _ in range(random.randint(1, 2)):
            documents.pop(random.randrange(len(documents)))
    return Application(
        reference=f"UJI-{number:06}",
        office=random.choices(_OFFICES, _SHARES)[0],
        category=category,
        citizenship=applicant.citizenship,
        passport_number=applicant.passport_number,
        full_name=applicant.full_name,
        date_of_birth=applicant.date_of_birth,
        sex=applicant.sex,
        sponsor_nik=sponsor.nik,
        sponsor_name=sponsor.full_name,
        employer=f"PT {random.choice(TRADES)} Uji {random.randint(1, 400)}" if category == "worker" else None,
        occupation=random.choice(OCCUPATIONS) if category == "worker" else None,
        documents=tuple(documents),
    )
