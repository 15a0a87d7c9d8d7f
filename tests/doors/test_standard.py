"""A published service standard is kept as promises with their source, and never as cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perintis.doors.baseline_manifest import BaselineManifest
from perintis.doors.baselines import baseline_folder, import_baseline, import_standard, list_baselines, load_baseline
from perintis.doors.importers.mapping import build_mapping
from perintis.doors.importers.standard import EXAMPLE
from perintis.words.errors import BadInput, NotAllowed, NotFound
from perintis.words.tables import Grade


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def keep(home: Path, text: str = EXAMPLE, name: str = "rule", *, replace: bool = False) -> BaselineManifest:
    """Import a standard from a file beside the home."""
    path = home.parent / "rule.yaml"
    path.write_text(text, encoding="utf-8")
    return import_standard(home, "fast-track", path, name, replace=replace, by="rini")


def test_a_standard_is_a_baseline_without_cases(home: Path) -> None:
    """Its grade is promised time; its data set has promises and empty tables; who imported it is kept."""
    manifest = keep(home)
    data = load_baseline(home, "rule")
    assert (manifest.grade, manifest.cases, manifest.first, manifest.imported_by) == (Grade.PROMISED, 0, None, "rini")
    assert (data.cases.height, data.steps.height, data.grade) == (0, 0, Grade.PROMISED)
    assert data.standard is not None
    assert [str(promise.within) for promise in data.standard.promises] == ["10 working days", "1 working day"]
    assert data.clock == "from the file is complete to the decision is sent"
    assert list_baselines(home) == [manifest]


def test_the_same_standard_again_changes_nothing_and_another_is_refused(home: Path) -> None:
    """As for logs: a name stands for one content until it is replaced."""
    first = keep(home)
    assert keep(home) == first
    with pytest.raises(NotAllowed, match="already stands for other content"):
        keep(home, EXAMPLE.replace("10 working", "12 working"))
    assert keep(home, EXAMPLE.replace("10 working", "12 working"), replace=True).hash != first.hash


def test_a_changed_standard_is_found(home: Path) -> None:
    """All that it says is under the hash."""
    manifest = keep(home)
    path = baseline_folder(home, manifest) / "manifest.json"
    path.write_text(path.read_text().replace("Regulation 12", "Regulation 13"))
    with pytest.raises(BadInput, match="'rule' was changed after its import"):
        load_baseline(home, "rule")


def test_a_standard_has_no_cohorts(home: Path) -> None:
    """There is nothing to part."""
    keep(home)
    with pytest.raises(NotFound, match="is a service standard and has no cohorts"):
        load_baseline(home, "rule:2024")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("10 working days", "ten days"), r"promises, entry 1, within: write it like `15 working days`"),
        (("10 working days", "10 fortnights"), r"promises, entry 1, within, unit: is none of"),
        (("10 working days", "0 days"), r"promises, entry 1, within, number: has to be more than 0"),
        (("starts:", "begins:"), r"promises, entry 1, begins: is not a field here"),
        (("read: 2026-01-15", "read: soon"), r"source, read: is not a date"),
        (("step: imigrasi.check_documents, ", ""), r"the whole case is promised twice"),
        (("promises:", "promise:"), r"promises: is missing"),
        (("valid_from: 2024-07-01", "valid_from: 2024-07-01\nvalid_until: 2024-01-01"), r"valid_until lies before"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(home: Path, change: tuple[str, str], told: str) -> None:
    """The file, the entry and what to write; nothing is left behind."""
    with pytest.raises(BadInput, match=rf"^rule\.yaml: .*{told}"):
        keep(home, EXAMPLE.replace(*change))
    assert list_baselines(home) == []


def test_a_file_that_is_none_is_answered_with_an_example(home: Path) -> None:
    """Empty, or not text."""
    with pytest.raises(BadInput, match="it is written like this:\ntitle: "):
        keep(home, "")


def test_rows_of_a_file_are_never_a_promise(home: Path) -> None:
    """Cases made up from promised times would look measured."""
    path = home.parent / "log.csv"
    path.write_text("case,step,at\nA,check,2024-01-01\n")
    values = {"case": "case", "activity": "step", "timestamp": "at", "grade": "promised time"}
    with pytest.raises(BadInput, match="rows are no promise"):
        import_baseline(home, "fast-track", path, "made-up", build_mapping(values))


def test_a_described_sample_is_a_sample_whatever_its_size(home: Path) -> None:
    """How it was taken stands in the reason of its grade, and goes with the data set."""
    path = home.parent / "log.csv"
    rows = [f"C{n},check,2024-{1 + n % 6:02}-01" for n in range(60)]
    path.write_text("\n".join(["case,step,at", *rows]) + "\n")
    values = {"case": "case", "activity": "step", "timestamp": "at"}
    assert import_baseline(home, "p", path, "log", build_mapping(values)).grade is Grade.MEASURED
    sampling = {"observed_by": "two inspectors", "chosen": "every fifth file", "days": 6}
    manifest = import_baseline(home, "p", path, "timed", build_mapping(values | {"sampling": sampling}))
    assert manifest.grade is Grade.SAMPLE
    told = "timed by hand: observed by two inspectors on 6 days; cases chosen: every fifth file"
    assert told in manifest.grade_reason
    assert told in load_baseline(home, "timed").grade_reason
    assert (
        json.loads((baseline_folder(home, manifest) / "manifest.json").read_text())["mapping"]["sampling"] == sampling
    )
