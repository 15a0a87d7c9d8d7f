"""`perintis satisfaction`: a file of answers, one respondent at the counter, and the index so far."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from perintis.faces.cli import satisfaction_command
from tests.faces.office import Answer, Office, application

CODES = [f"U{k}" for k in range(1, 10)]
HEADER = ["case", *CODES]


@pytest.fixture
def desk(office: Office) -> Office:
    """Cases A-001 to A-008 are closed, withdrawn by their applicants (A-008 in the south); A-009 is open."""
    office.opened(*[application(n, office="south" if n == 8 else "north") for n in range(1, 10)])
    for number in range(1, 9):
        office.done("withdraw", f"A-00{number}", "--reason", "moved", "--yes")
    return office


def write(office: Office, *rows: list[object]) -> Path:
    file = office.folder / "answers.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    return file


def nine(number: int, answer: object = 4, **changes: object) -> list[object]:
    """A row of answers that are all the same but for some."""
    return [f"A-{number:03}", *({**dict.fromkeys(CODES, answer), **changes}[code] for code in CODES)]


def test_good_rows_are_recorded_and_bad_ones_come_back_with_row_and_field(desk: Office) -> None:
    """Out of range, not whole, still open, of no case; never with the value, and all in a file beside."""
    file = write(desk, nine(1), nine(2, U3=0), nine(3, U4=5), nine(4, U7="4.0"), nine(9), nine(77), nine(5, U9=""))
    told = desk.done("satisfaction", "small", file, "--json")
    assert (told.json["recorded"], told.json["already"], told.json["rejected"]) == (2, 0, 5)
    assert [(r["row"], r["field"]) for r in told.json["rejects"]] == [
        (3, "U3"), (4, "U4"), (5, "U7"), (6, "case"), (7, "case"),
    ]  # fmt: skip
    assert "row 5: U7 is not a whole number from 1 to 4" in told.err
    assert "row 6: case is not closed yet" in told.err
    assert "4.0" not in told.out + told.err
    assert "A-009" not in told.out + told.err
    rejected = Path(told.json["rejected_file"]).read_text("utf-8-sig").splitlines()
    assert rejected[1] == "3,U3,is not a whole number from 1 to 4"


def test_the_same_file_again_records_nothing(desk: Office) -> None:
    """Other answers to the same case are refused."""
    file = write(desk, nine(1), nine(2))
    assert desk.done("satisfaction", "small", file).out == "Answers to 2 cases recorded.\n"
    assert desk.done("satisfaction", "small", file).out == "Answers to 0 cases recorded, 2 recorded before.\n"
    told = desk.done("satisfaction", "small", write(desk, nine(1), nine(2, U1=1)))
    assert told.out == "Answers to 0 cases recorded, 1 recorded before, 1 row rejected.\n"
    assert "row 3: case has other answers already, which stay" in told.err


def test_strict_records_nothing_where_one_row_is_bad(desk: Office) -> None:
    """Whether the file or the store refuses it; the status is not zero and all bad rows are told at once."""
    answer = desk("satisfaction", "small", write(desk, nine(1), nine(2, U3=0), nine(9)), "--strict")
    assert answer.status == 1
    assert "2 bad rows and --strict was given: nothing was recorded" in answer.err
    assert desk.done("satisfaction", "small", "--json").json["answered"] == 0


def test_a_missing_column_is_told_and_nothing_is_recorded(desk: Office) -> None:
    """U7."""
    file = desk.folder / "answers.csv"
    file.write_text("case,U1,U2,U3,U4,U5,U6,U8,U9\nA-001,4,4,4,4,4,4,4,4\n", "utf-8")
    answer = desk("satisfaction", "small", file)
    assert (answer.status, answer.err) == (
        1, "error: answers.csv: no column U7; it needs case and U1 to U9, one row a case\n",
    )  # fmt: skip


def test_the_index_so_far_names_offices_and_nobody(desk: Office) -> None:
    """Seven asked in the north, one in the south; the south's answers follow from nothing that is shown."""
    desk.done("satisfaction", "small", write(desk, *[nine(n, 3) for n in range(1, 7)], nine(8, 1)))
    told = desk.done("satisfaction", "small", "--json").json
    assert (told["asked"], told["answered"], told["response"], told["category"]) == (8, 7, 7 / 8, "C")
    assert told["index"] == pytest.approx((6 * 75 + 25) / 7)
    assert [(o["office"], o["asked"], o["answered"], o["index"]) for o in told["offices"]] == [
        ("north", 7, 6, None), ("south", 1, 1, None),
    ]  # fmt: skip
    words = desk.done("satisfaction", "small").out
    assert "7 of 8 closed cases answered (88%)" in words
    assert "Index (IKM) 67.86, category C." in words
    assert "Kompetensi pelaksana / Competence of staff" in words
    assert "A-00" not in words


def test_nothing_is_shown_of_few(desk: Office) -> None:
    """Four respondents have no index; before the first case is closed nobody was asked."""
    desk.done("satisfaction", "small", write(desk, *[nine(n) for n in range(1, 5)]))
    told = desk.done("satisfaction", "small")
    assert "No index (IKM) is shown: 4 complete answers; shown from 5 on." in told.out
    assert "nobody was asked" in desk.done("satisfaction", "small", "--as-is").out


def test_one_respondent_at_the_counter(desk: Office) -> None:
    """Nine answers by commas, blanks allowed; the same again is nothing new, others are refused."""
    counter = ("satisfaction", "small", "--case", "A-001", "--answers")
    assert desk.done(*counter, "4,4,3,4,,4,3,4,4").out == "The answers are recorded.\n"
    assert desk.done(*counter, "4,4,3,4,,4,3,4,4", "--json").json["already"] == 1
    assert "has other answers already" in desk(*counter, "4,4,3,4,1,4,3,4,4").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--case", "A-001", "--answers", "4,4,3"), "--answers takes 9 answers, U1 to U9"),
        (("--case", "A-001", "--answers", "4,4,3,4,4,4,5,4,4"), "U7 is not a whole number from 1 to 4"),
        (("--case", "A-001", "--answers", ",,,,,,,,"), "no question was answered"),
        (("--case", "A-009", "--answers", "4,4,3,4,4,4,3,4,4"), "case A-009 is not closed yet"),
        (("--case", "B-1", "--answers", "4,4,3,4,4,4,3,4,4"), "B-1 is not the reference of a case of this pilot"),
        (("--case", "A-001"), "nobody can be asked here"),
        (("--answers", "4,4,3,4,4,4,3,4,4"), "in one way only"),
        (("answers.csv", "--case", "A-001"), "in one way only"),
        (("--case", "A-001", "--baseline", "old"), "--baseline goes with a file or alone"),
        (("none.csv",), "no such file"),
        (("--baseline", "old"), "no baseline 'old'"),
    ],
)
def test_what_cannot_be_recorded_is_told_in_one_sentence(desk: Office, arguments: tuple[str, ...], told: str) -> None:
    """Status 1, and no answer among the words."""
    answer = desk("satisfaction", "small", *arguments)
    assert answer.status == 1, answer
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1


def test_the_nine_questions_are_asked_in_both_languages(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong answer is asked again, an empty one leaves the question out."""
    given = iter(["4", "5", "3", "", "4", "4", "4", "3", "4", "4"])
    told = asked(desk, monkeypatch, "A-001", given)
    assert told.status == 0, told
    assert "Bagaimana kesesuaian persyaratan pelayanan" in told.out
    assert "How well do the requirements fit the type of service?" in told.out
    assert "U2 is not a whole number from 1 to 4" in told.err
    assert next(given, None) is None
    assert desk.done("satisfaction", "small", "--json").json["elements"][2]["answers"] == 0


def test_nobody_is_asked_about_a_case_that_would_be_refused(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first question."""
    told = asked(desk, monkeypatch, "A-009", iter([]))
    assert "case A-009 is not closed yet" in told.err
    assert "U1" not in told.out


def asked(desk: Office, monkeypatch: pytest.MonkeyPatch, case: str, given: object) -> Answer:
    """The command with a person who types."""
    monkeypatch.setattr(satisfaction_command, "is_interactive", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(given))  # type: ignore[call-overload]
    return desk("satisfaction", "small", "--case", case)


def test_a_baselines_answers_are_kept_once(desk: Office) -> None:
    """Beside the baseline; then its index is shown by itself."""
    rows = "".join(f"{n},2024-03-01,2024-03-0{n % 8 + 2}\n" for n in range(1, 7))
    (desk.folder / "old.csv").write_text("case,opened,closed\n" + rows, "utf-8")
    flags = ("--layout", "cases", "--case", "case", "--opened", "opened", "--closed", "closed")
    desk.done("baseline", "import", "small", "old.csv", "--name", "old", "--timezone", "Asia/Jakarta", *flags)
    file = write(desk, *[[str(n), *nine(n, 2)[1:]] for n in range(1, 6)])
    given = ("satisfaction", "small", file, "--baseline", "old", "--json")
    assert desk.done(*given).json["recorded"] == 5
    assert desk.done(*given).json["already"] == 5
    assert "baseline old has satisfaction answers already" in desk(
        "satisfaction", "small", write(desk, ["1", *nine(1, 4)[1:]]), "--baseline", "old"
    ).err  # fmt: skip
    told = desk.done("satisfaction", "small", "--baseline", "old").out
    assert "baseline old: 5 of 6 closed cases answered (83%)" in told
    assert "Index (IKM) 50.00, category D." in told
