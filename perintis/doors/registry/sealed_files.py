"""Seals files in chunks with AES-256-GCM, and opens them in memory; each delivered extract has a key of its own.

A sealed file is MAGIC, the generation of its extract's key (4 bytes), a random salt (16 bytes), and the chunks, each of
at most CHUNK bytes before it was sealed. The key of a file is derived from the extract's key and the salt (HKDF, RFC
5869) for one store, pilot, extract and name. The nonce of a chunk is its number and whether it is the last one, so
chunks that were cut off, doubled or moved are noticed.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from perintis.doors.registry.models import ExtractKeyRow
from perintis.doors.registry.sealed_values import current_key
from perintis.doors.store.database import Database
from perintis.doors.vault.keys import SIZE
from perintis.doors.vault.vault import EXTRACT_KEY
from perintis.words.errors import NotFound, PerintisError

MAGIC = b"perintis sealed 1\n"
CHUNK = 1 << 20
OPENED = ".opened-"
"""How the folders begin in which files are opened where the system has no files in memory."""
_HEAD = struct.Struct(">I16s")
_TAG = 16


class ExtractKeys:
    """The keys of the extracts of one pilot."""

    def __init__(self, database: Database, pilot: str) -> None:
        self._database = database
        self._pilot = pilot

    def about(self, digest: str) -> str:
        """What the key of an extract is bound to."""
        return EXTRACT_KEY.format(store=self._database.store_name, pilot=self._pilot, owner=digest)

    def newest(self, digest: str) -> tuple[int, bytes]:
        """The key for what is new of an extract, with its generation; made where there is none."""
        row = ExtractKeyRow
        wanted = select(func.max(row.generation)).where(row.pilot == self._pilot, row.digest == digest)
        with self._database.read() as connection:
            generation = connection.execute(wanted).scalar()
        return self.renew(digest, 1) if generation is None else (generation, self.find(digest, generation))

    def find(self, digest: str, generation: int) -> bytes:
        """The key of a generation, or NotFound where it was destroyed."""
        row = ExtractKeyRow
        with self._database.read() as connection:
            found = connection.execute(
                select(row.master, row.sealed).where(
                    row.pilot == self._pilot, row.digest == digest, row.generation == generation
                )
            ).first()
        if found is None:
            raise NotFound(f"the key of extract {digest[:8]} was destroyed; ask the agency to deliver it again")
        return self._database.vault.ring().find(found[0]).unwrap(found[1], self.about(digest))

    def renew(self, digest: str, generation: int) -> tuple[int, bytes]:
        """Make the key of a generation; another process may have made it meanwhile."""
        secret = os.urandom(SIZE)
        values = {"pilot": self._pilot, "digest": digest, "generation": generation}
        try:
            with self._database.write() as connection:
                current = current_key(connection)
                wrapped = current.wrap(secret, self.about(digest))
                connection.execute(insert(ExtractKeyRow).values(**values, master=current.id, sealed=wrapped))
        except IntegrityError:
            return generation, self.find(digest, generation)
        return generation, secret

    def generations(self, digest: str) -> list[int]:
        """The generations of an extract's key, oldest first; more than one while its files are sealed anew."""
        row = ExtractKeyRow
        wanted = select(row.generation).where(row.pilot == self._pilot, row.digest == digest).order_by(row.generation)
        with self._database.read() as connection:
            return list(connection.execute(wanted).scalars())

    def drop_before(self, digest: str, generation: int) -> None:
        """Destroy the older keys of an extract, and so whatever copies there are of what they sealed."""
        row = ExtractKeyRow
        with self._database.write() as connection:
            if self._database.is_sqlite:
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            connection.execute(
                delete(row).where(row.pilot == self._pilot, row.digest == digest, row.generation < generation)
            )


def is_sealed(path: Path) -> bool:
    """Whether a file is a sealed one."""
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def seal(plain: IO[bytes], target: IO[bytes], key: tuple[int, bytes], about: str) -> None:
    """Write a file sealed with the key of a generation."""
    generation, secret = key
    salt = os.urandom(16)
    cipher = _cipher(secret, salt, about)
    target.write(MAGIC + _HEAD.pack(generation, salt))
    number, block = 0, plain.read(CHUNK)
    while True:
        following = plain.read(CHUNK)
        target.write(cipher.encrypt(_nonce(number, last=not following), block, None))
        if not following:
            return
        number, block = number + 1, following


def open_sealed(path: Path, key_of: Callable[[int], bytes], about: str) -> Iterator[bytes]:
    """The content of a sealed file, chunk by chunk. Raises PerintisError where it was changed, cut off or moved."""
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise PerintisError(f"{path} is not sealed; run `perintis db upgrade`")
        generation, salt = _HEAD.unpack(stream.read(_HEAD.size).ljust(_HEAD.size, b"\0"))
        cipher = _cipher(key_of(generation), salt, about)
        number, block = 0, stream.read(CHUNK + _TAG)
        while True:
            following = stream.read(CHUNK + _TAG)
            try:
                yield cipher.decrypt(_nonce(number, last=not following), block, None)
            except InvalidTag:
                raise PerintisError(f"{path} was changed, cut off or moved; restore it from a copy") from None
            if not following:
                return
            number, block = number + 1, following


def _cipher(secret: bytes, salt: bytes, about: str) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=SIZE, salt=salt, info=about.encode()).derive(secret))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


@contextmanager
def in_memory(blocks: Iterator[bytes], beside: Path) -> Iterator[Path]:
    """A path under which a program reads this content while the block runs: a file in memory, gone with the process.

    Where the system has none, it is a file in a folder below `beside` that only its owner can open; the folder is
    removed afterwards, and `clear_opened` removes what a killed process left.
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("extract", os.MFD_CLOEXEC), "wb") as stream:
            for block in blocks:
                stream.write(block)
            stream.flush()
            yield Path(f"/proc/self/fd/{stream.fileno()}")
        return
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{OPENED}{os.getpid()}-", dir=beside) as folder:
        path = Path(folder) / "extract"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            for block in blocks:
                stream.write(block)
        yield path
