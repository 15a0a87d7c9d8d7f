"""Announces an extract: keeps the file, and writes down its checksum, columns and row count."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from perintis.doors.registry.extracts import read_extract
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.shelf import digest_of
from perintis.rules.registry.columns import NO_HEADER, agreed, has_header
from perintis.words.errors import BadInput, NotFound
from perintis.words.identifiers import looks_like_nik


@dataclass(frozen=True, slots=True)
class Announcement:
    """The file to run, and how many rows were announced."""

    file: Path
    rows: int


def announce(
    registry: Registry, file: Path, *, reference: str, agency: str, period: str, office: str, strict: bool
) -> Announcement:  # fmt: skip
    """Keeps an extract in the protected folder and writes `<home>/intakes/<reference>.jsonl`.

    Raises BadInput where the extract cannot be read, NotFound where there is none.
    """
    if looks_like_nik(file.stem) or looks_like_nik(reference):
        named = "the name of the file or the registration number has an identity number in it"
        raise BadInput(f"{named}, and both are kept in clear; give another one")
    if not file.is_file():
        raise NotFound(f"there is no file {file}; give the extract")
    if "/" in reference or reference.startswith("."):
        raise BadInput("a registration number has no / in it and begins with a letter or a digit")
    rows = read_extract(file, file.name)
    source = registry.settings.source(agency)
    if source is None:
        raise NotFound(f"{agency} delivers no extract; there are {', '.join(registry.settings.sources)}")
    if not has_header(rows.columns, source):
        raise BadInput(f"{file.name}: {NO_HEADER}")
    digest = digest_of(file)
    registry.shelf.keep(file, digest)
    announced = {
        "reference": reference, "agency": agency, "office": office, "period": period, "file_name": file.name,
        "sha256": digest, "row_count": rows.count, "columns": agreed(rows.columns, source), "all_or_nothing": strict,
    }  # fmt: skip
    folder = registry.home.make_home() / "intakes"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{reference}.jsonl"
    target.write_text(json.dumps(announced) + "\n", "utf-8")
    return Announcement(target, rows.count)
