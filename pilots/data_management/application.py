"""One delivered extract on its way into the registry, and how that ends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from perintis.words.counted import Counted
from perintis.words.fields import split_list
from perintis.words.identifiers import Reference, looks_like_nik

Agency = Literal["imigrasi", "dukcapil", "kemenkes", "kemnaker"]

Office = Literal[
    "bali", "banten", "dki_jakarta", "jawa_barat", "jawa_tengah", "jawa_timur", "sulawesi_selatan", "sumatera_utara"
]
"""Provinces whose offices deliver: an assumption. Agencies deliver month by month and province by province."""


def _plain_name(name: str) -> str:
    if "/" in name or "\\" in name or name.startswith("."):
        raise PydanticCustomError("file_name", "is not the plain name of a file: leave folders out")
    if looks_like_nik(name):
        raise PydanticCustomError("file_name", "has an identity number in it: name the file by agency and month")
    return name


Period = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Checksum = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
FileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_plain_name)
]
Columns = Annotated[tuple[str, ...], BeforeValidator(split_list)]


class Application(BaseModel):
    """An extract as its agency announces it: no value of any person.

    `columns` are separated by `;` in a file. With `all_or_nothing` one bad row sends the whole extract back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Reference
    agency: Agency
    office: Office
    period: Period
    file_name: FileName
    sha256: Checksum
    row_count: Annotated[int, Field(ge=1, le=5_000_000)]
    columns: Columns = ()
    all_or_nothing: bool = False


class Decision(BaseModel):
    """How an extract ended: in a version of the registry, known already, or not put right in time.

    The counts are of this extract. `records` are those that were looked at, `pairs_left_apart` uncertain pairs above
    the limit of one delivery; `settled` are conflicts that officers settled, among the resolved; `hand_keyed` are
    values that somebody typed. What nobody counted is None: by hand nobody looks for conflicts.
    """

    model_config = ConfigDict(frozen=True)

    outcome: Literal["published", "known_already", "lapsed"]
    registry_version: int | None = None
    records: int | None = None
    duplicates_found: Annotated[int | None, Counted()] = None
    records_linked: Annotated[int | None, Counted(of="records")] = None
    pairs_left_apart: int | None = None
    conflicts_found: Annotated[int | None, Counted()] = None
    conflicts_resolved: Annotated[int | None, Counted(of="conflicts_found")] = None
    settled: int | None = None
    hand_keyed: int = 0
    duplicate_of: Reference | None = None
