"""A data set frozen in a folder: its two tables as Parquet, what is known of it, and a hash of the content.

Officers are replaced by numbers: an evaluation needs to know whether two steps had the same officer, not who it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from perintis.doors.importers.canonical import TableDigest, digest_of
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet, Grade

if TYPE_CHECKING:
    import polars as pl

CASES_FILE, STEPS_FILE, FACTS_FILE = "cases.parquet", "steps.parquet", "dataset.json"


class FrozenFacts(BaseModel):
    """What is known of a frozen data set beside its tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    observed_until: AwareDatetime
    observed_from: AwareDatetime | None = None
    grade: Grade
    clock: str
    simulated: bool
    grade_reason: str
    hash: str


def without_officers(data: DataSet) -> DataSet:
    """The same data set with officers as numbers, in the order of their names."""
    from dataclasses import replace

    import polars as pl

    names = data.steps["officer"].cast(pl.String)
    known = names.drop_nulls().unique().sort().to_list()
    numbers = {name: f"officer {place}" for place, name in enumerate(known, 1)}
    coded = names.replace_strict(numbers, default=None, return_dtype=pl.String).alias("officer")
    return replace(data, steps=data.steps.with_columns(coded))


def freeze(data: DataSet, folder: Path) -> FrozenFacts:
    """Write a data set into a new folder; the hash depends on nothing but the content."""
    folder.mkdir(parents=True)
    data.cases.write_parquet(folder / CASES_FILE)
    data.steps.write_parquet(folder / STEPS_FILE)
    facts = FrozenFacts(
        name=data.name, observed_until=data.observed_until, grade=data.grade, clock=data.clock,
        simulated=data.simulated, grade_reason=data.grade_reason, hash=content_hash(data),
        observed_from=data.observed_from,
    )  # fmt: skip
    (folder / FACTS_FILE).write_text(facts.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return facts


def thaw(folder: Path) -> DataSet:
    """Read a frozen data set again; BadInput where a file is missing or was changed."""
    import polars as pl

    try:
        facts = FrozenFacts.model_validate_json((folder / FACTS_FILE).read_bytes())
        cases, steps = pl.read_parquet(folder / CASES_FILE), pl.read_parquet(folder / STEPS_FILE)
    except (OSError, ValidationError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{folder.name} is not a whole frozen data set ({type(error).__name__})") from None
    data = DataSet(
        name=facts.name, cases=cases, steps=steps, observed_until=facts.observed_until, grade=facts.grade,
        clock=facts.clock, simulated=facts.simulated, grade_reason=facts.grade_reason,
        observed_from=facts.observed_from,
    )  # fmt: skip
    if content_hash(data) != facts.hash:
        raise BadInput(f"{folder.name} was changed after it was frozen: its content does not fit its hash")
    return data


def content_hash(data: DataSet) -> str:
    """SHA-256 over both tables and the facts, whatever machine or Parquet writer stored them."""
    began = {} if data.observed_from is None else {"observed_from": data.observed_from.isoformat()}
    return digest_of(
        {
            "cases": _digest(data.cases), "steps": _digest(data.steps), "name": data.name, "grade": data.grade.value,
            "clock": data.clock, "simulated": data.simulated, "grade_reason": data.grade_reason,
            "observed_until": data.observed_until.isoformat(),
        }
        | began
    )  # fmt: skip


def _digest(table: pl.DataFrame) -> str:
    digest = TableDigest()
    digest.add(table)
    return digest.hexdigest()
