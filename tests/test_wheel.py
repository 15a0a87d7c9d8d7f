"""The wheel as another ministry gets it: the library alone, working on a folder of pilots that it does not contain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CONTENT = ("agencies", "pilots", "tasks", "flows")


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=repository, check=True, capture_output=True)
    (built,) = folder.glob("perintis-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with nothing but the wheel and what it needs, in the locked versions."""
    folder = tmp_path_factory.mktemp("installed")
    uv = str(Path(sys.executable).with_name("uv"))
    locked = [
        uv,
        "export",
        "--frozen",
        "--no-dev",
        "--all-extras",
        "--no-emit-project",
        "--no-hashes",
        "-o",
        "locked.txt",
    ]
    subprocess.run([*locked, "--project", str(repository)], cwd=folder, check=True, capture_output=True)
    subprocess.run([uv, "venv", "--python", sys.executable, "env"], cwd=folder, check=True, capture_output=True)
    install = [uv, "pip", "install", "--python", "env", "-r", "locked.txt", f"perintis[trial] @ file://{wheel}"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    return folder / "env" / "bin"


def test_the_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    """Migrations, templates and type information are in it; flows, tasks and pilots are not."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"perintis"}
    for needed in ("perintis/py.typed", "perintis/doors/store/migrations/versions/0001_first_tables.py"):
        assert needed in names
    assert any(name.endswith((".html.j2", ".html")) for name in names)


def test_the_installed_library_runs_pilots_from_a_folder_of_their_own(
    installed: Path, repository: Path, tmp_path: Path
) -> None:
    """With the source folder out of sight, the pilots of a copied folder rehearse and take applications."""
    for folder in CONTENT:
        shutil.copytree(repository / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    rows = (repository / "samples" / "applications.csv").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "applications.csv").write_text("".join(rows[:21]), "utf-8")

    ran = perintis(installed, tmp_path, "run", "fast-track", "applications.csv", "--without-prefect", "--json")
    assert (ran["opened"], ran["rejected"]) == (20, 0)
    again = perintis(installed, tmp_path, "run", "fast-track", "applications.csv", "--without-prefect", "--json")
    assert (again["opened"], again["already_open"]) == (0, 20)
    rehearsed = perintis(installed, tmp_path, "rehearse", "fast-track", "--cases", "50", "--seed", "1", "--json")
    assert rehearsed["opened"] == 50


def perintis(installed: Path, folder: Path, *arguments: str) -> dict[str, object]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PERINTIS_", "PYTHONPATH"))}
    command = [str(installed / "perintis"), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found
