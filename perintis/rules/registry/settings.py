"""What a registry holds and where it comes from (`registry.yaml`): fields, the agencies' columns, what survives.

The four principles of Satu Data Indonesia (Perpres 39/2019, art. 3): data meet a data standard, have metadata, are
interoperable, and use reference codes. A field says all four, so that `registry show` can print them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perintis.rules.linkage.dates import DateOrder
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role, Share
from perintis.rules.linkage.survivorship import Criterion, SurvivorRule
from perintis.rules.yaml_text import read_yaml

Text = Annotated[str, Field(min_length=1)]
RECORD, PERIOD = "record", "period"


class Kind(StrEnum):
    """What a field holds; it decides how a value is read into its standard form."""

    NAME = "name"
    DATE = "date"
    SEX = "sex"
    NIK = "nik"
    PASSPORT = "passport"
    CODE = "code"
    YES_NO = "yes or no"
    TEXT = "text"


class Strict(BaseModel):
    """A part of the settings: a key too many is an error, and nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RegistryField(Strict):
    """One field of the registry with its metadata.

    `concept`, `definition`, `classification` and `unit` are the data standard (Perpres 39/2019, art. 1); `exchanged_as`
    is the form in which it is exchanged; `codes` names a reference list of `codes:`. `linked_as` is its part in the
    linkage. `survives` are the criteria by which one value is chosen where records disagree, `reason` is why.
    """

    kind: Kind
    concept: Text
    definition: Text
    classification: Text = "none"
    unit: Text = "none"
    exchanged_as: Text
    codes: Text | None = None
    linked_as: Role | None = None
    survives: tuple[Criterion, ...] = ()
    reason: Text

    @model_validator(mode="after")
    def _codes_of_a_code(self) -> Self:
        if (self.kind is Kind.CODE) != (self.codes is not None):
            raise ValueError("`codes` names the reference list of a field of the kind `code`, and of no other")
        return self


class Column(Strict):
    """A column of an agency's extract: the field it fills (or `record`, `period`), and what happens to faulty values.

    A faulty value of a `required` column rejects its row; any other is set aside and told. `date_order` says how dates
    like 03/04/1990 are meant. `default` is the value of every row where the agency has no such column of its own.
    """

    fills: Text
    required: bool = False
    date_order: DateOrder | None = None


class Source(Strict):
    """An agency's extract: its columns by their names in the file.

    `unique`: the agency holds no person twice. `verified`: its identity numbers are verified. `dated` names the field
    by which its records are newer or older.
    """

    columns: dict[Text, Column]
    unique: bool = False
    verified: bool = False
    constant: dict[Text, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fills_each_once(self) -> Self:
        filled = [column.fills for column in self.columns.values()] + list(self.constant)
        if twice := sorted({name for name in filled if filled.count(name) > 1}):
            raise ValueError(f"two columns fill {twice[0]!r}; name one")
        for needed in (RECORD, PERIOD):
            if needed not in filled:
                raise ValueError(f"no column fills {needed!r}; name the column that does")
        return self

    def column_of(self, filled: str) -> str | None:
        """The name in the file of the column that fills a field, or None."""
        return next((name for name, column in self.columns.items() if column.fills == filled), None)


class RegistrySettings(Strict):
    """Everything that is particular to one registry.

    `rejected_at_most` is the share of rejected rows above which an extract goes back as a whole. Of one delivery
    `review_at_most` uncertain pairs go to officers, the most uncertain first; others stay apart and are counted.
    Conflicts that no rule decides go to officers `conflicts_per_item` at a time.
    """

    pilot: Text
    rejected_at_most: Share
    link_at: Share
    review_at: Share
    review_at_most: Annotated[int, Field(ge=0)] = 500
    conflicts_per_item: Annotated[int, Field(ge=1, le=200)] = 25
    codes: dict[Text, dict[Text, tuple[str, ...]]] = Field(default_factory=dict)
    fields: dict[Text, RegistryField]
    sources: dict[Text, Source]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for name, field in self.fields.items():
            if field.codes is not None and field.codes not in self.codes:
                raise ValueError(f"field {name!r} uses the reference list {field.codes!r}, which is not in `codes`")
        for agency, source in self.sources.items():
            filled = {column.fills for column in source.columns.values()} | set(source.constant)
            if unknown := sorted(filled - set(self.fields) - {RECORD, PERIOD}):
                raise ValueError(f"a column of {agency} fills {unknown[0]!r}, which is no field of the registry")
        return self

    def source(self, agency: str) -> Source | None:
        """The extract of an agency, or None where it delivers none."""
        return self.sources.get(agency)

    def linkage(self) -> Linkage:
        """How records are linked within and across the agencies."""
        columns = [
            LinkedColumn(name=name, role=field.linked_as, date_order=DateOrder.YEAR_FIRST if field.kind is Kind.DATE
                         else None)
            for name, field in self.fields.items() if field.linked_as is not None
        ]  # fmt: skip
        return Linkage(
            columns=tuple(columns),
            record_id=RECORD,
            unique_within=frozenset(name for name, source in self.sources.items() if source.unique),
            verified_in=frozenset(name for name, source in self.sources.items() if source.verified),
            link_at=self.link_at,
            review_at=self.review_at,
        )

    def survivor_rules(self) -> tuple[SurvivorRule, ...]:
        """A rule a field: which value survives, and why."""
        return tuple(
            SurvivorRule(field=name, criteria=field.survives, reason=field.reason)
            for name, field in self.fields.items()
            if field.survives
        )


def read_registry_settings(text: str, where: str = "registry.yaml") -> RegistrySettings:
    """The settings in a YAML text; raises BadInput, naming file and entry."""
    return read_yaml(text, RegistrySettings, where)
