"""The master key: where it comes from, and the few things that are done with it. It is never in the database.

A key is 32 random bytes, written in base64 or in 64 hexadecimal digits. Where several are given, the first is used for
what is new, and the others still open what was sealed with them (see `perintis db rotate-key`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import resource
import secrets
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from perintis.words.errors import BadInput, PerintisError

SIZE = 32
NONCE = 12
_COMMAND_SECONDS = 30
_LOG = logging.getLogger("perintis.vault")


class KeyMissing(BadInput):
    """The master key is not where it should be."""


@dataclass(frozen=True)
class MasterKey:
    """One master key. `id` names it without telling anything of it; it stands beside what was wrapped with it."""

    id: str
    _cipher: AESGCM = field(repr=False)

    def wrap(self, secret: bytes, about: str) -> str:
        """A secret encrypted under this key; it can be unwrapped only for what it is `about`."""
        nonce = os.urandom(NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret, about.encode())).decode()

    def unwrap(self, wrapped: str, about: str) -> bytes:
        """The secret. Raises PerintisError where it was changed, moved or wrapped with another key."""
        try:
            packed = base64.b64decode(wrapped, validate=True)
            return self._cipher.decrypt(packed[:NONCE], packed[NONCE:], about.encode())
        except (InvalidTag, ValueError):
            raise PerintisError(
                f"the key of {about} in the store was changed or moved; restore it from a copy"
            ) from None


def master_key(secret: bytes) -> MasterKey:
    """A master key from its 32 bytes."""
    name = hmac.digest(secret, b"perintis key id", "sha256")[:4].hex()
    return MasterKey(name, AESGCM(derive(secret, "perintis wrapping")))


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose (HKDF with SHA-256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=SIZE, salt=None, info=purpose.encode()).derive(secret)


@dataclass(frozen=True)
class Keyring:
    """The master keys at hand; new things are wrapped with the first."""

    keys: tuple[MasterKey, ...]

    @property
    def current(self) -> MasterKey:
        """The key for what is new."""
        return self.keys[0]

    def find(self, name: str) -> MasterKey:
        """The key of that id. Raises KeyMissing."""
        for key in self.keys:
            if key.id == name:
                return key
        held = ", ".join(key.id for key in self.keys)
        raise KeyMissing(
            f"the personal data in this store were sealed with key {name}, and the key given is {held}; give the right"
            " one (PERINTIS_KEY_FILE, PERINTIS_KEY or PERINTIS_KEY_COMMAND)"
        )


@dataclass(frozen=True)
class KeySource:
    """Where the master key comes from: a text (an environment variable), a command that prints it, or a file."""

    file: Path | None = None
    text: str | None = field(default=None, repr=False)
    command: str | None = field(default=None, repr=False)
    may_make: bool = False

    def read(self) -> Keyring:
        """The keys. Raises KeyMissing where there is none, BadInput where it is not a key; never with the key in it."""
        if self.text is not None:
            return _parse(self.text, "PERINTIS_KEY")
        if self.command is not None:
            return _parse(_run(self.command), "what PERINTIS_KEY_COMMAND prints")
        if self.file is None:
            raise KeyMissing("there is no master key; set PERINTIS_KEY_FILE, PERINTIS_KEY or PERINTIS_KEY_COMMAND")
        try:
            return _parse(self.file.read_text("ascii"), str(self.file))
        except FileNotFoundError:
            raise KeyMissing(f"the master key is missing: {self.file} is not there; put it back from a copy") from None
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{self.file} cannot be read as a master key ({type(error).__name__})") from None

    def make(self) -> Keyring:
        """Write a new key where none is yet, and read what is there then; two programs at once end with one key."""
        if self.file is None or not self.may_make:
            return self.read()
        if write_new(self.file, [new_key()]):
            _LOG.warning(
                "a new master key was written to %s: keep a copy in another place, for without it the personal data of"
                " this store are lost; in production keep the key away from the store (PERINTIS_KEY_COMMAND)",
                self.file,
            )
        return self.read()


def make_no_dumps() -> None:
    """Have the system write no image of this process should it crash: the keys and open values would be in it."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def new_key() -> str:
    """A new key as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(SIZE)).decode()


def write_new(file: Path, keys: list[str]) -> bool:
    """Write keys, one a line, into a file that only its owner can read; False where there is one already."""
    part = _write_part(file, keys)
    try:
        os.link(part, file)
    except FileExistsError:
        return False
    except OSError as error:
        raise BadInput(f"the master key cannot be written to {file} ({error.strerror})") from None
    finally:
        part.unlink()
    return True


def replace_keys(file: Path, keys: list[str]) -> None:
    """Put other keys in the place of those of a file, all at once."""
    _write_part(file, keys).replace(file)


def _write_part(file: Path, keys: list[str]) -> Path:
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write("\n".join(keys) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise BadInput(f"the master key cannot be written to {file} ({error.strerror})") from None
    return part


def _parse(text: str, where: str) -> Keyring:
    make_no_dumps()
    found = tuple(master_key(_decode(word, where)) for word in text.split())
    if not found:
        raise KeyMissing(f"there is no master key in {where}; it is empty")
    return Keyring(found)


def _decode(word: str, where: str) -> bytes:
    try:
        secret = (
            bytes.fromhex(word) if len(word) == 2 * SIZE else base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        )
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != SIZE:
        raise BadInput(f"{where} is not a master key: it is 32 bytes in base64 or 64 hexadecimal digits")
    return secret


def _run(command: str) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            timeout=_COMMAND_SECONDS, check=False, text=True,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise KeyMissing(f"PERINTIS_KEY_COMMAND could not be run ({type(error).__name__}); run it by hand") from None
    if done.returncode:
        raise KeyMissing(f"PERINTIS_KEY_COMMAND ended with status {done.returncode}; run it by hand to see why")
    return done.stdout
