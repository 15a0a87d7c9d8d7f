"""Baselines from the command line: a guided mapping, service standards, timed samples, and what a baseline holds."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.faces.office import Office, application
from tests.faces.test_documented_keys import listed_keys, section, table_keys

LOG = """permit;applicant;task;began;finished;agency;kind
P1;Siti;examine;{first};06/01/2026 09:30;lab;new
P1;Siti;decide;07/01/2026 08:00;08/01/2026 09:00;desk;new
P2;Rudi;examine;05/01/2026 10:00;06/01/2026 11:00;lab;old
P2;Rudi;archive;07/01/2026 08:00;09/01/2026 10:00;desk;old
"""
STANDARD = """title: Permits in time
source: {rule: Regulation 7, read: 2026-01-15}
promises:
  - {within: 5 working days, share: 0.9}
  - {step: lab.examine, agency: lab, within: 2 working days, article: art. 2}
"""


class Keyboard(io.StringIO):
    """Someone at a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture
def log(office: Office) -> Path:
    """A log whose dates have the day first, and a value that shows it."""
    return write(office, "log.csv", LOG.format(first="25/12/2025 08:00"))


def write(office: Office, name: str, text: str) -> Path:
    path = office.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def guess(office: Office, log: Path, *more: object) -> Any:
    """`perintis baseline import --guess`, which has to succeed."""
    return office.done("baseline", "import", "small", log, "--name", "old", "--guess", *more)


def test_a_guess_is_shown_with_its_rows_and_written(office: Office, log: Path) -> None:
    """Reasons, doubts and dates as they are understood; the mapping lies beside the file and reads it again."""
    told = guess(office, log, "--yes").out
    assert "permit (its name; 2 different values in 4 rows)" in told
    assert "applicant: may identify a person" in told
    assert "Siti" not in told
    assert "2025-12-25 08:00" in told
    assert "Not sure, please check:" in told
    assert "examine is lab.examine" in told
    written = office.folder / "log.map.yaml"
    assert "date_format: '%d/%m/%Y %H:%M'" in written.read_text()
    again = office.done("baseline", "import", "small", log, "--name", "old", "--map", written, "--json").json
    assert again["cases"] == 2


def test_a_person_is_asked_before_anything_is_kept(office: Office, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No leaves nothing behind; without a person to ask, --yes must have been given."""
    monkeypatch.setattr("sys.stdin", Keyboard("n\n"))
    assert office("baseline", "import", "small", log, "--name", "old", "--guess").status == 1
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert "add --yes" in office("baseline", "import", "small", log, "--name", "old", "--guess").err
    assert not (office.folder / "log.map.yaml").exists()
    assert office.done("baseline", "list", "--json").json == []
    monkeypatch.setattr("sys.stdin", Keyboard("y\n"))
    guess(office, log)
    assert (office.folder / "log.map.yaml").exists()


def test_the_order_of_day_and_month_is_asked_or_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal a person says it; --yes cannot."""
    log = write(office, "log.csv", LOG.format(first="05/01/2026 08:00"))
    refused = office("baseline", "import", "small", log, "--name", "old", "--guess", "--yes")
    assert (refused.status, "does the day come first, or the month?" in refused.err) == (1, True)
    monkeypatch.setattr("sys.stdin", Keyboard("day\ny\n"))
    assert "written as %d/%m/%Y %H:%M" in guess(office, log).out


def test_a_mapping_is_never_overwritten_unless_forced(office: Office, log: Path) -> None:
    """Somebody may have mended it by hand."""
    place = write(office, "log.map.yaml", "case: mended\n")
    refused = office("baseline", "import", "small", log, "--name", "old", "--guess", "--yes")
    assert "is there already" in refused.err
    assert place.read_text() == "case: mended\n"
    guess(office, log, "--yes", "--map-out", office.folder / "other.yaml")
    guess(office, log, "--yes", "--force")
    assert "case: permit" in place.read_text()


def test_a_guess_as_json_only_proposes(office: Office, log: Path) -> None:
    """Nothing is written and no cell is shown, until --yes."""
    told = guess(office, log, "--json")
    assert (told.json["imported"], told.json["mapping"]["case"], "Siti" in told.out) == (None, "permit", False)
    assert not (office.folder / "log.map.yaml").exists()
    assert guess(office, log, "--json", "--yes").json["imported"]["cases"] == 2


def test_steps_without_a_counterpart_are_told_at_import(office: Office, log: Path) -> None:
    """Some: they are listed. All: it may be another process. None recorded: lead time only."""
    assert "1 step has no counterpart in small: archive." in guess(office, log, "--yes").out
    shown = office.done("baseline", "show", "old").out
    assert "1 step has no counterpart in small: archive." in shown
    assert "Steps of small that are not in this baseline: lab.confirm, register.look_up." in shown
    other = write(office, "other.csv", "case,step,at\nA,print,2026-01-05\nA,post,2026-01-06\n")
    flags = ("--case", "case", "--activity", "step", "--timestamp", "at")
    told = office.done("baseline", "import", "small", other, "--name", "other", *flags).out
    assert "WARNING: not one of these steps is a step of small" in told
    extract = write(office, "extract.csv", "case,in,out\nA,2026-01-05,2026-01-06\n")
    dates = ("--layout", "cases", "--case", "case", "--opened", "in", "--closed", "out")
    told = office.done("baseline", "import", "small", extract, "--name", "extract", *dates).out
    assert "It has no steps, so it can be compared by lead time, deadlines and outcomes only." in told


def test_a_standard_is_kept_shown_and_held_against_cases(office: Office) -> None:
    """Which share is within the promise, and one clear sentence that there is no difference from it."""
    file = write(office, "rule.yaml", STANDARD)
    office.done("baseline", "standard", "small", file, "--name", "rule")
    shown = office.done("baseline", "show", "rule").out
    assert "a service standard, 2 promises, no cases" in shown
    assert "lab.examine" in shown
    office.opened(application(1), application(2))
    for order in (("small", "rule"), ("rule", "small")):
        told = office.done("compare", *order).out
        assert "promised within 5 working days" in told
        assert "it can only be said which share of the pilot's cases is within the promise" in told
        assert "95 % interval" not in told
    refused = office("compare", "small", "rule", "--by", "office")
    assert "has promises and no cases" in refused.err
    assert "no cases to export" in office("export", "rule", "rule.csv").err
    assert "one has to be a service standard" in office("compare", "rule", "rule").err


@pytest.mark.parametrize("ending", ["csv", "xes", "parquet"])
def test_an_exported_baseline_names_its_cases_only_with_a_reason(office: Office, log: Path, ending: str) -> None:
    """Pseudonyms for its references and officers, others for each agency; asked otherwise, who and why is recorded."""
    log.write_text(log.read_text("utf-8").replace("P1;", "PERMIT-1;"), "utf-8")
    guess(office, log, "--yes")
    plain, other, named = (office.folder / f"{name}.{ending}" for name in ("plain", "other", "named"))
    office.done("export", "old", plain)
    office.done("export", "old", other, "--for", "lab")
    assert not any(b"PERMIT-1" in file.read_bytes() for file in (plain, other))
    assert plain.read_bytes() != other.read_bytes()
    assert office("export", "old", named, "--identifiable").status == 1
    assert not named.exists()
    office.done("export", "old", named, "--identifiable", "--officer", "o", "--reason", "letter 12")
    assert b"PERMIT-1" in named.read_bytes()
    [line] = office.done("disclosures", "small", "--json").json
    assert (line["step"], line["reason"]) == ("export", "o: letter 12")


def test_what_a_baseline_holds_is_shown(office: Office, log: Path) -> None:
    """Where it came from and by whom, gaps, times, seasons, and the steps with their counterparts."""
    guess(office, log, "--yes", "--by", "Rini")
    shown = office.done("baseline", "show", "old").out
    for part in ("by Rini", "sha256", "Missing values", "How finely times are written", "Cases opened", "lab.examine"):
        assert part in shown
    assert "evidence is D at most" in shown


def test_samples_of_a_timed_sample_and_a_standard_can_be_imported(office: Office, repository: Path) -> None:
    """As samples/README.md says: sixteen timed steps of four applications; one promise."""
    samples = repository / "samples"
    flags = ("--map", samples / "timed.map.yaml", "--name", "timed", "--json")
    timed = office.done("baseline", "import", "small", samples / "timed.csv", *flags).json
    assert (timed["cases"], timed["steps"], timed["open_cases"], timed["grade"]) == (4, 16, 1, "short sample")
    rule = office.done(
        "baseline", "standard", "small", samples / "uk_visa.standard.yaml", "--name", "uk", "--json"
    ).json
    assert [p["within"] for p in rule["standard"]["promises"]] == [{"number": 15.0, "unit": "working days"}]


def test_keys_are_those_of_the_reference(office: Office, log: Path, repository: Path) -> None:
    """Of --guess, show and a promise held against cases."""
    reference = (repository / "docs" / "reference" / "commands.md").read_text("utf-8")
    proposed = guess(office, log, "--json", "--yes").json
    assert set(proposed) == table_keys(section(reference, "baseline import PILOT FILE --name NAME --guess"))
    assert set(proposed["imported"]) == table_keys(section(reference, "baseline import"))
    shown = office.done("baseline", "show", "old", "--json").json
    of_show = table_keys(section(reference, "baseline show"))
    assert set(shown) - set(proposed["imported"]) | set(shown["contents"]) == of_show
    json.dumps(shown, allow_nan=False)
    office.done("baseline", "standard", "small", write(office, "rule.yaml", STANDARD), "--name", "rule")
    held = office.done("compare", "old", "rule", "--json").json
    keys = listed_keys(section(reference, "compare"), "JSON then:")
    assert set(held) | set(held["kept"][0]) == keys
