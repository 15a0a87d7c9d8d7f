"""Satisfaction answers of a baseline: kept beside its tables, as fixed as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from perintis.doors.answer_sheets import CODES
from perintis.doors.baselines import baseline_folder, find_baseline, load_baseline
from perintis.doors.store.satisfaction import OPEN, Answers, Recorded, answer_columns
from perintis.words.errors import BadInput, NotAllowed, NotFound

if TYPE_CHECKING:
    import polars as pl

FILE = "satisfaction.parquet"
UNKNOWN = "is not a case of this baseline"


def keep_for_baseline(
    home: Path,
    pilot: str,
    name: str,
    answers: Sequence[tuple[str, Answers]],
    *,
    strict: bool = False,
    refused_before: bool = False,
) -> Recorded:
    """Keep the answers to closed cases beside a baseline; each case is given once. The same again keeps nothing twice.

    NotAllowed where the baseline has other answers: they are as fixed as its cases. BadInput where the baseline is
    another pilot's, or has no cases. With `strict` nothing is kept where one is refused here, or was
    `refused_before`.
    """
    manifest = find_baseline(home, name)
    if manifest.pilot != pilot:
        raise BadInput(f"baseline {manifest.name} is that of pilot {manifest.pilot}, not of {pilot}")
    if manifest.standard is not None:
        raise BadInput(f"baseline {manifest.name} is a service standard: it has no cases that could be asked about")
    cases = load_baseline(home, manifest.name).cases
    closed = dict(zip(cases["case"], cases["closed"].is_not_null(), strict=True))
    fitting = [(case, given) for case, given in answers if closed.get(case)]
    refused = tuple((case, OPEN if case in closed else UNKNOWN) for case, _ in answers if not closed.get(case))
    before = answers_of_baseline(home, name)
    if before is not None:
        if not before.sort("case").equals(_table(fitting).sort("case")):
            raise NotAllowed(
                f"baseline {manifest.name} has satisfaction answers already, and others; they stay as they are"
            )
        return Recorded(0, len(fitting), refused)
    if not fitting or (strict and (refused or refused_before)):
        return Recorded(0, 0, refused)
    file = baseline_folder(home, manifest) / FILE
    part = file.with_name(FILE + ".part")
    _table(fitting).write_parquet(part)
    part.replace(file)
    return Recorded(len(fitting), 0, refused)


def _table(answers: Sequence[tuple[str, Answers]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        [(case, *(given[code] for code in CODES)) for case, given in answers],
        schema={"case": pl.String, **dict.fromkeys(answer_columns(), pl.Int8)}, orient="row",
    )  # fmt: skip


def answers_of_baseline(home: Path, name: str) -> pl.DataFrame | None:
    """The answers kept beside a baseline, or None."""
    import polars as pl

    try:
        file = baseline_folder(home, find_baseline(home, name.partition(":")[0])) / FILE
    except NotFound:
        return None
    return pl.read_parquet(file) if file.is_file() else None


def asked_of_baseline(home: Path, name: str) -> Iterator[tuple[str | None, Answers | None]]:
    """Of every closed case of a baseline the office and the answers, None where nobody answered; no reference."""
    import polars as pl

    cases = load_baseline(home, name).cases.filter(pl.col("closed").is_not_null())
    kept = answers_of_baseline(home, name)
    given = {case: dict(zip(CODES, row, strict=True)) for case, *row in ([] if kept is None else kept.iter_rows())}
    for case, office in cases.select("case", "office").iter_rows():
        yield office, given.get(case)
