"""`perintis new`: a new pilot from a template, with a test that fails until the pilot is written."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from keyword import kwlist
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.doors.pilot_folder import list_pilots, put_on_path
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say
from perintis.words.agency import Agency
from perintis.words.errors import BadInput, NotAllowed

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NOT_HERE = sys.stdlib_module_names | {"test", "tests", "perintis", "prefect", *kwlist}
"""A flow file of the name of a module would stand before it on Prefect's path; a word of Python cannot be imported."""


def command(
    pilot: Annotated[str, typer.Argument(help="Its name: small letters, digits and dashes, like fast-track.")],
    title: Annotated[str | None, typer.Option(help="Its title for people.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Begin a pilot from a template, with a failing test.

    Its promises, a step, its process, and a test that fails until the process is written.
    """
    if not NAME.fullmatch(pilot) or pilot in NOT_HERE:
        raise BadInput(f"{pilot!r} is no name for a pilot: use small letters, digits and dashes, like fast-track")
    folder = Here().settings.pilots
    module = pilot.replace("-", "_")
    agency = _an_agency(folder)
    found = agency or ("lead", f"agencies.{module}", "LEAD")
    texts = {
        "PILOT_NAME": pilot, "PILOT_MODULE": module, "PILOT_TITLE": title or pilot.replace("-", " ").capitalize(),
        "FIRST_DAY": f"{now().year}-01-01", "LAST_DAY": f"{now().year + 4}-12-31",
        **dict(zip(("AGENCY_CODE", "AGENCY_MODULE", "AGENCY_CONSTANT"), found, strict=True)),
    }  # fmt: skip
    planned = [(folder / target, text) for target, text in _planned(folder, module, texts, agency is None)]
    taken = [path for path, _ in planned if path.exists()]
    if taken:
        raise NotAllowed(f"{taken[0]} is there already; nothing was written")
    for path, text in planned:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    listed = _list_pilot(folder / "pilots" / "__init__.py", module)
    if as_json:
        print_json({"pilot": pilot, "files": [path for path, _ in planned], "listed": listed})
        return
    _tell(pilot, module, folder, [path for path, _ in planned], listed=listed)


def _an_agency(folder: Path) -> tuple[str, str, str] | None:
    """An agency that is here already, as code, module and constant: the lead of the first pilot, else any; or None."""
    if not (folder / "agencies").is_dir():
        return None
    put_on_path(folder)
    known: dict[str, tuple[str, str, str]] = {}
    for path in sorted((folder / "agencies").glob("[a-z]*.py")):
        module = f"agencies.{path.stem}"
        for constant, value in vars(importlib.import_module(module)).items():
            if isinstance(value, Agency):
                known.setdefault(value.code, (value.code, module, constant))
    leads = [pilot.lead.code for pilot in list_pilots(folder)] if (folder / "pilots" / "__init__.py").exists() else []
    return next((known[code] for code in leads if code in known), next(iter(known.values()), None))


def _planned(folder: Path, module: str, texts: dict[str, str], new_agency: bool) -> Iterator[tuple[str, str]]:
    """Each file to write, relative to the folder, with its text; packages that are there already stay."""
    for package in ("agencies", "tasks", "flows"):
        if not (folder / package / "__init__.py").exists():
            yield f"{package}/__init__.py", ""
    if new_agency:
        yield f"agencies/{module}.py", _fill(_template("agency.py"), texts)
    for source in ("application.py", "agreement.yaml", "plan.yaml", "rehearsal.yaml", "README.md"):
        yield f"pilots/{module}/{source}", _fill(_template(source), texts)
    yield f"pilots/{module}/__init__.py", _fill(_template("pilot.py"), texts)
    yield f"tasks/{module}.py", _fill(_template("tasks.py"), texts)
    yield f"flows/{module}.py", _fill(_template("flow.py"), texts)
    yield f"tests/test_{module}.py", _fill(_template("test.py"), texts)
    if not _tests_find(folder):
        yield "conftest.py", '"""Where this file is, pytest finds `pilots`, `tasks` and `flows`."""\n'


def _tests_find(folder: Path) -> bool:
    """Whether pytest, started in the folder, finds what lies in it: by a conftest.py or by its settings."""
    settings = [folder / name for name in ("pyproject.toml", "pytest.ini", "pytest.toml", "tox.ini", "setup.cfg")]
    told = any("pythonpath" in path.read_text("utf-8") for path in settings if path.is_file())
    return told or (folder / "conftest.py").exists()


def _template(name: str) -> str:
    source: Traversable = files("perintis.faces.cli") / "new_pilot" / f"{name}.txt"
    return source.read_text("utf-8")


def _fill(text: str, texts: dict[str, str]) -> str:
    for mark, value in texts.items():
        text = text.replace(mark, value)
    return text


def _list_pilot(file: Path, module: str) -> bool:
    """Name the pilot in ALL; false where the file is written in another way, and a person has to do it."""
    if not file.exists():
        file.write_text(
            f'"""The pilots there are."""\n\nfrom pilots import {module}\n\nALL = ({module}.PILOT,)\n', "utf-8"
        )
        return True
    text = file.read_text("utf-8")
    imports = re.search(r"^from pilots import (.+)$", text, re.MULTILINE)
    listed = re.search(r"^ALL = \((.*?),?\)$", text, re.MULTILINE)
    if imports is None or listed is None:
        return False
    text = text.replace(imports[0], f"from pilots import {', '.join(sorted([*imports[1].split(', '), module]))}")
    text = text.replace(listed[0], f"ALL = ({listed[1]}, {module}.PILOT)")
    file.write_text(text, "utf-8")
    return True


def _tell(pilot: str, module: str, folder: Path, written: list[Path], *, listed: bool) -> None:
    say(f"Pilot {pilot} is begun. Written:")
    for path in written:
        say(f"  {path.relative_to(folder) if path.is_relative_to(folder) else path}")
    if not listed:
        say(f"Name it in pilots/__init__.py yourself: from pilots import {module}, and {module}.PILOT in ALL.")
    say("Now:")
    say(f"  pytest tests/test_{module}.py    fails, and says what to write")
    say(f"  edit flows/{module}.py, tasks/{module}.py and pilots/{module}/ until it passes")
    say(f"  perintis check {pilot}    holds the steps against agreement and plan")
