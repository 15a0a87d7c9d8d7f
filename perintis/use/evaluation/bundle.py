"""The replication bundle: one zip file with all that an evaluation was computed from, and what came out.

Anybody with the bundle and the program can compute every figure again. Officers are numbers in it, and it has no
application's content; the identifiers of cases and their facts for grouping are there.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from perintis.doors.frozen import freeze, thaw
from perintis.rules.evaluation.document import Evaluation, read_evaluation
from perintis.rules.fixed_calendars import as_plain, from_plain
from perintis.rules.plan import canonical_json, plan_of_json
from perintis.use.evaluation.dictionary import DICTIONARY
from perintis.use.evaluation.material import Material, Request
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    import polars as pl

    from perintis.words.tables import DataSet

REQUEST, PLAN, CALENDARS, EVALUATION, ABOUT = (
    "request.json", "plan.json", "calendars.json", "evaluation.json", "README.md",
)  # fmt: skip
ANSWERS = "satisfaction.parquet"
BASELINE, PILOT, DESIGNED = "baseline", "pilot", "designed"
SAME_DAY = (1980, 1, 1, 0, 0, 0)  # zip files carry dates; ours are all alike so that the bytes are


def write_bundle(material: Material, evaluation: Evaluation, file: Path) -> None:
    """Write the bundle; the file appears whole or not at all."""
    with _workshop(file.parent) as folder:
        _lay_out(material, folder)
        (folder / EVALUATION).write_text(evaluation.to_json(), encoding="utf-8")
        (folder / ABOUT).write_text(DICTIONARY, encoding="utf-8")
        part = folder / "packed"  # in the private folder, which goes away whatever happens
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(p for p in folder.rglob("*") if p.is_file() and p != part):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), SAME_DAY)
                entry.external_attr = 0o600 << 16
                entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".parquet" else zipfile.ZIP_DEFLATED
                with path.open("rb") as source, packed.open(entry, "w") as target:
                    shutil.copyfileobj(source, target)
        part.replace(file)


def read_bundle(file: Path) -> tuple[Material, Evaluation]:
    """What an evaluation was computed from, and what came out; BadInput where the bundle is not whole."""
    if not file.is_file():
        raise NotFound(f"there is no bundle {file}")
    with _workshop(None) as folder:
        try:
            with zipfile.ZipFile(file) as packed:
                packed.extractall(folder)
            return _material(folder), read_evaluation((folder / EVALUATION).read_bytes())
        except BadInput as error:
            raise BadInput(f"{file} is not a whole replication bundle: {error}") from None
        except DAMAGE as error:
            raise BadInput(f"{file} is not a whole replication bundle ({type(error).__name__})") from None


DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValidationError, KeyError,
    TypeError, ValueError, AttributeError,
)  # fmt: skip
"""What reading a damaged file may raise: by the zip format, by JSON, by a schema, or by a part that is not there."""


def _material(folder: Path) -> Material:
    return Material(
        request=Request.model_validate_json((folder / REQUEST).read_bytes()),
        plan=plan_of_json((folder / PLAN).read_text("utf-8")), baseline=thaw(folder / BASELINE),
        pilot=thaw(folder / PILOT), calendars=from_plain(json.loads((folder / CALENDARS).read_text("utf-8"))),
        answers=_answers(folder / ANSWERS),
        designed=thaw(folder / DESIGNED) if (folder / DESIGNED).is_dir() else None,
    )  # fmt: skip


def _lay_out(material: Material, folder: Path) -> None:
    (folder / REQUEST).write_text(material.request.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder / PLAN).write_text(canonical_json(material.plan), encoding="utf-8")
    (folder / CALENDARS).write_text(json.dumps(as_plain(material.calendars), indent=1) + "\n", encoding="utf-8")
    parts: dict[str, DataSet | None] = {
        BASELINE: material.baseline, PILOT: material.pilot, DESIGNED: material.designed,
    }  # fmt: skip
    for name, data in parts.items():
        if data is not None:
            freeze(data, folder / name)
    if material.answers is not None:
        material.answers.write_parquet(folder / ANSWERS)


def _answers(file: Path) -> pl.DataFrame | None:
    import polars as pl

    try:
        return pl.read_parquet(file) if file.is_file() else None
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{file.name} cannot be read ({type(error).__name__})") from None


@contextmanager
def _workshop(beside: Path | None) -> Iterator[Path]:
    """A private folder that goes away again."""
    if beside is not None:
        beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".bundle-", dir=beside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
