"""The nine questions of the public satisfaction survey (SKM) in both languages, and how far a pilot has come with it.

Source of the questions: Regulation of the Minister for Administrative Reform (PermenPAN-RB) 14/2017, annex. The codes
follow its list of elements; its printed form asks for facilities before complaints, so that its eighth and ninth
question are U9 and U8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

FEWEST_SHOWN = 5
"""Fewest respondents of whom an index is shown: with fewer, colleagues could tell who said what."""


@dataclass(frozen=True)
class Question:
    """One element: its names, the question, and what 1, 2, 3 and 4 mean."""

    code: str
    name: str
    nama: str
    question: str
    pertanyaan: str
    scale: tuple[str, str, str, str]
    skala: tuple[str, str, str, str]


QUESTIONS = (
    Question(
        "U1", "Requirements", "Persyaratan",
        "How well do the requirements fit the type of service?",
        "Bagaimana kesesuaian persyaratan pelayanan dengan jenis pelayanannya?",
        ("do not fit", "fit badly", "fit", "fit very well"),
        ("tidak sesuai", "kurang sesuai", "sesuai", "sangat sesuai"),
    ),
    Question(
        "U2", "System, mechanism and procedure", "Sistem, mekanisme dan prosedur",
        "How easy is the procedure at this office?",
        "Bagaimana kemudahan prosedur pelayanan di unit ini?",
        ("not easy", "not quite easy", "easy", "very easy"),
        ("tidak mudah", "kurang mudah", "mudah", "sangat mudah"),
    ),
    Question(
        "U3", "Time to completion", "Waktu penyelesaian",
        "How fast was the service?",
        "Bagaimana kecepatan waktu dalam memberikan pelayanan?",
        ("not fast", "not quite fast", "fast", "very fast"),
        ("tidak cepat", "kurang cepat", "cepat", "sangat cepat"),
    ),
    Question(
        "U4", "Fees", "Biaya/tarif",
        "How reasonable are the fees?",
        "Bagaimana kewajaran biaya/tarif dalam pelayanan?",
        ("very expensive", "rather expensive", "cheap", "free of charge"),
        ("sangat mahal", "cukup mahal", "murah", "gratis"),
    ),
    Question(
        "U5", "Product specification and type of service", "Produk spesifikasi jenis pelayanan",
        "How well does the result agree with what the service standard says?",
        "Bagaimana kesesuaian hasil pelayanan dengan yang tercantum dalam standar pelayanan?",
        ("does not agree", "agrees badly", "agrees", "agrees very well"),
        ("tidak sesuai", "kurang sesuai", "sesuai", "sangat sesuai"),
    ),
    Question(
        "U6", "Competence of staff", "Kompetensi pelaksana",
        "How competent are the officers?",
        "Bagaimana kompetensi/kemampuan petugas dalam pelayanan?",
        ("not competent", "not quite competent", "competent", "very competent"),
        ("tidak kompeten", "kurang kompeten", "kompeten", "sangat kompeten"),
    ),
    Question(
        "U7", "Conduct of staff", "Perilaku pelaksana",
        "How polite and friendly are the officers?",
        "Bagaimana perilaku petugas dalam hal kesopanan dan keramahan?",
        ("not polite", "not quite polite", "polite and friendly", "very polite and friendly"),
        ("tidak sopan", "kurang sopan", "sopan dan ramah", "sangat sopan dan ramah"),
    ),
    Question(
        "U8", "Handling of complaints, suggestions and input", "Penanganan pengaduan, saran dan masukan",
        "How are complaints handled?",
        "Bagaimana penanganan pengaduan pengguna layanan?",
        ("there is no way", "there is one, it does not work", "works, not fully", "well managed"),
        ("tidak ada", "ada tetapi tidak berfungsi", "berfungsi kurang maksimal", "dikelola dengan baik"),
    ),
    Question(
        "U9", "Facilities", "Sarana dan prasarana",
        "How good are the facilities?",
        "Bagaimana kualitas sarana dan prasarana?",
        ("bad", "fair", "good", "very good"),
        ("buruk", "cukup", "baik", "sangat baik"),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """An office, or all of them (`office` None): how many were asked and answered, and the index.

    The index is that of the `complete` answers; where it is None, `hidden` says why.
    """

    office: str | None
    asked: int
    answered: int
    complete: int
    index: float | None
    category: str | None
    hidden: str | None


@dataclass(frozen=True)
class ElementMean:
    """The mean of one element from 1 to 4, and over how many answers; None where it is not shown."""

    code: str
    mean: float | None
    answers: int


@dataclass(frozen=True)
class SurveySoFar:
    """All offices together, the nine elements, and each office in the order of names."""

    whole: Group
    elements: tuple[ElementMean, ...]
    offices: tuple[Group, ...]


def survey_so_far(asked: Iterable[tuple[str | None, Mapping[str, int | None] | None]]) -> SurveySoFar:
    """How far a survey has come, from the office and the answers (None: silent) of everybody asked.

    An index of fewer than five respondents is not shown, and never one that follows from others: where the offices
    that are left out have fewer than five respondents together, the next smallest is left out too.
    """
    by_office: dict[str, list[Mapping[str, int | None] | None]] = defaultdict(list)
    nowhere: list[Mapping[str, int | None] | None] = []
    for office, answers in asked:
        (nowhere if office is None else by_office[office]).append(answers)
    everybody = [*nowhere, *chain.from_iterable(by_office.values())]
    hidden = _too_few({office: _complete(part) for office, part in by_office.items()}, len(_complete(nowhere)))
    offices = tuple(_group(office, by_office[office], hide=office in hidden) for office in sorted(by_office))
    whole = _group(None, everybody, hide=False)
    return SurveySoFar(whole, tuple(_element(q.code, everybody) for q in QUESTIONS), offices)


def _complete(answers: Iterable[Mapping[str, int | None] | None]) -> list[int]:
    """The sum of the nine answers of each respondent who gave all of them."""
    rows = ([value for q in QUESTIONS if (value := a.get(q.code)) is not None] for a in answers if a is not None)
    return [sum(row) for row in rows if len(row) == len(QUESTIONS)]


def _too_few(complete: Mapping[str, list[int]], nowhere: int) -> set[str]:
    """The offices whose index is not shown. `nowhere` respondents belong to no office."""
    sizes = sorted((len(each), office) for office, each in complete.items() if each)
    hidden = {office for size, office in sizes if size < FEWEST_SHOWN}
    rest = [(size, office) for size, office in sizes if office not in hidden]
    told_apart = nowhere + sum(len(complete[office]) for office in hidden)
    while rest and 0 < told_apart < FEWEST_SHOWN:
        size, office = rest.pop(0)
        hidden.add(office)
        told_apart += size
    return hidden


def _group(office: str | None, answers: list[Mapping[str, int | None] | None], *, hide: bool) -> Group:
    from perintis.rules.statistics.satisfaction import category  # late: it brings NumPy

    each = _complete(answers)
    answered = sum(a is not None for a in answers)
    why = None
    if len(each) < FEWEST_SHOWN:
        why = f"{len(each)} complete answers; shown from {FEWEST_SHOWN} on"
    elif hide:
        why = "not shown, or the answers of a smaller office would follow from it"
    if why is not None:
        return Group(office, len(answers), answered, len(each), None, None, why)
    index = Fraction(25 * sum(each), len(QUESTIONS) * len(each))
    return Group(office, len(answers), answered, len(each), float(index), category(index), None)


def _element(code: str, answers: Iterable[Mapping[str, int | None] | None]) -> ElementMean:
    given = [value for a in answers if a is not None and (value := a.get(code)) is not None]
    return ElementMean(code, sum(given) / len(given) if len(given) >= FEWEST_SHOWN else None, len(given))
