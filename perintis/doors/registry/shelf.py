"""Where extracts and what is made of them lie: one folder an extract, by its SHA-256, readable by the owner only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl

from perintis.doors.settings import Settings
from perintis.words.errors import NotFound

EXTRACT = "extract"
ACCEPTED, SCORED = "accepted.parquet", "pairs.parquet"
_BLOCK = 1 << 20


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


class Shelf:
    """The protected folder of one pilot. Files appear whole or not at all."""

    def __init__(self, settings: Settings, pilot: str) -> None:
        self._settings = settings
        self.folder = settings.home / "registry" / pilot
        self._pilot = pilot

    def take(self, name: str, digest: str) -> Path:
        """The extract of that checksum: kept already, or found by its name where agencies leave extracts.

        Raises NotFound where it lies nowhere, or only with another content.
        """
        kept = self.folder / digest / EXTRACT
        if kept.is_file():
            return kept
        other = False
        for place in self.places():
            path = place / name
            if path.parent == place and path.is_file():
                if digest_of(path) == digest:
                    return self.keep(path, digest)
                other = True
        if other:
            raise NotFound(f"{name} lies there with another checksum than announced; deliver the file again")
        raise NotFound(f"{name} was announced, but no such file was delivered; put it into {self.places()[0]}")

    def places(self) -> tuple[Path, ...]:
        """Where agencies leave extracts: the exchange folder, and the samples beside the pilots."""
        return (self._settings.exchange_folder / "extracts", self._settings.pilots / "samples" / "extracts")

    def keep(self, path: Path, digest: str) -> Path:
        """Copy an extract into its own folder."""
        return self._write(digest, EXTRACT, lambda target: target.write_bytes(path.read_bytes()))

    def put(self, digest: str, name: str, frame: pl.DataFrame) -> None:
        """Keep a table made of an extract; what was there before is replaced."""
        self._write(digest, name, frame.write_parquet)

    def get(self, digest: str, name: str) -> pl.DataFrame:
        """A table made of an extract, or NotFound."""
        path = self.folder / digest / name
        if not path.is_file():
            raise NotFound(f"the files of extract {digest[:8]} are not in {self.folder}; restore the folder")
        return pl.read_parquet(path)

    def hand_back(self, agency: str, name: str, text: str) -> Path:
        """A file for an agency in its part of the exchange folder."""
        folder = self._settings.exchange_folder / "registry" / agency
        _private(folder)
        return _whole(folder / name, lambda target: target.write_text(text, "utf-8"))

    def _write(self, digest: str, name: str, write: Callable[[Path], object]) -> Path:
        folder = self.folder / digest
        _private(folder)
        return _whole(folder / name, write)


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)


def _whole(target: Path, write: Callable[[Path], object]) -> Path:
    """Write beside the target, then put it in place: whoever reads sees the old file or the new one."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    write(unfinished)
    os.chmod(unfinished, 0o600)
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(unfinished, target)
    return target
