"""Which column of a log means what: the mapping, written as a small YAML or given by flags.

A column is named as in the header of a CSV. In XES an attribute of an event is named by its key (`org:group`) and an
attribute of a trace by its key after `case:` (`case:channel`), as most tools do when they turn XES into a table.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from perintis.rules.yaml_text import load_yaml
from perintis.words.counted import figure_column, whole_column
from perintis.words.errors import BadInput
from perintis.words.tables import ATTRIBUTE_PREFIX, Grade

LAST_EVENT = "last event"
OWN_PREFIX = f"{ATTRIBUTE_PREFIX}perintis:"
"""What our own exports write beside the standard keys; columns of every case, so never attributes."""


class Layout(StrEnum):
    """What one row of a file is."""

    EVENTS = "events"  # one row an event
    CASES = "cases"  # one row a case with its dates


class AttributeType(StrEnum):
    """How a case attribute of a CSV is to be read; without a word about it, it stays text (identifiers are text)."""

    TEXT = "text"
    INTEGER = "int"
    NUMBER = "float"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"


class Strict(BaseModel):
    """Frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cohort(Strict):
    """How cases are put into cohorts: by the value of a column, or by the opening date in local time.

    With `before`, cases opened earlier than that local day are in cohort `before` and all others in `after`; with
    `days` too, only those opened within so many days of it, and all others are in `other`.
    """

    column: str | None = None
    before: date | None = None
    days: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_rule(self) -> Cohort:
        if (self.column is None) == (self.before is None):
            raise ValueError("give either a column or a date `before`")
        return self


class Due(Strict):
    """When a case is due: by a date in a column, or at the end of the so many-th local day after it was opened."""

    column: str | None = None
    days: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_rule(self) -> Due:
        if (self.column is None) == (self.days is None):
            raise ValueError("give either a column or a number of days")
        return self


class Closing(Strict):
    """When a case counts as closed: at a date in a column, at its last closing step, or at its last event.

    A case without that date or without such a step is still open.
    """

    column: str | None = None
    activities: tuple[str, ...] | None = None
    last_event: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Closing:
        if sum((self.column is not None, self.activities is not None, self.last_event)) != 1:
            raise ValueError("give one of: a column, a list of activities, last_event: true")
        return self


class FigureColumn(Strict):
    """The column with a figure of each case, and where it is a part, the column with the whole."""

    column: str
    of: str | None = None


class Milestone(Strict):
    """A date column of a case extract: the step that ended then, and where known its start and agency."""

    step: str
    start: str | None = Field(default=None, description="the column with the date on which the step began")
    agency: str | None = Field(default=None, description="the code of the agency that does the step")


class Sampling(Strict):
    """How a time-and-motion sample was taken, in words: who observed, how the cases were chosen, on how many days."""

    observed_by: str = Field(min_length=1)
    chosen: str = Field(min_length=1)
    days: int = Field(gt=0, description="days on which somebody observed")

    def __str__(self) -> str:
        counted = "1 day" if self.days == 1 else f"{self.days} days"
        return f"observed by {self.observed_by} on {counted}; cases chosen: {self.chosen}"


class Mapping(Strict):
    """The columns of a log and how to read them. Every default is the standard XES key, used where the file has it."""

    layout: Layout = Layout.EVENTS
    case: str | tuple[str, ...] = Field(
        default="case:concept:name", description="the case id; several columns of a CSV are joined by a slash"
    )
    activity: str = "concept:name"
    timestamp: str = "time:timestamp"
    start: str | None = "start_timestamp"
    lifecycle: str | None = "lifecycle:transition"
    instance: str | None = "concept:instance"
    agency: str | None = "org:group"
    office: str | None = None
    officer: str | None = "org:resource"
    cost: str | None = "cost:total"
    step_outcome: str | None = None
    step_due: str | None = None
    keyed: str | None = None
    case_office: str | None = None
    opened: str | None = None
    closed: Closing | None = None
    withdrawn: tuple[str, ...] = Field(
        default=(), description="activities by which a case ends without what `closed` waits for, if they come first"
    )
    due: Due | None = None
    outcome: str | None = None
    cohort: Cohort | None = None
    attributes: tuple[str, ...] | None = Field(
        default=None, description="case attributes to keep; all that are headed `case:` when not given"
    )
    types: dict[str, AttributeType] = {}
    figures: dict[str, FigureColumn] = Field(
        default={}, description="figure of the pilot -> column with it, or {column, of} where it is a part of `of`"
    )
    milestones: dict[str, Milestone] = Field(
        default={}, description="of a case extract: column with a date -> the step that was completed then"
    )
    steps: dict[str, str] = Field(default={}, description="activity in the file -> step of the pilot")
    agencies: dict[str, str] = Field(default={}, description="agency in the file -> code of the agency")
    ignore: tuple[str, ...] = Field(default=(), description="activities to leave out")
    only: dict[str, tuple[str, ...]] = Field(default={}, description="keep rows with one of these values")
    timezone: str | None = Field(default=None, description="zone of times that are written without an offset")
    date_format: str | None = Field(default=None, description="as in Python's strptime; ISO 8601 when not given")
    separator: Literal[",", ";", "\t", "|"] | None = None
    encoding: Literal["utf-8", "utf-16", "windows-1252"] | None = None
    sheet: str | None = Field(default=None, description="sheet of a workbook; the first that is not empty")
    header_row: int | None = Field(default=None, gt=0, description="row of the sheet that names the columns")
    object_type: str | None = Field(default=None, description="type of object of an OCEL log that is the case")
    clock: str = Field(default="", description="words: what starts and what stops the lead time")
    clocks: dict[str, str] = Field(default={}, description="the same for cohorts with a clock of their own")
    grade: Grade | None = Field(default=None, description="a lower grade than the data would get by itself")
    sampling: Sampling | None = Field(default=None, description="how a short sample was taken; its grade follows")
    observed_until: datetime | None = Field(default=None, description="when the data was read; else the last event")
    observed_from: datetime | None = Field(
        default=None, description="when observation began, if cases open then are in it and those ended before are not"
    )

    @field_validator("closed", mode="before")
    @classmethod
    def _closing_in_short(cls, value: object) -> object:
        if value == LAST_EVENT:
            return Closing(last_event=True)
        return Closing(column=value) if isinstance(value, str) else value

    @field_validator("cohort", mode="before")
    @classmethod
    def _cohort_in_short(cls, value: object) -> object:
        return Cohort(column=value) if isinstance(value, str) else value

    @field_validator("due", mode="before")
    @classmethod
    def _due_in_short(cls, value: object) -> object:
        return Due(column=value) if isinstance(value, str) else value

    @field_validator("milestones", mode="before")
    @classmethod
    def _milestones_in_short(cls, value: object) -> object:
        if not isinstance(value, MappingType):
            return value
        return {column: {"step": one} if isinstance(one, str) else one for column, one in value.items()}

    @field_validator("figures", mode="before")
    @classmethod
    def _figures_in_short(cls, value: object) -> object:
        if not isinstance(value, MappingType):
            return value
        return {name: {"column": one} if isinstance(one, str) else one for name, one in value.items()}

    @field_validator("only", mode="before")
    @classmethod
    def _one_value_or_more(cls, value: object) -> object:
        if not isinstance(value, MappingType):
            return value
        lists = {key: v if isinstance(v, list | tuple) else (v,) for key, v in value.items()}
        return {key: tuple(str(one) for one in v) for key, v in lists.items()}

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, OSError, ValueError) as error:
                raise ValueError("not a time zone; write it like Asia/Jakarta") from error
        return value

    @field_validator("observed_until", "observed_from", mode="before")
    @classmethod
    def _no_bare_number(cls, value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            raise ValueError("not a date and time; write it like 2016-10-01T00:00:00+07:00")
        return value

    @field_validator("observed_until", "observed_from")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("give it with an offset, like 2016-10-01T00:00:00+07:00")
        return value

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Mapping:
        if self.milestones and self.layout is not Layout.CASES:
            raise ValueError("milestones belong to `layout: cases`; an event log has its steps in `activity`")
        if self.observed_from and self.observed_until and self.observed_from >= self.observed_until:
            raise ValueError("`observed_from` has to lie before `observed_until`")
        if self.withdrawn and (self.closed is None or self.closed.activities is None):
            raise ValueError("`withdrawn` names other ends than the activities of `closed`; write those too")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone for times without an offset."""
        return ZoneInfo(self.timezone or "UTC")

    @property
    def case_parts(self) -> tuple[str, ...]:
        """The columns that make the case id."""
        return (self.case,) if isinstance(self.case, str) else self.case

    def event_columns(self) -> dict[str, str]:
        """Role -> column, for what belongs to one event."""
        roles = (
            "activity", "timestamp", "start", "lifecycle", "instance", "agency", "office", "officer", "cost",
            "step_outcome", "step_due", "keyed",
        )  # fmt: skip
        named = {role: getattr(self, role) for role in roles}
        return {role: column for role, column in named.items() if column is not None}

    def case_columns(self) -> dict[str, str]:
        """Role -> column, for what belongs to the case as a whole."""
        named = {
            "case_office": self.case_office or (self.office if self.layout is Layout.CASES else None),
            "opened": self.opened,
            "closed": self.closed.column if self.closed else None,
            "due": self.due.column if self.due else None,
            "outcome": self.outcome,
            "cohort": self.cohort.column if self.cohort else None,
        }
        return {role: column for role, column in named.items() if column is not None}

    def named(self, role: str) -> bool:
        """Whether the mapping names this role itself, so that its column must be there."""
        return role in self.model_fields_set

    def figure_columns(self) -> dict[str, str]:
        """The column of the case table for each figure and each whole -> the column of the file that has it."""
        wholes = {whole_column(name): one.of for name, one in self.figures.items() if one.of is not None}
        return {figure_column(name): one.column for name, one in self.figures.items()} | wholes

    def keeps(self, column: str) -> bool:
        """Whether a column is kept as a case attribute, or read as a figure."""
        return column in self.figure_columns().values() or self.keeps_as_it_is(column)

    def keeps_as_it_is(self, column: str) -> bool:
        """Whether a column is kept as a case attribute under its own name."""
        if column in self.case_parts or column.startswith(OWN_PREFIX):
            return False
        if self.attributes is not None:
            return column in self.attributes
        return column.startswith(ATTRIBUTE_PREFIX)

    def as_recorded(self) -> dict[str, Any]:
        """What was said, without defaults, in a form that is equal between machines."""
        return self.model_dump(mode="json", exclude_defaults=True)


OUR_EXPORT = Mapping(
    office="perintis:office",
    step_outcome="perintis:outcome",
    step_due="perintis:due",
    keyed="perintis:keyed",
    case_office=f"{OWN_PREFIX}office",
    opened=f"{OWN_PREFIX}opened",
    closed=Closing(column=f"{OWN_PREFIX}closed"),
    due=Due(column=f"{OWN_PREFIX}due"),
    outcome=f"{OWN_PREFIX}outcome",
    cohort=Cohort(column=f"{OWN_PREFIX}cohort"),
)
"""Reads an XES that this program exported back into the same tables."""

EXAMPLE = """case: permit_number
activity: task
timestamp: finished_at
agency: department
timezone: Asia/Jakarta
closed: {activities: [Decision sent]}
"""
"""Shown to a person whose CSV has none of the standard headers."""


def attribute_name(column: str) -> str:
    """The column of the case table for a case attribute: always with the prefix `case:`."""
    return column if column.startswith(ATTRIBUTE_PREFIX) else ATTRIBUTE_PREFIX + column


def build_mapping(values: object, where: str = "mapping") -> Mapping:
    """A mapping from plain values, or `BadInput` that names the first key that is wrong."""
    if not isinstance(values, dict):
        raise BadInput(f"{where}: expected keys and columns, like `case: permit_number`")
    try:
        return Mapping.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "mapping"
        message = str(first["msg"]).removeprefix("Value error, ")
        known = ", ".join(Mapping.model_fields) if first["type"] == "extra_forbidden" else ""
        hint = f" (known keys: {known})" if known else ""
        raise BadInput(f"{where}: {key}: {message}{hint}") from error


def load_mapping(path: Path) -> Mapping:
    """The mapping of a YAML file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"{path.name}: there is no such file; --guess proposes a mapping and writes it") from error
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name}: not YAML in UTF-8; write lines like `case: permit_number`") from error
    values = load_yaml(text, path.name)
    return build_mapping(values or {}, path.name)
