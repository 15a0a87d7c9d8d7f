"""What is linked and how strictly: which column plays which role, what counts as a link, what people decide.

Nothing here names a tool: the same settings hold whatever computes the probabilities.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perintis.rules.linkage.dates import DateOrder

Share = Annotated[float, Field(gt=0, lt=1)]


class Role(StrEnum):
    """What a column says about a person; the role decides how it is standardised and compared."""

    GIVEN_NAME = "given name"
    FAMILY_NAME = "family name"
    FULL_NAME = "full name"
    DATE_OF_BIRTH = "date of birth"
    SEX = "sex"
    ADDRESS = "address"
    HOUSE_NUMBER = "house number"
    POSTCODE = "postcode"
    PLACE = "place"
    NIK = "identity number (NIK)"
    IDENTITY_NUMBER = "identity number"
    PASSPORT = "passport number"
    PHONE = "phone"
    EMAIL = "e-mail"
    OTHER = "other"


ONCE = (Role.GIVEN_NAME, Role.FAMILY_NAME, Role.FULL_NAME, Role.NIK)


class Verdict(StrEnum):
    """What becomes of a pair: linked, shown to a clerk, or left apart."""

    LINK = "link"
    REVIEW = "review"
    NO = "no"


class LinkedColumn(BaseModel):
    """One column of the extracts and what it says about a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    role: Role
    label: str | None = None
    """The word for clerks; without it the column's name, with spaces for underscores."""
    date_order: DateOrder | None = None
    """How dates like 03/04/1990 are meant; without it the column's other dates must tell, or they stay ambiguous."""

    @property
    def words(self) -> str:
        """What a clerk reads."""
        return self.label or self.name.strip().replace("_", " ")


class Linkage(BaseModel):
    """How records of persons are linked within and across sources.

    `link_at` and `review_at` are probabilities: a pair at or above the first is linked, between both it goes to a
    clerk. `unique_within` names the sources that hold no person twice: no person ever gets two records of one of them.
    `verified_in` names the sources whose identity numbers are verified: no person ever gets two different ones
    (passports change and do not count).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[LinkedColumn, ...] = Field(min_length=1)
    record_id: str = "record"
    unique_within: frozenset[str] = frozenset()
    verified_in: frozenset[str] = frozenset()
    link_at: Share = 0.5
    review_at: Share = 0.1
    blocking: tuple[tuple[str, ...], ...] = ()
    """Columns that must be equal for a pair to be compared at all, rule by rule; empty: chosen by what they cost."""
    pairs_per_record: Annotated[int, Field(ge=1)] = 100
    """How many comparisons a record may cost on average where the blocking rules are chosen."""
    seed: int = 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [column.name for column in self.columns]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"column {doubled[0]!r} is named twice; name each column once")
        roles = [column.role for column in self.columns]
        if many := [role for role in ONCE if roles.count(role) > 1]:
            raise ValueError(f"two columns have the role {many[0].value!r}; give it to one")
        if Role.FULL_NAME in roles and {Role.GIVEN_NAME, Role.FAMILY_NAME} & set(roles):
            raise ValueError("a full name and its parts are the same evidence; name the full name or the parts")
        if self.review_at > self.link_at:
            raise ValueError(f"review_at ({self.review_at}) is above link_at ({self.link_at}); set it at or below")
        if unknown := sorted({name for rule in self.blocking for name in rule} - set(names)):
            raise ValueError(f"a blocking rule names the column {unknown[0]!r}, which is not among the columns")
        return self

    def column_of(self, role: Role) -> LinkedColumn | None:
        """The first column with a role, or None."""
        return next((column for column in self.columns if column.role is role), None)
