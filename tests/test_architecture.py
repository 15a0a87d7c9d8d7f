"""Who may import whom: the two pictures of ARCHITECTURE.md, held against every import statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = ("words", "rules", "engine", "doors", "use", "faces")
"""From the ground up: a room may import those before it and itself."""

PURE = ("words", "rules")
CONTENT = {"agencies": set(), "pilots": {"agencies"}, "tasks": {"agencies"}, "flows": {"agencies", "pilots", "tasks"}}
"""The folders of content and which other folders of content each may import; all may import perintis."""

PREFECT_MODULE = "perintis.doors.prefect_executor"


def modules(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        yield name.removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_inside_the_library_imports_run_downward_only(repository: Path) -> None:
    """faces -> use -> doors -> engine -> rules -> words, and never up."""
    wrong = []
    for name, path in modules(repository / "perintis"):
        room = name.split(".")[1] if "." in name else None
        if room not in ROOMS:
            continue
        for imported, line in imports(path):
            parts = imported.split(".")
            if parts[0] == "perintis" and len(parts) > 1 and parts[1] in ROOMS:
                if ROOMS.index(parts[1]) > ROOMS.index(room):
                    wrong.append(f"{path.relative_to(repository)}:{line} imports {imported}")
            elif parts[0] == "perintis" and len(parts) > 1:
                wrong.append(f"{path.relative_to(repository)}:{line} imports {imported} instead of its home module")
    assert not wrong, "\n".join(wrong)


def test_content_and_library_know_each_other_one_way(repository: Path) -> None:
    """The library imports no content; pilots and tasks never import each other."""
    wrong = []
    for name, path in modules(repository / "perintis"):
        wrong += [f"{name}:{line} {imported}" for imported, line in imports(path) if imported.split(".")[0] in CONTENT]
    for folder, allowed in CONTENT.items():
        for name, path in modules(repository / folder):
            for imported, line in imports(path):
                top = imported.split(".")[0]
                if top in CONTENT and top != folder and top not in allowed:
                    wrong.append(f"{name}:{line} {imported}")
    assert not wrong, "\n".join(wrong)


def test_one_module_imports_prefect(repository: Path) -> None:
    """Importing Prefect takes seconds, so everything that touches it is in one place."""
    importing = {
        name
        for name, path in modules(repository / "perintis")
        for imported, _ in imports(path)
        if imported.split(".")[0] == "prefect"
    }
    assert importing <= {PREFECT_MODULE}, importing


@pytest.mark.parametrize("room", PURE)
def test_rules_read_no_clock_and_open_nothing(repository: Path, room: str) -> None:
    """Words and rules take values and return values: no clock, no files, no database, no network."""
    forbidden = {"sqlalchemy", "alembic", "prefect", "socket", "subprocess", "httpx", "urllib", "sqlite3", "psycopg"}
    wrong = []
    for name, path in modules(repository / "perintis" / room):
        wrong += [f"{name}:{line} {i}" for i, line in imports(path) if i.split(".")[0] in forbidden]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}:
                owner = node.value
                if isinstance(owner, ast.Name) and owner.id in {"datetime", "date"}:
                    wrong.append(f"{name}:{node.lineno} reads the clock")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
                wrong.append(f"{name}:{node.lineno} opens a file")
    assert not wrong, "\n".join(wrong)


def test_no_file_in_flows_hides_a_module_of_python_or_a_library(repository: Path) -> None:
    """Prefect puts flows/ first on the import path, where flows/statistics.py would replace Python's own."""
    names = {path.stem for path in (repository / "flows").glob("*.py")} - {"__init__"}
    hidden = names & (set(sys.stdlib_module_names) | {"prefect", "polars", "pydantic", "sqlalchemy", "perintis"})
    assert not hidden


def test_no_file_is_longer_than_400_lines(repository: Path) -> None:
    """A file that one can read in one sitting."""
    folders = ("perintis", "flows", "tasks", "pilots", "agencies", "tests", "benchmarks", "simulations")
    long = {
        str(path.relative_to(repository)): lines
        for folder in folders
        for _, path in modules(repository / folder)
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long


@pytest.mark.parametrize("command", ["status", "inbox", "case", "runs"])
def test_reading_commands_start_without_heavy_libraries(command: str) -> None:
    """`perintis status --help` pays neither for Prefect nor for NumPy or Polars."""
    code = (
        "import sys\n"
        "from perintis.faces.cli import main\n"
        f"sys.argv = ['perintis', {command!r}, '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'prefect', 'numpy', 'polars', 'alembic'} & set(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "[]"


def test_the_public_names_are_about_a_dozen(repository: Path) -> None:
    """What an engineer must know to write a pilot fits on a card."""
    import perintis

    assert len(perintis.__all__) <= 18
    assert [name for name in perintis.__all__ if not hasattr(perintis, name)] == []
