"""Evaluators' commands: rehearse, import, compare, export; on the fast-track pilot of this repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from perintis.faces.cli.app import run
from tests.faces.office import Office


@pytest.fixture
def desk(office: Office, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office that works with the pilots of this repository."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    return office


@pytest.fixture(scope="module")
def rehearsals(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which both processes were rehearsed: as-is is run 1, to-be is run 2."""
    home = tmp_path_factory.mktemp("rehearsals") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERINTIS_PILOTS", str(repository))
        patch.setenv("PERINTIS_HOME", str(home))
        for process in ("as-is", "to-be"):
            assert run(["rehearse", "fast-track", "--cases", "60", "--seed", "1", "--process", process]) == 0
    return home


@pytest.fixture
def rehearsed(rehearsals: Path, desk: Office) -> Office:
    """An office with a copy of that home."""
    shutil.copytree(rehearsals, desk.folder / ".perintis")
    return desk


LOG = """permit,task,done,unit
1,receive,2026-03-02 08:00,front
1,decide,2026-03-04 10:00,back
2,receive,2026-03-02 09:00,front
2,decide,2026-03-09 10:00,back
3,receive,2026-03-03 09:00,front
"""


def test_rehearsals_are_compared_words_first_and_marked_as_rehearsal(rehearsed: Office) -> None:
    """The mark comes before any figure; then sentences with intervals, then the table."""
    told = rehearsed.done("compare", "rehearsal:1", "rehearsal:2", "--by", "office").out
    lines = told.splitlines()
    assert lines[0].startswith("REHEARSAL: Both sides are simulated")
    assert lines[2].startswith("Half of the cases end within ")
    assert "shorter (95 % interval " in lines[2]
    assert told.index("Half of the cases") < told.index("Metric ")
    assert "jakarta_selatan" in told


def test_work_of_a_rehearsal_is_nobodys_to_do(rehearsed: Office) -> None:
    """It is in no inbox, and cannot be answered or taken."""
    assert rehearsed.done("inbox", "kemenkes", "--json").json == []
    assert rehearsed.done("status", "--json").json == []
    for command in (("answer", "1", "--set", "fit=yes"), ("take", "1", "--officer", "Rini"), ("resolve", "1", "sent")):
        assert "there is no work item 1" in rehearsed(*command).err


def test_the_page_is_whole_in_one_file(rehearsed: Office) -> None:
    """No address outside, a table with headings for rows and columns, the mark of the rehearsal, a language."""
    page = rehearsed.folder / "pages" / "c.html"
    rehearsed.done("compare", "rehearsal:1", "rehearsal:2", "--out", page)
    text = page.read_text("utf-8")
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in text
    for inside in ('lang="en"', '<th scope="col"', '<th scope="row">', "<caption>", "REHEARSAL", "@page"):
        assert inside in text
    assert [p.name for p in page.parent.iterdir()] == ["c.html"]


def test_the_same_seed_gives_the_same_comparison(rehearsed: Office) -> None:
    """To the last digit."""
    first, second = (rehearsed.done("compare", "rehearsal:1", "rehearsal:2", "--json").json for _ in range(2))
    assert first == second
    assert first["a"]["simulated"]


def test_a_log_becomes_a_baseline_by_flags_alone(desk: Office) -> None:
    """Case, task and time by column; the rest of a mapping by --set."""
    file = desk.folder / "log.csv"
    file.write_text(LOG, "utf-8")
    flags = ("--case", "permit", "--activity", "task", "--timestamp", "done", "--agency", "unit",
             "--timezone", "Asia/Jakarta", "--set", "closed.activities=[decide]", "--name", "old")  # fmt: skip
    told = desk.done("baseline", "import", "fast-track", file, *flags, "--json").json
    assert (told["cases"], told["events"], told["rejected"], told["grade"]) == (3, 5, 0, "short sample")
    assert len(told["hash"]) == 64
    assert desk.done("baseline", "import", "fast-track", file, *flags, "--json").json["hash"] == told["hash"]
    assert [b["name"] for b in desk.done("baseline", "list", "--json").json] == ["old"]
    shown = desk.done("baseline", "show", "old").out
    assert "short sample" in shown
    assert "2026-03-02 to 2026-03-03" in shown


def test_flags_stand_above_the_mapping_file(desk: Office) -> None:
    """So that one mapping serves several files."""
    (desk.folder / "log.csv").write_text(LOG, "utf-8")
    mapping = desk.folder / "map.yaml"
    mapping.write_text("{case: permit, activity: unit, timestamp: done, closed: last event}", "utf-8")
    desk.done("baseline", "import", "fast-track", "log.csv", "--map", mapping, "--activity", "task", "--name", "old")
    told = desk.done("baseline", "show", "old", "--json").json
    assert told["mapping"]["activity"] == "task"
    assert told["open_cases"] == 0


def test_data_sets_are_exported_without_personal_data(rehearsed: Office) -> None:
    """The ending says the format; what is exported comes back as the same cases."""
    told = rehearsed.done("export", "rehearsal:2", "r.xes", "--json").json
    assert told["cases"] == 60
    assert told["simulated"]
    again = rehearsed.done("baseline", "import", "fast-track", "r.xes", "--name", "again", "--json").json
    assert again["cases"] == 60
    assert "REHEARSAL" in rehearsed.done("export", "rehearsal:2", "r.csv").out
    assert rehearsed("export", "rehearsal:2", "r.docx").status == 1


def test_an_exported_log_comes_back_with_the_same_figures(rehearsed: Office) -> None:
    """Without a mapping: closings, deadlines, outcomes, offices, clock and the instant of observation."""
    rehearsed.done("export", "rehearsal:1", "r.xes")
    rehearsed.done("baseline", "import", "fast-track", "r.xes", "--name", "again")
    compared = rehearsed.done("compare", "again", "rehearsal:1", "--json").json
    assert compared["metrics"]
    for metric in compared["metrics"]:
        assert metric["a"] == metric["b"], metric["name"]
    described = [{k: v for k, v in compared[side].items() if k not in ("name", "simulated")} for side in "ab"]
    assert described[0] == described[1]


def test_dates_are_read_as_they_are_written_here(desk: Office) -> None:
    """Day, month, year with slashes, as a spreadsheet in Indonesia saves them."""
    (desk.folder / "old.csv").write_text("permit;in;out\n1;01/02/2026;15/02/2026\n2;03/02/2026;\n", "utf-8")
    flags = ("--case", "permit", "--opened", "in", "--closed", "out", "--layout", "cases", "--timezone", "Asia/Jakarta")
    desk.done("baseline", "import", "fast-track", "old.csv", "--name", "old", *flags, "--set", "date_format=%d/%m/%Y")
    told = desk.done("baseline", "show", "old", "--json").json
    assert (told["cases"], told["open_cases"], told["first"][:10]) == (2, 1, "2026-02-01")


@pytest.mark.parametrize("file", ["r.xes", "r.csv"])
def test_an_exported_rehearsal_stays_a_rehearsal(rehearsed: Office, file: str) -> None:
    """No mapping makes a measured log of it, and a comparison with it says so first."""
    rehearsed.done("export", "rehearsal:2", file)
    flags = ("--name", "again", "--set", "grade=measured log")
    assert rehearsed.done("baseline", "import", "fast-track", file, *flags, "--json").json["grade"] == "rehearsal"
    assert rehearsed.done("compare", "again", "rehearsal:1").out.startswith("REHEARSAL: Both sides are simulated")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("compare", "nothing", "fast-track"), "there is no data set 'nothing'; there is fast-track, rehearsal:2"),
        (("compare", "rehearsal:1", "fast-track"), "pilot fast-track has no cases yet"),
        (("compare", "rehearsal:1", "fast-track/now"), "has the processes to-be and as-is"),
        (("compare", "rehearsal:one", "rehearsal:2"), "named by its run number"),
        (("compare", "rehearsal:9", "rehearsal:2"), "there is no rehearsal 9"),
        (("compare", "rehearsal:1", "rehearsal:2", "--by", "colour"), "it can be compared by office, case:category"),
        (("compare", "rehearsal:1", "rehearsal:2", "--out", "page.pdf"), "written as .html"),
        (("rehearse", "fast-trak"), "there is no pilot 'fast-trak'"),
        (("baseline", "show", "nothing"), "no baseline 'nothing'"),
        (("baseline", "import", "fast-trak", "x.csv", "--name", "x"), "there is no pilot 'fast-trak'"),
        (("baseline", "import", "fast-track", "x.csv", "--name", "x"), "no such file"),
        (("baseline", "import", "fast-track", "x.csv", "--name", "x", "--set", "colour=red"), "colour"),
        (
            ("baseline", "import", "fast-track", "x.csv", "--name", "x", "--set", "observed_until=2026-02-30"),
            "observed_until",
        ),
        (("baseline", "import", "fast-track", ".", "--name", "x"), "is a folder"),
    ],
)
def test_what_is_not_there_is_told_with_what_there_is(
    rehearsed: Office, arguments: tuple[str, ...], sentence: str
) -> None:
    """One sentence, status 1, no traceback."""
    answer = rehearsed(*arguments)
    assert answer.status == 1, answer
    assert sentence in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_pilot_without_assumptions_cannot_be_rehearsed(office: Office) -> None:
    """The sentence names the file to write."""
    assert "write pilots/small/rehearsal.yaml" in office("rehearse", "small").err


def test_check_holds_a_pilot_against_its_promises(desk: Office, office: Office) -> None:
    """Fast-track keeps them; its agreement is a draft, which is said."""
    [problem] = desk.done("check", "fast-track", "--json").json
    assert (problem["severity"], problem["where"]) == ("warning", "agreement.yaml")
    assert "is a draft and not signed" in problem["message"]


def test_check_ends_with_status_one_where_something_is_not_as_agreed(office: Office) -> None:
    """The small pilot shows names to a laboratory, and the agreement that allows it is gone."""
    (office.folder / "pilots" / "small" / "agreement.yaml").unlink()
    answer = office("check", "small", "--json")
    assert answer.status == 1
    assert {problem["severity"] for problem in json.loads(answer.out)} == {"error", "warning"}
    assert "put them right" in answer.err
