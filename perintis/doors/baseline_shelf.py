"""The folder in which baselines lie: finding manifests, putting a finished baseline in its place, sweeping up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from perintis.doors.baseline_manifest import BaselineManifest
from perintis.words.errors import BadInput, NotAllowed

FOLDER = "baselines"
MANIFEST = "manifest.json"
UNFINISHED = ".importing-"
LEFT_BEHIND = timedelta(days=1)
SHORTEST_HASH = 12


def make_shelf(home: Path) -> Path:
    """The folder, made where it is not there yet."""
    shelf = home / FOLDER
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    return shelf


def read_manifests(shelf: Path) -> list[BaselineManifest]:
    """The manifests of all baselines that are there, replaced ones too."""
    found = []
    for path in sorted(shelf.glob(f"*/{MANIFEST}")):
        if not path.parent.name.startswith(UNFINISHED):
            try:
                found.append(BaselineManifest.model_validate_json(path.read_bytes()))
            except ValidationError as error:
                raise BadInput(f"baseline {path.parent.name[:SHORTEST_HASH]}: its manifest was changed") from error
    return found


def write_manifest(path: Path, manifest: BaselineManifest) -> None:
    """Write a manifest so that a crash leaves the old one or the new one."""
    beside = path.with_suffix(".new")
    beside.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    beside.replace(path)
    for file in path.parent.iterdir():
        _to_disk(file)
    _to_disk(path.parent)


def settle(
    shelf: Path,
    folder: Path,
    manifest: BaselineManifest,
    intact: Callable[[Path, BaselineManifest], bool],
    *,
    replace: bool,
) -> BaselineManifest:
    """Put a finished folder in its place, unless it is there already and `intact`, or its name is taken."""
    manifests = read_manifests(shelf)
    holder = next((m for m in manifests if m.name == manifest.name and m.replaced_by is None), None)
    same = next((m for m in manifests if m.hash == manifest.hash), None)
    if holder is not None and holder.hash == manifest.hash and holder.pilot == manifest.pilot:
        if intact(shelf / holder.hash, holder):
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
        write_manifest(shelf / holder.hash / MANIFEST, holder.model_copy(update={"replaced_by": manifest.hash}))
    return manifest


def sweep(shelf: Path) -> None:
    """Remove what an import that was killed left behind, once nobody can be writing it any more."""
    for folder in shelf.glob(UNFINISHED + "*"):
        if datetime.now(UTC).timestamp() - folder.stat().st_mtime > LEFT_BEHIND.total_seconds():
            shutil.rmtree(folder, ignore_errors=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
