"""The demonstration, and a run through Prefect, as a person meets them: in a process of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faces.office import application, write_csv, write_pilot

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


def perintis(folder: Path, *arguments: str, pilots: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PERINTIS_", "PREFECT_"))}
    environment |= {} if pilots is None else {"PERINTIS_PILOTS": str(pilots)}
    done = subprocess.run(
        [sys.executable, "-c", "from perintis.faces.cli import main; main()", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    return done


def test_the_demonstration_ends_with_a_verdict_and_leaves_work_in_the_inboxes(tmp_path: Path, repository: Path) -> None:
    """It may be given again; then, beside real cases, it opens none."""
    told = perintis(tmp_path, "demo", "--cases", "60", pilots=repository).stdout
    assert told.splitlines()[0].startswith("Perintis demo")
    assert told.index("SIMULATED") < told.index("Verdict:") < told.index("Lead time") < told.index("Try next:")
    folder = tmp_path / ".perintis" / "demo"
    assert {"comparison.html", "report.html", "evaluation.json", "bundle.zip"} <= {p.name for p in folder.iterdir()}
    (run,) = [
        r for r in json.loads(perintis(tmp_path, "runs", "fast-track", "--json", pilots=repository).stdout)
        if r["kind"] == "prefect"
    ]  # fmt: skip
    assert run["flow_run"]
    assert run["counts"]["opened"] == 12
    agency = told.split("perintis inbox ")[1].split()[0].strip("`")
    assert json.loads(perintis(tmp_path, "inbox", agency, "--json", pilots=repository).stdout)
    shutil.copy(repository / "samples" / "applications_bad.csv", tmp_path / "a.csv")
    perintis(tmp_path, "run", "fast-track", "a.csv", "--without-prefect", pilots=repository)
    again = perintis(tmp_path, "demo", "--cases", "60", pilots=repository)
    assert "no made-up ones are put among them" in again.stderr


def test_the_demonstration_of_a_registry_tells_what_was_counted_and_how_well_it_matched(
    tmp_path: Path, repository: Path
) -> None:
    """Figures of the cases beside the verdict; precision and recall, which need the truth, at its end and in runs."""
    told = perintis(tmp_path, "demo", "--pilot", "data-management", "--cases", "60", pilots=repository).stdout
    assert told.index("Verdict:") < told.index("Duplicates found") < told.index("precision by pairs")
    assert "- Conflicts found: baseline: conflicts found was not counted" in told
    runs = json.loads(perintis(tmp_path, "runs", "data-management", "--json", pilots=repository).stdout)
    by_number, registry = runs[0]["metrics"]["matching"]
    assert registry["pairs"]["recall"] > by_number["pairs"]["recall"]
    assert runs[0]["metrics"]["figures"]["duplicates_found"]["cases"] == 1  # the other three wait for officers


def test_a_file_goes_through_the_prefect_flow(tmp_path: Path) -> None:
    """The same counts as without Prefect, and a flow run's id in the run history."""
    folder = write_pilot(tmp_path)
    file = write_csv(folder / "a.csv", [application(n, office="west" if n == 3 else "north") for n in range(1, 21)])
    told = json.loads(perintis(folder, "run", "small", file.name, "--json").stdout)
    assert (told["opened"], told["rejected"], told["advanced"], told["waiting"]) == (19, 1, 19, 19)
    (run,) = json.loads(perintis(folder, "runs", "small", "--json").stdout)
    assert (run["kind"], run["flow_run"] is not None) == ("prefect", True)
