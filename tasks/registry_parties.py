"""What each agency does for the reference registry: deliver again, adopt changes; and as it was, type and match.

Every agency has the same steps under its own name. What `adopt_changes` takes is what the agency is shown: for each
field the number of values in its file of changes, which lies in its part of the exchange folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from agencies.indonesia import DUKCAPIL, IMIGRASI, KEMENKES, KEMNAKER
from perintis import Sla, human_step, working
from perintis.words.identifiers import Reference

C = TypeVar("C", bound="Changes")
E = TypeVar("E", bound="CorrectedExtract")

ADOPTING = Sla(working(days=5), "draft agreement art. 5(5)")
DELIVERING = Sla(working(days=3), "draft agreement art. 5(6)")


PlainName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^./\\][^/\\]*$")
]
"""The name of a file without folders."""
Checksum = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]


class Frozen(BaseModel):
    """Requests and answers do not change."""

    model_config = ConfigDict(frozen=True)


class ReturnedExtract(Frozen):
    """An extract that goes back, and why."""

    reference: Reference
    period: str
    file_name: str
    fault: str


class CorrectedExtract(Frozen):
    """The corrected extract, as the agency announces it."""

    file_name: PlainName
    sha256: Checksum
    row_count: Annotated[int, Field(ge=1)]


class CorrectedPopulation(CorrectedExtract):
    """With the number of values of each field that the Civil Registry discloses by it, where it counts them."""

    full_name: int = 0
    date_of_birth: int = 0
    sex: int = 0
    citizenship: int = 0
    nik: int = 0
    passport_number: int = 0
    province: int = 0
    recorded_on: int = 0


class CorrectedScreenings(CorrectedExtract):
    """The same of Health: fit or not, and no finding."""

    full_name: int = 0
    date_of_birth: int = 0
    sex: int = 0
    nik: int = 0
    passport_number: int = 0
    fit: int = 0
    screened_on: int = 0
    recorded_on: int = 0


class CorrectedWorkers(CorrectedExtract):
    """The same of Manpower."""

    full_name: int = 0
    date_of_birth: int = 0
    sex: int = 0
    citizenship: int = 0
    nik: int = 0
    passport_number: int = 0
    occupation: int = 0
    employer: int = 0
    recorded_on: int = 0


class Changes(Frozen):
    """A file of changes for one agency: the version, and how many values of each field it shows."""

    registry_version: int
    changes_file: str
    same_person_as: int = 0
    full_name: int = 0
    date_of_birth: int = 0
    sex: int = 0
    nik: int = 0
    passport_number: int = 0


class LeadChanges(Changes):
    """What Immigration sees of its own registry."""

    citizenship: int = 0
    province: int = 0
    permit_type: int = 0
    permit_until: int = 0
    permit_office: int = 0
    fit: int = 0
    screened_on: int = 0
    occupation: int = 0
    employer: int = 0


class PopulationChanges(Changes):
    """What the Civil Registry is shown."""

    citizenship: int = 0
    permit_type: int = 0
    permit_until: int = 0


class WorkerChanges(Changes):
    """What Manpower is shown."""

    citizenship: int = 0
    permit_type: int = 0
    permit_until: int = 0


class Adopted(Frozen):
    """How many of the values the agency took over; it answers for its own register."""

    adopted: int


class PrintedList(Frozen):
    """An extract on paper or as a file by mail, as another agency gets it."""

    reference: Reference
    period: str
    row_count: int


class TypedRecords(Frozen):
    """How many records an agency typed from another's list. The fields are those that are typed of each record."""

    full_name: int
    date_of_birth: int
    sex: int
    nik: int
    passport_number: int


def _lines(given: object) -> object:
    """Line numbers as people write them, `1-56; 60`, one by one; anything else stays for the type to refuse."""
    parts = given.split(";") if isinstance(given, str) else given
    if not isinstance(parts, list | tuple):
        return given
    found: list[object] = []
    for part in parts:
        span = _SPAN.fullmatch(part) if isinstance(part, str) else None
        if span is None or int(span[2] or span[1]) < int(span[1]):
            found += [part] if not isinstance(part, str) or part.strip() else []
        else:
            found += range(int(span[1]), int(span[2] or span[1]) + 1)
    return tuple(found)


_SPAN = re.compile(r"\s*([1-9]\d{0,6})\s*(?:-\s*([1-9]\d{0,6})\s*)?")
Lines = Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_lines)]
"""Lines of a list, as in `1-56; 60`."""


class Matched(Frozen):
    """What matching by exact number found: whether somebody has to ask the delivering agency about records.

    `looked_up` is how many lines of the list were; `lines_found` are those whose number stands in the own register,
    `lines_double` those whose number stands on an earlier line. Nobody counts them where `looked_up` is not given.
    """

    unclear: bool
    looked_up: Annotated[int | None, Field(ge=0)] = None
    lines_found: Lines = ()
    lines_double: Lines = ()


class Question(Frozen):
    """A letter about records that do not match."""

    reference: Reference
    period: str


class Answered(Frozen):
    """The letter was answered."""

    done: bool = True


def _deliver(disclosed: type[E]) -> Callable[[ReturnedExtract], E]:
    """The signature of `deliver_again` for an agency whose extract discloses these fields."""

    def deliver_again(returned: ReturnedExtract) -> E:
        """Correct the extract and deliver it again."""

    deliver_again.__annotations__ = {"returned": ReturnedExtract, "return": disclosed}
    return deliver_again


def type_records(listed: PrintedList) -> TypedRecords:
    """Type the records of the list into the own register."""


def match_by_number(listed: PrintedList) -> Matched:
    """Look each record up by its exact number."""


def answer_letter(question: Question) -> Answered:
    """Answer a letter about records that do not match."""


def _adopt(shown: type[C]) -> Callable[[C], Adopted]:
    """The signature of `adopt_changes` for an agency that is shown these fields."""

    def adopt_changes(changes: C) -> Adopted:
        """Take over what changed in the own records."""

    adopt_changes.__annotations__ = {"changes": shown, "return": Adopted}
    return adopt_changes


_TYPED = tuple(TypedRecords.model_fields)

imigrasi_delivers = human_step(IMIGRASI, within=DELIVERING)(_deliver(CorrectedExtract))
dukcapil_delivers = human_step(DUKCAPIL, within=DELIVERING)(_deliver(CorrectedPopulation))
kemenkes_delivers = human_step(KEMENKES, within=DELIVERING)(_deliver(CorrectedScreenings))
kemnaker_delivers = human_step(KEMNAKER, within=DELIVERING)(_deliver(CorrectedWorkers))

imigrasi_adopts = human_step(IMIGRASI, within=ADOPTING)(_adopt(LeadChanges))
dukcapil_adopts = human_step(DUKCAPIL, within=ADOPTING)(_adopt(PopulationChanges))
kemenkes_adopts = human_step(KEMENKES, within=ADOPTING)(_adopt(Changes))
kemnaker_adopts = human_step(KEMNAKER, within=ADOPTING)(_adopt(WorkerChanges))

imigrasi_types = human_step(IMIGRASI, keyed=_TYPED)(type_records)
dukcapil_types = human_step(DUKCAPIL, keyed=_TYPED)(type_records)
kemenkes_types = human_step(KEMENKES, keyed=_TYPED)(type_records)
kemnaker_types = human_step(KEMNAKER, keyed=_TYPED)(type_records)

imigrasi_matches = human_step(IMIGRASI)(match_by_number)
dukcapil_matches = human_step(DUKCAPIL)(match_by_number)
kemenkes_matches = human_step(KEMENKES)(match_by_number)
kemnaker_matches = human_step(KEMNAKER)(match_by_number)

imigrasi_answers = human_step(IMIGRASI)(answer_letter)
dukcapil_answers = human_step(DUKCAPIL)(answer_letter)
kemenkes_answers = human_step(KEMENKES)(answer_letter)
kemnaker_answers = human_step(KEMNAKER)(answer_letter)

DELIVERS = {s.agency.code: s for s in (imigrasi_delivers, dukcapil_delivers, kemenkes_delivers, kemnaker_delivers)}
ADOPTS = {s.agency.code: s for s in (imigrasi_adopts, dukcapil_adopts, kemenkes_adopts, kemnaker_adopts)}
TYPES = {s.agency.code: s for s in (imigrasi_types, dukcapil_types, kemenkes_types, kemnaker_types)}
MATCHES = {s.agency.code: s for s in (imigrasi_matches, dukcapil_matches, kemenkes_matches, kemnaker_matches)}
ANSWERS = {s.agency.code: s for s in (imigrasi_answers, dukcapil_answers, kemenkes_answers, kemnaker_answers)}
"""Each agency's step of a kind, by the agency's code."""
