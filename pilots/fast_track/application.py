"""The application for a limited-stay permit (izin tinggal terbatas), and the decision on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from perintis.words.fields import CountryCode, IsoDate, PersonName, blank_is_none, split_list
from perintis.words.identifiers import Nik, PassportNumber, Reference, Sex
from pilots.fast_track import promises

Category = Literal["worker", "family"]

Office = Literal["bandung", "bogor", "jakarta_pusat", "jakarta_selatan", "medan", "semarang", "surabaya", "tangerang"]
"""Immigration offices that take part: an assumption. All lie in western time (WIB), as the service levels suppose."""

Document = Literal[
    "passport",
    "photograph",
    "sponsorship_letter",
    "sponsor_identity_card",
    "address_statement",
    "employment_contract",
    "family_certificate",
]

_ALWAYS: tuple[Document, ...] = (
    "passport", "photograph", "sponsorship_letter", "sponsor_identity_card", "address_statement",
)  # fmt: skip
REQUIRED_DOCUMENTS: dict[Category, tuple[Document, ...]] = {
    "worker": (*_ALWAYS, "employment_contract"),
    "family": (*_ALWAYS, "family_certificate"),
}
"""What a complete file has: an assumption in the manner of the published lists; the annex of the agreement decides."""


def _each_once(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    return tuple(sorted(set(documents)))


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalText = Annotated[Text | None, BeforeValidator(blank_is_none)]
Documents = Annotated[tuple[Document, ...], BeforeValidator(split_list), AfterValidator(_each_once)]


class Application(BaseModel):
    """One application, as handed in. `documents` names the kinds handed in; in a file they are separated by `;`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Reference
    office: Office
    category: Category
    citizenship: CountryCode
    passport_number: PassportNumber
    full_name: PersonName
    date_of_birth: IsoDate
    sex: Sex
    sponsor_nik: Nik
    sponsor_name: PersonName
    employer: OptionalText = Field(default=None, validate_default=True)
    occupation: OptionalText = Field(default=None, validate_default=True)
    documents: Documents = ()

    @property
    def required_documents(self) -> tuple[Document, ...]:
        """What a complete file of this category has."""
        return REQUIRED_DOCUMENTS[self.category]

    @property
    def fee(self) -> int:
        """What the permit costs, in rupiah."""
        return promises.FEE

    @field_validator("citizenship")
    @classmethod
    def _foreign(cls, citizenship: str) -> str:
        if citizenship == "IDN":
            raise PydanticCustomError("citizenship", "is Indonesian: a citizen needs no stay permit")
        return citizenship

    @field_validator("employer", "occupation")
    @classmethod
    def _of_a_worker(cls, given: str | None, info: ValidationInfo) -> str | None:
        if given is None and info.data.get("category") == "worker":
            raise PydanticCustomError("worker", "is missing: a worker's application needs it")
        return given


Ground = Literal[
    "identity", "health", "police_record", "work", "false_statement", "other", "documents_not_supplied", "fee_not_paid"
]


class Decision(BaseModel):
    """How an application ended. `ground` says why it was refused or lapsed, `simulated` that the permit is none."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["granted", "refused", "lapsed"]
    permit_number: str | None = None
    ground: Ground | None = None
    simulated: bool = False
