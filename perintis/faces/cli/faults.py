"""Notes a fault of the program itself in a file that can be passed on: where it happened, and no values."""

from __future__ import annotations

import errno
import platform
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from perintis.doors.settings import Settings, read_settings
from perintis.words.errors import PerintisError

REPORTED = ("perintis", "prefect", "sqlalchemy", "pydantic", "polars", "typer")


def what_to_put_right(error: BaseException) -> str | None:
    """One sentence where a right is missing or the disk is full; None for a fault of the program."""
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: make room and run the command again; what was recorded before stays recorded"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        place = re.sub(r"\d{16,}", "(number)", str(error.filename))
        return (
            f"{place} may not be read or written by this user ({error.strerror}); have its owner allow it, or set "
            "PERINTIS_HOME to a folder of your own"
        )
    return None


def note_fault(error: BaseException, arguments: Sequence[str]) -> str:
    """Write a report and return the sentence to show.

    The report has the kinds of the errors and the lines of code, and neither their texts nor the values of the
    command: both may hold personal data.
    """
    kind = type(error).__name__
    sentence = f"an unexpected fault ({kind}) stopped the command; what was recorded before it stays recorded"
    try:
        path = _write(error, arguments)
    except (OSError, PerintisError):
        return sentence
    return f"{sentence}. A report without personal values is in {path}; pass it on to whoever looks after Perintis"


def _write(error: BaseException, arguments: Sequence[str]) -> Path:
    settings: Settings = read_settings()
    folder = settings.make_home() / "errors"
    folder.mkdir(mode=0o700, exist_ok=True)
    at = datetime.now(UTC)
    path = folder / f"{at:%Y%m%d-%H%M%S-%f}.txt"
    path.write_text("\n".join(_lines(error, arguments, at)) + "\n", encoding="utf-8")
    return path


def _lines(error: BaseException, arguments: Sequence[str], at: datetime) -> Iterator[str]:
    yield f"{at.isoformat()}  perintis {arguments[0] if arguments and arguments[0].isalpha() else ''}"
    yield f"Python {sys.version.split()[0]} on {platform.system()} {platform.machine()}"
    yield ", ".join(f"{name} {_version(name)}" for name in REPORTED)
    link: BaseException | None = error
    while link is not None:
        yield ""
        yield f"{type(link).__module__}.{type(link).__qualname__}"
        for frame in traceback.extract_tb(link.__traceback__):
            yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
