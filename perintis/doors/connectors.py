"""The connector that every agency has: files in a folder that both sides can reach.

Requests are written to `<folder>/<agency>/out/`, one JSON file each, named by the request's key, so that writing one
twice changes nothing. Answers are read from `<folder>/<agency>/in/*.json`:

    {"key": "...as in the request...", "answer": {...}}

A request lies there in clear, for its agency, until it is answered; then its file is emptied, and stays, so that it is
not written again. An answer that was taken in is moved to `in/done/` without what it said. One that cannot be read is
moved to `in/refused/` as it is, for a person to look at and to remove.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from perintis.doors.store.inbox import Arrival
from perintis.engine.steps import Message
from perintis.words.errors import AgencyUnavailable

LARGEST_ANSWER = 10_000_000
"""In bytes; a larger file is refused unread."""


class FolderConnector:
    """Exchanges messages with agencies as files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where the folders of the agencies are."""
        return self._folder

    def send(self, messages: Sequence[Message]) -> None:
        """Write each request as a file; a request that is already there is left alone."""
        try:
            for agency, group in groupby(sorted(messages, key=_agency), key=_agency):
                out = self._folder / agency / "out"
                out.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write_whole(out, {file_name(message.key) + ".json": _document(message) for message in group})
        except OSError as error:
            raise AgencyUnavailable(f"the exchange folder cannot be written ({error.strerror})") from None

    def fetch(self) -> list[tuple[Path, Arrival]]:
        """The answers that lie ready, with their files; unreadable files are moved to `refused`."""
        found = []
        for path in sorted(self._folder.glob("*/in/*.json")):
            agency = path.parent.parent.name
            try:
                found.append((path, _read_answer(path, agency)))
            except FileNotFoundError:
                continue  # another worker has it
            except (ValueError, KeyError, TypeError, RecursionError):
                self.file_away(path, "refused")
        return found

    def done(self, path: Path, arrival: Arrival) -> None:
        """Put away an answer that is in the store: of it only the key is left."""
        self.file_away(path, "done", json.dumps({"key": arrival.key}))

    def asked(self, prefix: str) -> Iterator[tuple[Path, tuple[int, str, int]]]:
        """The requests with keys of this beginning whose content is still there, each with its case, step and visit."""
        start = file_name(prefix) + "__"
        for path in self._folder.glob("*/out/*.json"):
            if path.name.startswith(start) and path.stat().st_size:
                case, _, rest = path.stem.removeprefix(start).partition("__")
                step, _, visit = rest.rpartition("__")
                yield path, (int(case), step, int(visit))

    @staticmethod
    def empty(path: Path) -> None:
        """Empty the file of a request that was answered."""
        _write_part(path, "").replace(path)

    @staticmethod
    def file_away(path: Path, to: str, left: str | None = None) -> None:
        """Move a file that has been dealt with into a folder beside it; `left` takes the place of its content."""
        folder = path.parent / to
        folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):  # another worker was faster
            if left is not None:
                _write_part(folder / path.name, left).replace(folder / path.name)
                path.unlink()
                return
            path.replace(folder / path.name)


def _read_answer(path: Path, agency: str) -> Arrival:
    """The message in a file. Raises ValueError, KeyError, TypeError or RecursionError where it is none."""
    if path.stat().st_size > LARGEST_ANSWER:
        raise ValueError("too large")
    content = path.read_bytes()
    document = json.loads(content.decode())
    message = f"{path.stem}:{hashlib.sha256(content).hexdigest()[:16]}"  # agencies do use a file name again
    arrival = Arrival(agency, message, str(document["key"]), json.dumps(document["answer"]))
    if not (arrival.message.isprintable() and arrival.key.isprintable()):
        raise ValueError("a name that no database can keep")
    return arrival


def file_name(key: str) -> str:
    """A key as the name of a file."""
    return key.replace("/", "__")


def _agency(message: Message) -> str:
    return message.agency


def _document(message: Message) -> str:
    document = {"key": message.key, "step": message.step, "request": json.loads(message.body)}
    return json.dumps(document, ensure_ascii=False, indent=2)


def _write_whole(folder: Path, documents: Mapping[str, str]) -> None:
    """Write files that are not there yet, so that a reader sees all of each or none, also after a power cut.

    Their contents go to disk side by side, because a disk takes a hundred small files in the time of a few.
    """
    new = {folder / name: text for name, text in documents.items() if not (folder / name).exists()}
    with ThreadPoolExecutor(max_workers=16) as pool:
        parts = list(pool.map(_write_part, new, new.values()))
    for part, target in zip(parts, new, strict=True):
        part.replace(target)
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_part(target: Path, text: str) -> Path:
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return part
