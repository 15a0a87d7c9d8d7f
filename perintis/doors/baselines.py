"""Baselines: imported data sets, each a folder named by its content, with where it came from and what was rejected.

`<home>/baselines/<hash>/` holds cases.parquet, steps.parquet, rejects.csv and manifest.json. The hash is SHA-256 over
the content of both tables, the mapping, the grade and the instant of observation, so it is equal between machines and
shows tampering. A published service standard has no tables: its promises stand in the manifest, under the hash of all
that it says. Nothing is half there: a baseline is written beside and then renamed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import polars as pl

from perintis.doors.baseline_manifest import (
    BaselineManifest,
    content_hash,
    describe_log,
    describe_standard,
    standard_hash,
)
from perintis.doors.baseline_shelf import (
    FOLDER,
    MANIFEST,
    SHORTEST_HASH,
    UNFINISHED,
    make_shelf,
    read_manifests,
    settle,
    sweep,
    write_manifest,
)
from perintis.doors.importers.canonical import TableDigest
from perintis.doors.importers.gzip_stream import Progress
from perintis.doors.importers.mapping import Mapping
from perintis.doors.importers.read import read_log
from perintis.doors.importers.standard import no_cases, no_steps, read_standard
from perintis.doors.importers.writer import CASES_FILE, STEPS_FILE
from perintis.words.errors import BadInput, NotFound
from perintis.words.tables import DataSet, Grade

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def import_baseline(
    home: Path,
    pilot: str,
    path: Path,
    name: str,
    mapping: Mapping,
    progress: Progress | None = None,
    *,
    replace: bool = False,
    by: str | None = None,
) -> BaselineManifest:
    """Read a log and keep it as the baseline `name` of a pilot; the same content again changes nothing.

    `by` is who imports it. Raises `BadInput` where the file or the name cannot be taken, and `NotAllowed` where the
    name stands for other content (unless `replace`; the earlier one then stays under its hash) or the content has
    another name.
    """
    if mapping.grade is Grade.PROMISED:
        raise BadInput(
            f"{path.name}: rows are no promise; write a promised time as a service standard and keep it with "
            "`perintis baseline standard`"
        )
    with _beside(home, name) as (shelf, folder):
        read = read_log(path, mapping, folder, progress)
        manifest = describe_log(read, mapping, path, name, pilot, by)
        write_manifest(folder / MANIFEST, manifest)
        return settle(shelf, folder, manifest, _intact, replace=replace)


def import_standard(
    home: Path, pilot: str, path: Path, name: str, *, replace: bool = False, by: str | None = None
) -> BaselineManifest:
    """Keep a published service standard (a YAML file) as the baseline `name`; errors as of `import_baseline`."""
    standard = read_standard(path)
    with _beside(home, name) as (shelf, folder):
        manifest = describe_standard(standard, path, name, pilot, by)
        write_manifest(folder / MANIFEST, manifest)
        return settle(shelf, folder, manifest, _intact, replace=replace)


@contextmanager
def _beside(home: Path, name: str) -> Iterator[tuple[Path, Path]]:
    """The shelf, and a folder on it for a baseline in the making, which is gone afterwards."""
    if not NAME.fullmatch(name):
        raise BadInput(f"baseline name {name!r}: use letters, digits, '-', '_' and '.', at most 80")
    shelf = make_shelf(home)
    sweep(shelf)
    folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=shelf))
    try:
        yield shelf, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def list_baselines(home: Path, pilot: str | None = None) -> list[BaselineManifest]:
    """The baselines that have a name now, by name; of one pilot or of all."""
    found = [manifest for manifest in read_manifests(home / FOLDER) if manifest.replaced_by is None]
    return sorted((m for m in found if pilot in (None, m.pilot)), key=lambda m: m.name)


def find_baseline(home: Path, name: str) -> BaselineManifest:
    """The baseline of this name or of a hash that begins so; raises `NotFound`."""
    manifests = read_manifests(home / FOLDER)
    for manifest in manifests:
        by_hash = len(name) >= SHORTEST_HASH and manifest.hash.startswith(name)
        if by_hash or (manifest.name == name and manifest.replaced_by is None):
            return manifest
    known = ", ".join(sorted(m.name for m in manifests if m.replaced_by is None)) or "none yet"
    raise NotFound(f"no baseline {name!r} here (known: {known}); import one with `perintis baseline import`")


def baseline_folder(home: Path, manifest: BaselineManifest) -> Path:
    """Where the files of a baseline lie."""
    return home / FOLDER / manifest.hash


def steps_of(home: Path, manifest: BaselineManifest) -> tuple[str, ...]:
    """The names of the steps of a baseline, or of those that a standard promises, without loading it."""
    if manifest.standard is not None:
        return tuple(promise.step for promise in manifest.standard.promises if promise.step is not None)
    table = pl.scan_parquet(baseline_folder(home, manifest) / STEPS_FILE)
    return tuple(table.select(pl.col("step").unique()).collect()["step"].sort())


def load_baseline(home: Path, selection: str) -> DataSet:
    """The data set `name`, or one cohort of it as `name:cohort`.

    The content is held against its hash: `BadInput` where the files were changed. `NotFound` for an unknown name
    or cohort. A service standard gives empty tables and its `standard`.
    """
    name, colon, cohort = selection.partition(":")
    manifest = find_baseline(home, name)
    cases, steps = _tables(baseline_folder(home, manifest), manifest)
    if colon and manifest.standard is not None:
        raise NotFound(f"baseline {name!r} is a service standard and has no cohorts; ask for {name!r}")
    if colon:
        cases = _cohort(cases, name, cohort)
        steps = steps.join(cases.select("case"), on="case", how="semi", maintain_order="left")
    return DataSet(
        name=f"{manifest.name}{colon}{cohort}",
        cases=cases,
        steps=steps,
        observed_until=manifest.observed_until.astimezone(UTC),
        observed_from=None if manifest.observed_from is None else manifest.observed_from.astimezone(UTC),
        grade=manifest.grade,
        clock=manifest.mapping.get("clocks", {}).get(cohort, manifest.clock),
        grade_reason=manifest.grade_reason,
        standard=manifest.standard,
    )


def _cohort(cases: pl.DataFrame, name: str, cohort: str) -> pl.DataFrame:
    chosen = cases.filter(pl.col("cohort") == cohort)
    if chosen.is_empty():
        known = ", ".join(cases["cohort"].unique().sort())
        raise NotFound(f"baseline {name!r} has no cohort {cohort!r} (it has: {known})")
    return chosen


def _tables(folder: Path, manifest: BaselineManifest) -> tuple[pl.DataFrame, pl.DataFrame]:
    changed = f"baseline {manifest.name!r} was changed after its import; import it again from {manifest.source}"
    if manifest.standard is not None:
        if standard_hash(manifest.standard) != manifest.hash or folder.name != manifest.hash:
            raise BadInput(changed)
        return no_cases(), no_steps()
    try:
        cases, steps = pl.read_parquet(folder / CASES_FILE), pl.read_parquet(folder / STEPS_FILE)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(changed) from error
    digests = []
    for table in (cases, steps):
        digest = TableDigest()
        digest.add(table)
        digests.append(digest.hexdigest())
    found = content_hash(digests[0], digests[1], manifest.mapping, manifest.grade, manifest.observed_until)
    if found != manifest.hash or folder.name != manifest.hash:
        raise BadInput(changed)
    return cases, steps


def _intact(folder: Path, manifest: BaselineManifest) -> bool:
    try:
        _tables(folder, manifest)
    except BadInput:
        return False
    return True
