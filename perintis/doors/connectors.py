"""The connector that every agency has: files in a folder that both sides can reach.

Requests are written to `<folder>/<agency>/out/`, one JSON file each, named by the request's key, so that writing one
twice changes nothing. Answers are read from `<folder>/<agency>/in/*.json`:

    {"key": "...as in the request...", "answer": {...}}

A file that was taken in is moved to `in/done/`, one that cannot be read to `in/refused/`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from perintis.doors.store.inbox import Arrival
from perintis.engine.steps import Message
from perintis.words.errors import AgencyUnavailable


class FolderConnector:
    """Exchanges messages with agencies as files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, messages: Sequence[Message]) -> None:
        """Write each request as a file; a request that is already there is left alone."""
        try:
            for message in messages:
                out = self._folder / message.agency / "out"
                out.mkdir(mode=0o700, parents=True, exist_ok=True)
                target = out / (file_name(message.key) + ".json")
                if not target.exists():
                    document = {"key": message.key, "step": message.step, "request": json.loads(message.body)}
                    _write_whole(target, json.dumps(document, ensure_ascii=False, indent=2))
        except OSError as error:
            raise AgencyUnavailable(f"the exchange folder cannot be written ({error.strerror})") from None

    def fetch(self) -> list[tuple[Path, Arrival]]:
        """The answers that lie ready, with their files; unreadable files are moved to `refused`."""
        found = []
        for path in sorted(self._folder.glob("*/in/*.json")):
            agency = path.parent.parent.name
            try:
                document = json.loads(path.read_text("utf-8"))
                arrival = Arrival(agency, path.stem, str(document["key"]), json.dumps(document["answer"]))
            except (ValueError, KeyError, TypeError):
                self.file_away(path, "refused")
                continue
            found.append((path, arrival))
        return found

    @staticmethod
    def file_away(path: Path, to: str) -> None:
        """Move a file that has been dealt with into a folder beside it."""
        folder = path.parent / to
        folder.mkdir(mode=0o700, exist_ok=True)
        path.replace(folder / path.name)


def file_name(key: str) -> str:
    """A key as the name of a file."""
    return key.replace("/", "__")


def _write_whole(target: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or none, also after a power cut."""
    part = target.with_suffix(".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)
