"""The registry from the command line: deliver, run, show, compare, export, score; nothing personal unasked."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from perintis.faces.cli import agreement_command, registry_command, retention_command
from perintis.faces.cli.app import run
from tests.doors.registry.small_extracts import Rows, announced, dukcapil, kemenkes, people

PILOT, NIK = "data-management", "3174012304909001"


class Desk:
    """Commands run as a person would, with the pilots of this repository and a home of the test's own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *arguments: str, status: int = 0) -> str:
        found = run(arguments)
        out, err = self._capsys.readouterr()
        assert found == status, err
        return out + err

    def deliver(self, agency: str, rows: Rows) -> None:
        extract = announced(self.folder, agency, rows)
        told = ("--agency", agency, "--period", "2026-03", "--office", "bali", "--reference", f"R-{agency}")
        self("registry", "deliver", PILOT, str(self.folder / extract.file_name), *told)
        self("run", PILOT, str(self.folder / "home" / "intakes" / f"R-{agency}.jsonl"), "--without-prefect")


@pytest.fixture
def desk(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PERINTIS_DATABASE_URL", raising=False)
    monkeypatch.delenv("PERINTIS_PILOTS", raising=False)
    return Desk(tmp_path, capsys)


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """Two versions: the Civil Registry's thirteen persons, and Health's, one of them spelled otherwise."""
    rows = people()
    desk.deliver("dukcapil", dukcapil(rows))
    desk.deliver("kemenkes", kemenkes([{**rows[0], "full_name": "Boedi Santoso"}, *rows[1:]]))
    return desk


def listed_keys(repository: Path, command: str) -> set[str]:
    """The keys that the reference lists for a command."""
    reference = (repository / "docs" / "reference" / "commands.md").read_text("utf-8")
    part = next(p for p in reference.split("\n### ") if p.startswith(f"`perintis registry {command} "))
    found = re.search(r"JSON:(?: a list of)? (.*?)\.\n", part + "\n", re.DOTALL)
    assert found is not None
    return set(re.findall(r"`([a-z_]+)`", found[1]))


def test_the_registry_shows_counts_and_nobody(filled: Desk, repository: Path) -> None:
    """By agency, field and version; the keys are those of the reference."""
    told = filled("registry", "show", PILOT)
    assert "version 2: 13 persons from 26 records" in told
    assert "BUDI" not in told
    shown = json.loads(filled("registry", "show", PILOT, "--json"))
    assert set(shown) == listed_keys(repository, "show")
    assert shown["agencies"]["kemenkes"] == {"records": "13", "linked": "13"}


@pytest.mark.parametrize(("name", "reference"), [(f"{NIK}.csv", "R-1"), ("a.csv", f"R-{NIK}")])
def test_an_identity_number_in_a_name_is_refused_and_not_repeated(desk: Desk, name: str, reference: str) -> None:
    """The names of files and registration numbers are kept in clear, in the folder of intakes too."""
    extract = announced(desk.folder, "dukcapil", dukcapil(people()), name=name)
    told = ("--agency", "dukcapil", "--period", "2026-03", "--office", "bali", "--reference", reference)
    refused = desk("registry", "deliver", PILOT, str(desk.folder / extract.file_name), *told, status=1)
    assert "has an identity number in it" in refused
    assert NIK not in refused
    assert not list((desk.folder / "home").rglob(f"*{NIK}*"))


def test_a_difference_is_told_by_field(filled: Desk, repository: Path) -> None:
    """Version 2 added what Health found; no name was changed by the less trusted spelling."""
    shown = json.loads(filled("registry", "diff", PILOT, "1", "2", "--json"))
    assert set(shown) == listed_keys(repository, "diff")
    assert shown["fields"] == {"fit": {"added": "13"}, "screened_on": {"added": "13"}}
    assert "there are 1 to 2" in filled("registry", "diff", PILOT, "1", "7", status=1)


def test_values_are_shown_only_with_a_reason_that_is_kept(filled: Desk) -> None:
    """Both of --personal and --reason, and the store knows who was given what, without the values."""
    view = filled.folder / "view.csv"
    filled("registry", "export", PILOT, str(view), "--agency", "kemenkes")
    assert view.read_text("utf-8").splitlines()[0] == "person,record,version"
    refused = filled("registry", "export", PILOT, str(view), "--agency", "kemenkes", "--personal", status=1)
    assert "--personal and --reason belong together" in refused
    filled("registry", "export", PILOT, str(view), "--agency", "kemenkes", "--personal", "--reason", "a trial")
    with view.open(encoding="utf-8", newline="") as stream:
        rows: list[dict[str, Any]] = list(csv.DictReader(stream))
    assert rows[0]["full_name"] == "BUDI SANTOSO"
    assert "citizenship" not in rows[0]
    person = rows[0]["person"]
    assert "BUDI" not in filled("registry", "show", PILOT, "--person", person)
    assert "BUDI" in filled("registry", "show", PILOT, "--person", person, "--personal", "--reason", "asked")
    with create_engine(f"sqlite:///{filled.folder / 'home' / 'perintis.db'}").connect() as connection:
        kept = connection.execute(text("SELECT what, agency, rows, reason FROM registry_accesses")).all()
    assert [tuple(row) for row in kept] == [("export", "kemenkes", 13, "a trial"), ("show", None, 1, "asked")]


def test_the_record_of_processing_has_extracts_and_views(filled: Desk) -> None:
    """By field names, agencies, purpose, article, time and records; from the first delivery on, and no value."""
    assert [line[:6] for line in files(filled)] == [
        ("extract", "dukcapil", "imigrasi", "art. 3(1)", 13, None),
        ("extract", "kemenkes", "imigrasi", "art. 3(2)", 13, None),
    ]
    view = str(filled.folder / "view.csv")
    filled("registry", "export", PILOT, view, "--agency", "kemenkes", "--personal", "--reason", "a trial")
    filled("registry", "export", PILOT, view, "--agency", "kemenkes")
    filled("registry", "export", PILOT, view, "--agency", "imigrasi")  # the lead's own: nothing is disclosed
    one_person = ("view", "imigrasi", "kemenkes", "art. 3(8)", 13)
    assert files(filled)[2:] == [
        ("view", "imigrasi", "kemenkes", "art. 3(5)", 13, "a trial",
         ["full_name", "date_of_birth", "sex", "nik", "passport_number"]),
        (*one_person, "a trial", ["same_person_as"]),
        (*one_person, None, ["same_person_as"]),
    ]  # fmt: skip
    assert [line[0] for line in files(filled, "--case", "R-kemenkes")] == ["extract"]
    assert len(files(filled, "--agency", "dukcapil")) == 1
    assert files(filled, "--since", "2099-01-01") == []
    told = filled("disclosures", PILOT)
    assert "Files with records of many persons:" in told
    filled("disclosures", PILOT, "--out", str(filled.folder / "all.csv"))
    written = (filled.folder / "all.csv").read_text("utf-8")
    assert "R-dukcapil" in written
    assert "BUDI" not in told + written


def files(desk: Desk, *chosen: str) -> list[tuple[Any, ...]]:
    lines = json.loads(desk("disclosures", PILOT, *chosen, "--json"))
    keys = ("step", "discloses", "receives", "article", "records", "reason", "fields")
    return [tuple(line[key] for key in keys) for line in lines if line["step"] in ("extract", "view")]


def test_after_the_agreement_no_agency_gets_a_view(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither values nor which of its records are one person; the sentence names the agreement, no file is made."""
    monkeypatch.setattr(registry_command, "now", lambda: datetime(2031, 1, 1, tzinfo=UTC))
    view = filled.folder / "view.csv"
    told = filled("registry", "export", PILOT, str(view), "--agency", "kemenkes", status=1)
    assert "imigrasi may not disclose 'same_person_as' to kemenkes: agreement PKS-MD-01" in told
    assert not view.exists()


def test_the_extract_of_a_closed_case_is_destroyed_by_time(filled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 90 days by the agreement; the flow would count one; the other case waits for its agency and keeps its."""
    monkeypatch.setattr(retention_command, "now", lambda: datetime.now(UTC) + timedelta(days=92))
    shown = json.loads(filled("retention", "show", PILOT, "--json"))["extracts"]
    assert [(line["reference"], line["article"], line["due"]) for line in shown] == [("R-dukcapil", "art. 8(3)", True)]
    assert "1 extract as delivered; 1 due now" in filled("retention", "show", PILOT)
    by = ("--officer", "archivist")
    assert "add --yes" in filled("retention", "run", PILOT, *by, status=1)
    assert "1 extract as delivered destroyed" in filled("retention", "run", PILOT, *by, "--yes")
    assert json.loads(filled("retention", "show", PILOT, "--json"))["extracts"] == []
    assert "version 2: 13 persons from 26 records" in filled("registry", "show", PILOT)
    assert "All is well" in filled("db", "verify")


def test_a_new_agreement_says_which_extracts_it_keeps_otherwise(
    filled: Desk, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty days instead of ninety, asked on the fiftieth: that of the closed case would go at once."""
    monkeypatch.setattr(agreement_command, "now", lambda: datetime.now(UTC) + timedelta(days=50))
    new = filled.folder / "new.yaml"
    text = (repository / "pilots" / "data_management" / "agreement.yaml").read_text("utf-8")
    replaces = "version: 2\nreplaces: {number: PKS-MD-01, version: 1}"
    new.write_text(text.replace("version: 1", replaces, 1).replace("after: 90 days", "after: 30 days"), "utf-8")
    told = json.loads(filled("agreement", "diff", PILOT, str(new), "--json"))["retention"]
    assert told["extracts"] == {"shorter": 1, "longer": 0, "due": 1}
    assert told["cases"] == {"shorter": 0, "longer": 0, "due": 0}
    assert "art. 8(3): extracts are kept 30 days" in told["changes"][0]
    assert "1 extract kept shorter" in filled("agreement", "diff", PILOT, str(new))


def test_a_reason_with_an_identity_number_is_refused(filled: Desk) -> None:
    """It would be kept in clear."""
    why = ("--personal", "--reason", "about 3174012304909001")
    told = filled("registry", "export", PILOT, str(filled.folder / "v.csv"), "--agency", "kemenkes", *why, status=1)
    assert "identity number" in told
    assert "3174012304909001" not in told


def test_the_registry_is_scored_beside_matching_by_number(filled: Desk, repository: Path) -> None:
    """With the truth also precision and recall."""
    truth = filled.folder / "truth.csv"
    lines = [
        f"{agency},{letter}{n},T{n}" for agency, letter in (("dukcapil", "D"), ("kemenkes", "K")) for n in range(1, 14)
    ]
    truth.write_text("\n".join(["agency,record,person", *lines]) + "\n", "utf-8")
    told = filled("registry", "score", PILOT, "--truth", str(truth))
    assert "recall by pairs" in told
    ways = json.loads(filled("registry", "score", PILOT, "--truth", str(truth), "--json"))
    assert set(ways[0]) == listed_keys(repository, "score")
    assert ways[1]["pairs"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    truth.write_text("agency,person\n", "utf-8")
    assert "has the columns agency, record, person" in filled(
        "registry", "score", PILOT, "--truth", str(truth), status=1
    )


def test_metadata_names_the_four_principles(desk: Desk) -> None:
    """Data standard, metadata, interoperability, reference codes; before anything was delivered."""
    told = desk("registry", "show", PILOT, "--metadata")
    for words in ("Data standard", "Metadata", "Interoperability", "Reference codes", "ISO 3166-1 alpha-3"):
        assert words in told
    assert "nothing has been published yet" in desk("registry", "show", PILOT, status=1)


def test_a_pilot_without_a_registry_says_so(desk: Desk) -> None:
    """In one sentence."""
    assert "pilot fast-track keeps no registry" in desk("registry", "show", "fast-track", status=1)
