"""Where extracts and what is made of them lie, sealed: one folder an extract, by its SHA-256, for its owner only.

In clear are what an agency left in `<exchange>/extracts`, until it is received, and what was made for an agency in
`<exchange>/registry/<agency>`: its rejects (line, column, reason) and its changes, until its case is closed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import IO

import polars as pl

from perintis.doors.processes import is_running
from perintis.doors.registry.sealed_files import OPENED, ExtractKeys, in_memory, is_sealed, open_sealed, seal
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
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

    def __init__(self, settings: Settings, pilot: str, database: Database) -> None:
        self._settings = settings
        self._pilot = pilot
        self.folder = settings.home / "registry" / pilot
        self.keys = ExtractKeys(database, pilot)

    @contextmanager
    def taken(self, name: str, digest: str) -> Iterator[Path]:
        """The extract of that checksum, opened in memory: kept already, or found by its name where agencies leave them.

        Raises NotFound where it lies nowhere, or only with another content.
        """
        if not (self.folder / digest / EXTRACT).is_file():
            self.keep(self._found(name, digest), digest)
        with self.extract(digest) as path:
            yield path

    def _found(self, name: str, digest: str) -> Path:
        other = False
        for place in self.places():
            path = place / name
            if path.parent == place and path.is_file():
                if digest_of(path) == digest:
                    return path
                other = True
        if other:
            raise NotFound(f"{name} lies there with another checksum than announced; deliver the file again")
        raise NotFound(f"{name} was announced, but no such file was delivered; put it into {self.places()[0]}")

    def places(self) -> tuple[Path, ...]:
        """Where agencies leave extracts: the exchange folder, and the samples beside the pilots."""
        return (self._settings.exchange_folder / "extracts", self._settings.pilots / "samples" / "extracts")

    def keep(self, path: Path, digest: str) -> None:
        """Put a sealed copy of an extract into its own folder."""
        with path.open("rb") as stream:
            self._seal(digest, EXTRACT, stream)

    def clear_left(self, name: str, digest: str) -> None:
        """Remove an extract from the exchange folder, once its sealed copy is kept."""
        path = self.places()[0] / name
        kept = self.folder / digest / EXTRACT
        if path.parent == self.places()[0] and path.is_file() and kept.is_file() and digest_of(path) == digest:
            path.unlink(missing_ok=True)

    def put(self, digest: str, name: str, frame: pl.DataFrame) -> None:
        """Keep a table made of an extract, sealed; what was there before is replaced."""
        content = BytesIO()
        frame.write_parquet(content)
        content.seek(0)
        self._seal(digest, name, content)

    def get(self, digest: str, name: str) -> pl.DataFrame:
        """A table made of an extract, or NotFound."""
        if not self.has(digest, name):
            raise NotFound(f"the files of extract {digest[:8]} are not in {self.folder}; restore the folder")
        return pl.read_parquet(BytesIO(b"".join(self._opened(digest, name))))

    def has(self, digest: str, name: str) -> bool:
        """Whether such a file is kept of an extract."""
        return (self.folder / digest / name).is_file()

    def check(self, digest: str, name: str) -> None:
        """Open a file and let go of it. Raises PerintisError where it was changed or its key is gone."""
        for _ in self._opened(digest, name):
            pass

    def hand_back(self, agency: str, name: str, text: str) -> Path:
        """A file for an agency in its part of the exchange folder."""
        folder = self.returned / agency
        _private(folder)
        return _whole(folder / name, lambda stream: stream.write(text.encode()))

    def changes_name(self, agency: str, version: int) -> str:
        """The name of an agency's file of changes: other pilots may use the same exchange folder."""
        return f"changes-{self._pilot}-{agency}-version-{version}.csv"

    def changes(self) -> Iterator[tuple[Path, str, str]]:
        """The files of changes of this pilot that lie ready, each with its agency and its version."""
        for path in self.returned.glob("*/changes-*-version-*.csv"):
            agency = path.parent.name
            before, _, version = path.stem.rpartition("-version-")
            if before == f"changes-{self._pilot}-{agency}":
                yield path, agency, version

    def digests(self) -> list[str]:
        """The extracts of which something is kept."""
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir() and not path.name.startswith("."))

    def seal_anew(self, digest: str, tables: Mapping[str, pl.DataFrame], *, without_extract: bool) -> None:
        """Seal the files of an extract with a new key: these tables, and the extract unless it goes.

        The old keys are destroyed at the end, and so are all copies of what they sealed. Done again after a crash, it
        ends the same.
        """
        there = self.keys.generations(digest)
        generation, _ = self.keys.renew(digest, (there[-1] if there else 0) + 1)
        for name, frame in tables.items():
            self.put(digest, name, frame)
        if without_extract:
            (self.folder / digest / EXTRACT).unlink(missing_ok=True)
        elif self.has(digest, EXTRACT):
            with self.extract(digest) as path:
                self.keep(path, digest)
        self.keys.drop_before(digest, generation)

    @contextmanager
    def extract(self, digest: str) -> Iterator[Path]:
        """An extract that is kept, opened in memory."""
        with in_memory(self._opened(digest, EXTRACT), self.folder) as path:
            yield path

    @property
    def returned(self) -> Path:
        """Where the agencies' files are, a folder an agency."""
        return self._settings.exchange_folder / "registry"

    def seal_old(self) -> int:
        """Seal what an earlier version kept in clear; returns how many files."""
        old = [path for path in self.folder.glob("*/*") if path.is_file() and not is_sealed(path)]
        for path in old:
            if path.name.startswith("."):
                path.unlink(missing_ok=True)  # never finished
                continue
            with path.open("rb") as stream:
                self._seal(path.parent.name, path.name, stream)
        return len(old)

    def clear_leftovers(self) -> None:
        """Remove what killed processes left behind: files that were never finished, folders of opened extracts."""
        for path in (*self.folder.glob("*/.*"), *self.returned.glob("*/.*")):
            if not _in_use(path.name.rpartition(".")[2]):
                path.unlink(missing_ok=True)
        for folder in self.folder.glob(f"{OPENED}*"):
            if not _in_use(folder.name.removeprefix(OPENED).partition("-")[0]):
                rmtree(folder, ignore_errors=True)

    def _opened(self, digest: str, name: str) -> Iterator[bytes]:
        about = f"{self.keys.about(digest)}/{name}"
        return open_sealed(self.folder / digest / name, lambda generation: self.keys.find(digest, generation), about)

    def _seal(self, digest: str, name: str, content: IO[bytes]) -> None:
        key, about = self.keys.newest(digest), f"{self.keys.about(digest)}/{name}"
        folder = self.folder / digest
        _private(folder)
        _whole(folder / name, lambda stream: seal(content, stream, key, about))


def seal_old_files(settings: Settings, database: Database) -> int:
    """Seal the files of all registries that an earlier version kept in clear; returns how many."""
    folders = [folder for folder in (settings.home / "registry").glob("*") if folder.is_dir()]
    return sum(Shelf(settings, folder.name, database).seal_old() for folder in folders)


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)


def _whole(target: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Write beside the target, then put it in place: whoever reads sees the old file or the new one."""
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, target)
    return target


def _in_use(number: str) -> bool:
    """Whether the process that made something is still there; what has no number of a process is nobody's."""
    return number.isdecimal() and is_running(int(number))
