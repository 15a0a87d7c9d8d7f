"""What a pilot counts, from the command line: runs, comparison, plan and export, as it was and as it is to be."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from perintis.doors.settings import read_settings
from perintis.doors.store.runs import add_metrics
from perintis.doors.store.upgrading import open_database
from perintis.faces.cli.app import run

PILOT = "data-management"


class Told:
    """Commands run with the pilots of this repository, and what they said."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        status = run(arguments)
        said = self._capsys.readouterr()
        assert status == 0, said.err
        return said.out


@pytest.fixture
def told(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """A home with a rehearsal of both processes: 1 as it was, 2 as it is to be."""
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path / "home"))
    for name in ("PERINTIS_DATABASE_URL", "PERINTIS_PILOTS"):
        monkeypatch.delenv(name, raising=False)
    told = Told(capsys)
    for process in ("as-is", "to-be"):
        told("rehearse", PILOT, "--process", process, "--cases", "60", "--seed", "1")
    return told


def test_runs_show_what_was_counted_by_each_kind_of_run(told: Told) -> None:
    """Cases, sum, mean and share; by hand nobody looks for conflicts, so they are not among what was counted."""
    lines = told("runs", PILOT)
    to_be, as_is = lines.split("Counted in the cases closed by ")[1:]
    assert to_be.startswith("run 2 (rehearsal to-be):")
    assert as_is.startswith("run 1 (rehearsal as-is):")
    assert [name in to_be for name in ("Duplicates found", "Records linked", "Conflicts found")] == [True, True, True]
    assert "Conflicts" not in as_is
    assert "80.0%" in as_is
    kept = json.loads(told("runs", PILOT, "--json"))[1]["metrics"]["figures"]
    assert kept["records_linked"] == {"cases": 60, "sum": 60 * 56, "of": 60 * 70}


def test_runs_show_how_well_was_matched_where_the_truth_is_known(told: Told) -> None:
    """Precision and recall by pairs and by whole persons; what cannot be told is no number."""
    known = {"way": "the registry", "pairs": {"precision": 1.0, "recall": 0.9955}, "persons_exact": None}
    with closing(open_database(read_settings())) as database:
        add_metrics(database, 2, {"matching": [known]})
    lines = told("runs", PILOT).split("Matching up to run 2, where the truth is known:")[1]
    assert lines.strip().splitlines()[2].rsplit(maxsplit=1) == ["precision by pairs", "1.0000"]
    assert lines.count("cannot be told") == 2
    assert json.loads(told("runs", PILOT, "--json"))[0]["metrics"]["officers"]  # what was kept of it stays


def test_a_comparison_has_every_figure_that_either_side_has(told: Told) -> None:
    """One that the baseline did not count is named with the reason, and has no difference."""
    found = {m["name"]: m for m in json.loads(told("compare", "rehearsal:1", "rehearsal:2", "--json"))["metrics"]}
    linked, conflicts = found["figure_share:records_linked"], found["figure:conflicts_found"]
    assert linked["a"]["statistics"]["mean"]["value"] == pytest.approx(0.8)
    assert linked["difference"]["mean"]["value"] > 0
    assert conflicts["a"]["not_comparable"] == "conflicts found was not counted"
    assert not conflicts["difference"]
    assert "not recorded" in next(
        line
        for line in told("compare", "rehearsal:1", "rehearsal:2").splitlines()
        if line.startswith("Conflicts found")
    )


def test_an_evaluation_by_the_plan_has_them_in_their_roles(told: Told, tmp_path: Path) -> None:
    """Secondary metrics of the registered plan, those that the baseline lacks with the reason."""
    said = told("evaluate", PILOT, "--baseline", "rehearsal:1", "--cases", "rehearsal:2", "--out", str(tmp_path / "e"))
    assert "Duplicates found" in said
    assert "- Conflicts found: baseline: conflicts found was not counted" in said
    told("evaluate", "--replay", str(tmp_path / "e" / "bundle.zip"))


def test_an_export_has_them_as_attributes_of_the_case(told: Told, tmp_path: Path) -> None:
    """The part and the whole each have a column; what was not counted is empty."""
    told("export", "rehearsal:1", str(tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        row = next(csv.DictReader(stream))
    assert (row["case:figure:records_linked"], row["case:figure_of:records_linked"]) == ("56.0", "70.0")
    assert row["case:figure:conflicts_found"] == ""
