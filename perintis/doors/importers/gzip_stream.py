"""A log file as a stream of bytes, packed or not. A stream that ends too early is an error, never a shorter log."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from perintis.words.errors import BadInput

Progress = Callable[[int, int], None]
"""Called with bytes read of the file and its size."""

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20


class LogStream:
    """Bytes of a log file after unpacking; tells progress in bytes of the file itself."""

    def __init__(self, raw: BufferedReader, unpacked: IO[bytes], size: int, progress: Progress | None) -> None:
        self._raw = raw
        self.unpacked = unpacked
        self._size = size
        self._progress = progress

    def read(self, size: int = BLOCK) -> bytes:
        """The next bytes, empty at the end."""
        block = self.unpacked.read(size)
        self.report()
        return block

    def report(self) -> None:
        """Tell how far the file has been read."""
        if self._progress is not None:
            self._progress(min(self._raw.tell(), self._size), self._size)

    def blocks(self, size: int = BLOCK) -> Iterator[bytes]:
        """All bytes, block by block."""
        while block := self.read(size):
            yield block


@contextmanager
def open_log(path: Path, progress: Progress | None = None) -> Iterator[LogStream]:
    """Open a log. Refuses what is empty, truncated, damaged or, in spite of its name, not packed with gzip."""
    try:
        with path.open("rb") as raw:
            start = raw.peek(2)[:2]
            if not start:
                raise BadInput(f"{path.name}: the file is empty")
            size = path.stat().st_size
            if start != GZIP_MAGIC:
                if path.suffix == ".gz":
                    raise BadInput(f"{path.name}: not a gzip file; rename it or pack it again")
                yield LogStream(raw, raw, size, progress)
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield LogStream(raw, cast("IO[bytes]", unpacked), size, progress)
    except EOFError as error:
        raise BadInput(f"{path.name}: the gzip file is cut off; copy it again, nothing was stored") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"{path.name}: the gzip file is damaged; copy it again, nothing was stored") from error
    except IsADirectoryError as error:
        raise BadInput(f"{path.name}: is a folder, expected a log file") from error
    except FileNotFoundError as error:
        raise BadInput(f"{path.name}: no such file") from error
    except PermissionError as error:
        raise BadInput(f"{path.name}: may not be read") from error
