"""Baselines: imported data sets, each a folder named by its content, with where it came from and what was rejected.

`<home>/baselines/<hash>/` holds cases.parquet, steps.parquet, rejects.csv and manifest.json. The hash is SHA-256 over
the content of both tables, the mapping, the grade and the instant of observation, so it is equal between machines and
shows tampering. Nothing is half there: a baseline is written beside and then renamed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from perintis.doors.importers.canonical import TableDigest, digest_of
from perintis.doors.importers.gzip_stream import Progress
from perintis.doors.importers.mapping import Layout, Mapping
from perintis.doors.importers.read import LogRead, read_log
from perintis.doors.importers.writer import CASES_FILE, STEPS_FILE
from perintis.words.errors import BadInput, NotAllowed, NotFound
from perintis.words.tables import DataSet, Grade

FOLDER = "baselines"
MANIFEST = "manifest.json"
UNFINISHED = ".importing-"
LEFT_BEHIND = timedelta(days=1)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
SHORTEST_HASH = 12
ENOUGH_CASES, ENOUGH_TIME = 30, timedelta(days=28)
LOWER_GRADES = (Grade.MEASURED, Grade.SAMPLE, Grade.PROMISED, Grade.REHEARSAL)


class BaselineManifest(BaseModel):
    """What is known of a baseline beside its tables.

    `events` are the events read, `steps` the step visits they make; `filtered` rows did not fit the filter and
    `ignored` events are of activities that the mapping leaves out; `rejected` rows are listed in rejects.csv. `first`
    and `last_opened` are the earliest and the latest opening in local time, `offsets` the offsets from UTC met, in
    minutes. `replaced_by` is the hash of the baseline that took over the name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    name: str
    pilot: str
    hash: str
    source: str
    source_sha256: str
    mapping: dict[str, Any]
    clock: str
    cases: int
    open_cases: int
    events: int
    steps: int
    rejected: int
    reasons: dict[str, int]
    filtered: int
    ignored: int
    first: datetime
    last_opened: datetime
    observed_until: datetime
    resolution: str
    offsets: tuple[int, ...]
    grade: Grade
    grade_reason: str
    notes: tuple[str, ...]
    created: datetime
    replaced_by: str | None = None


def import_baseline(
    home: Path,
    pilot: str,
    path: Path,
    name: str,
    mapping: Mapping,
    progress: Progress | None = None,
    *,
    replace: bool = False,
) -> BaselineManifest:
    """Read a log and keep it as the baseline `name` of a pilot; the same content again changes nothing.

    Raises `BadInput` where the file or the name cannot be taken, and `NotAllowed` where the name stands for other
    content (unless `replace`; the earlier one then stays under its hash) or the content has another name.
    """
    if not NAME.fullmatch(name):
        raise BadInput(f"baseline name {name!r}: use letters, digits, '-', '_' and '.', at most 80")
    shelf = _shelf(home)
    _sweep(shelf)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=shelf))
    try:
        read = read_log(path, mapping, folder, progress)
        manifest = _describe(read, mapping, path, name, pilot)
        _write(folder / MANIFEST, manifest)
        return _settle(shelf, folder, manifest, replace=replace)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def list_baselines(home: Path, pilot: str | None = None) -> list[BaselineManifest]:
    """The baselines that have a name now, by name; of one pilot or of all."""
    found = [manifest for manifest in _manifests(home / FOLDER) if manifest.replaced_by is None]
    return sorted((m for m in found if pilot in (None, m.pilot)), key=lambda m: m.name)


def find_baseline(home: Path, name: str) -> BaselineManifest:
    """The baseline of this name or of a hash that begins so; raises `NotFound`."""
    manifests = _manifests(home / FOLDER)
    for manifest in manifests:
        by_hash = len(name) >= SHORTEST_HASH and manifest.hash.startswith(name)
        if by_hash or (manifest.name == name and manifest.replaced_by is None):
            return manifest
    known = ", ".join(sorted(m.name for m in manifests if m.replaced_by is None)) or "none yet"
    raise NotFound(f"no baseline {name!r} here (known: {known}); import one with `perintis baseline import`")


def baseline_folder(home: Path, manifest: BaselineManifest) -> Path:
    """Where the files of a baseline lie."""
    return home / FOLDER / manifest.hash


def load_baseline(home: Path, selection: str) -> DataSet:
    """The data set `name`, or one cohort of it as `name:cohort`.

    The content is held against its hash: `BadInput` where the files were changed. `NotFound` for an unknown name
    or cohort.
    """
    name, colon, cohort = selection.partition(":")
    manifest = find_baseline(home, name)
    cases, steps = _tables(baseline_folder(home, manifest), manifest)
    if colon:
        cases = _cohort(cases, name, cohort)
        steps = steps.join(cases.select("case"), on="case", how="semi", maintain_order="left")
    return DataSet(
        name=f"{manifest.name}{colon}{cohort}",
        cases=cases,
        steps=steps,
        observed_until=manifest.observed_until.astimezone(UTC),
        grade=manifest.grade,
        clock=manifest.mapping.get("clocks", {}).get(cohort, manifest.clock),
    )


def _cohort(cases: pl.DataFrame, name: str, cohort: str) -> pl.DataFrame:
    chosen = cases.filter(pl.col("cohort") == cohort)
    if chosen.is_empty():
        known = ", ".join(cases["cohort"].unique().sort())
        raise NotFound(f"baseline {name!r} has no cohort {cohort!r} (it has: {known})")
    return chosen


def _describe(read: LogRead, mapping: Mapping, path: Path, name: str, pilot: str) -> BaselineManifest:
    tables = read.tables
    until = mapping.observed_until or tables.last
    grade, reason = _grade(read, mapping)
    said = mapping.as_recorded()
    content = _content_hash(tables.cases_digest, tables.steps_digest, said, grade, until)
    with path.open("rb") as file:
        source_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return BaselineManifest(
        name=name, pilot=pilot, hash=content, source=path.name, source_sha256=source_sha256, mapping=said,
        clock=mapping.clock or _clock_of(mapping), cases=tables.cases, open_cases=tables.open_cases,
        events=read.events, steps=tables.steps, rejected=read.rejected, reasons=read.reasons,
        filtered=read.filtered, ignored=read.ignored, first=tables.first, last_opened=tables.last_opened,
        observed_until=until, resolution=tables.resolution, offsets=tables.offsets, grade=grade,
        grade_reason=reason, notes=read.notes, created=datetime.now(UTC),
    )  # fmt: skip


def _content_hash(cases: str, steps: str, mapping: dict[str, Any], grade: Grade, until: datetime) -> str:
    content = {"format": 1, "cases": cases, "steps": steps, "mapping": mapping, "grade": grade.value}
    return digest_of(content | {"observed_until": until.astimezone(UTC).isoformat()})


def _clock_of(mapping: Mapping) -> str:
    """What starts and stops the lead time, where the mapping does not say it in words."""
    starts = f"column {mapping.opened}" if mapping.opened else "first event"
    closed = mapping.closed
    if closed is not None and closed.column is not None:
        stops = f"column {closed.column}"
    elif closed is not None and closed.activities is not None:
        stops = "last of the steps " + ", ".join(closed.activities)
    else:
        stops = "last event"
    return f"from {starts} to {stops}"


def _grade(read: LogRead, mapping: Mapping) -> tuple[Grade, str]:
    """The grade and why; a mapping may lower it, never raise it."""
    tables = read.tables
    closed, days = tables.cases - tables.open_cases, (tables.last_opened - tables.first).days
    kind = "case dates" if mapping.layout is Layout.CASES else "recorded events"
    told = f"{kind} of {closed} closed cases opened over {days} days"
    short = closed < ENOUGH_CASES or tables.last_opened - tables.first < ENOUGH_TIME
    grade = Grade.SAMPLE if short else Grade.MEASURED
    if short:
        told += f"; a measured log needs {ENOUGH_CASES} closed cases and {ENOUGH_TIME.days} days"
    wanted = mapping.grade
    if wanted is not None and wanted in LOWER_GRADES and LOWER_GRADES.index(wanted) > LOWER_GRADES.index(grade):
        why = "simulated, for it was a rehearsal" if wanted is Grade.REHEARSAL else "lowered by the mapping"
        return wanted, f"{told}; {why}"
    return grade, told


def _settle(shelf: Path, folder: Path, manifest: BaselineManifest, *, replace: bool) -> BaselineManifest:
    """Put a finished folder in its place, unless it is there already or its name is taken."""
    manifests = _manifests(shelf)
    holder = next((m for m in manifests if m.name == manifest.name and m.replaced_by is None), None)
    same = next((m for m in manifests if m.hash == manifest.hash), None)
    if holder is not None and holder.hash == manifest.hash and holder.pilot == manifest.pilot:
        if _intact(shelf / holder.hash, holder):
            return holder
    elif not replace:
        if holder is not None and holder.hash != manifest.hash:
            raise NotAllowed(
                f"baseline {manifest.name!r} already stands for other content; choose another name, or replace it"
            )
        if same is not None and same.replaced_by is None:
            raise NotAllowed(f"this content is here already as {same.name!r} of pilot {same.pilot!r}; use that name")
    place = shelf / manifest.hash
    if place.exists():
        shutil.rmtree(place)
    folder.chmod(0o700)
    folder.rename(place)
    _to_disk(shelf)
    if holder is not None and holder.hash != manifest.hash:
        _write(shelf / holder.hash / MANIFEST, holder.model_copy(update={"replaced_by": manifest.hash}))
    return manifest


def _tables(folder: Path, manifest: BaselineManifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    changed = f"baseline {manifest.name!r} was changed after its import; import it again from {manifest.source}"
    try:
        cases, steps = pl.read_parquet(folder / CASES_FILE), pl.read_parquet(folder / STEPS_FILE)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(changed) from error
    digests = []
    for table in (cases, steps):
        digest = TableDigest()
        digest.add(table)
        digests.append(digest.hexdigest())
    found = _content_hash(digests[0], digests[1], manifest.mapping, manifest.grade, manifest.observed_until)
    if found != manifest.hash or folder.name != manifest.hash:
        raise BadInput(changed)
    return cases, steps


def _intact(folder: Path, manifest: BaselineManifest) -> bool:
    try:
        _tables(folder, manifest)
    except BadInput:
        return False
    return True


def _manifests(shelf: Path) -> list[BaselineManifest]:
    found = []
    for path in sorted(shelf.glob(f"*/{MANIFEST}")):
        if not path.parent.name.startswith(UNFINISHED):
            try:
                found.append(BaselineManifest.model_validate_json(path.read_bytes()))
            except ValidationError as error:
                raise BadInput(f"baseline {path.parent.name[:SHORTEST_HASH]}: its manifest was changed") from error
    return found


def _write(path: Path, manifest: BaselineManifest) -> None:
    """Write a manifest so that a crash leaves the old one or the new one."""
    beside = path.with_suffix(".new")
    beside.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
    for file in path.parent.iterdir():
        _to_disk(file)
    _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _shelf(home: Path) -> Path:
    shelf = home / FOLDER
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    return shelf


def _sweep(shelf: Path) -> None:
    """Remove what an import that was killed left behind, once nobody can be writing it any more."""
    for folder in shelf.glob(UNFINISHED + "*"):
        if datetime.now(UTC).timestamp() - folder.stat().st_mtime > LEFT_BEHIND.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)
