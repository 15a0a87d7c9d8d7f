"""The documents are true: what they show is executed, what they name exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CONTENT = ("agencies", "pilots", "tasks", "flows", "samples")
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    language: str
    file: str | None
    text: str


def blocks(document: Path) -> Iterator[Block]:
    for language, file, text in _BLOCK.findall(document.read_text("utf-8")):
        yield Block(language, file or None, text)


@pytest.mark.slow
def test_the_walk_through_of_a_new_pilot_works_from_its_first_line_to_its_last(
    repository: Path, tmp_path: Path
) -> None:
    """Every block of add-a-pilot.md is done in order: files are written, commands are run and succeed."""
    for folder in CONTENT:
        shutil.copytree(repository / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "conftest.py").write_text("")
    done = 0
    for block in blocks(repository / "docs" / "how-to" / "add-a-pilot.md"):
        if block.file is not None:
            target = tmp_path / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, "utf-8")
        elif block.language == "sh":
            for command in block.text.splitlines():
                run(command, tmp_path)
                done += 1
    assert done >= 9


def run(command: str, folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PERINTIS_")}
    environment |= {
        "PATH": f"{scripts}:{environment['PATH']}",
        "PYTHONPATH": str(folder),
        "COLUMNS": "100",
    }
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_readme_shows_the_procedure_as_it_is_written(repository: Path) -> None:
    """The Python in the README is the code in flows/fast_track.py, line for line."""
    flow = (repository / "flows" / "fast_track.py").read_text("utf-8")
    shown = [b.text for b in blocks(repository / "README.md") if b.language == "python"]
    assert shown
    for text in shown:
        assert text in flow


def test_links_between_documents_lead_somewhere(repository: Path) -> None:
    """A relative link in any document points to a file that is there."""
    documents = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md"), *repository.glob("*/README.md")]
    broken = [
        f"{document.relative_to(repository)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#\s]+)", document.read_text("utf-8"))
        if "://" not in link and not (document.parent / link).exists()
    ]
    assert not broken


@pytest.mark.parametrize("document", ["README.md", "docs/how-to/add-a-pilot.md", "CONTRIBUTING.md"])
def test_every_command_that_a_document_names_exists(repository: Path, document: str) -> None:
    """`perintis something` in a document is a command of the program."""
    text = (repository / document).read_text("utf-8")
    named = set(re.findall(r"(?:^|`)perintis ([a-z]+)", text, re.MULTILINE))
    listed = run("perintis --help", repository)
    assert {name for name in named if not re.search(rf"\b{name}\b", listed)} == set()
