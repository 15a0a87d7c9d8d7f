"""A mapping is proposed from names and values, with reasons and doubts, and nothing that could be wrong unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from perintis.doors.importers.column_names import may_identify, name_score, words_of
from perintis.doors.importers.guess import propose
from perintis.doors.importers.head import Head, read_head
from perintis.doors.importers.mapping import build_mapping
from perintis.doors.importers.proposal import Pilot, Proposal
from perintis.words.errors import BadInput

PILOT = Pilot(("imigrasi.check_documents", "imigrasi.decide"), {"kemenkes": "Ministry of Health"}, "Asia/Jakarta")


def head(text: str, name: str = "log.csv") -> Head:
    """A table with cells parted by bars; - is empty."""
    columns, *rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    cells = tuple(tuple(None if cell == "-" else cell for cell in row) for row in rows)
    return Head(name, tuple(columns), cells, whole=True)


def events(mark: str = "25/01/2024") -> Head:
    """Four applications with two steps each; `mark` is one of the dates."""
    return head(
        f"""
        No. Permohonan|Nama Pemohon|Kegiatan|Tgl Mulai|Tgl Selesai|Instansi|Biaya|Jenis|Alamat
        P1|Budi|check documents|05/01/2024|06/01/2024|Kemenkes|0|kerja|Medan
        P1|Budi|decide|07/01/2024|08/01/2024|imigrasi|100|kerja|Medan
        P2|Ani|check documents|05/01/2024|06/01/2024|Kemenkes|0|kerja|Medan
        P2|Ani|decide|09/01/2024|{mark}|imigrasi|100|kerja|Medan
        P3|Joko|check documents|05/01/2024|06/01/2024|Kemenkes|0|keluarga|Solo
        P3|Joko|decide|09/01/2024|10/01/2024|imigrasi|100|keluarga|Solo
        P4|Dewi|check documents|08/01/2024|08/01/2024|Kemenkes|0|keluarga|Solo
        P4|Dewi|decide|09/01/2024|10/01/2024|imigrasi|100|keluarga|Solo
        """
    )


def guess(table: Head, order: str | None = None, **said: Any) -> Proposal:
    """The proposal, with what a person said as keywords."""
    return propose(table, said, PILOT, order)


def test_an_event_log_is_known_by_its_names() -> None:
    """In Indonesian too; a person's name is left out, what parts the cases is kept, the pilot's words are matched."""
    proposal = guess(events())
    assert proposal.values == {
        "layout": "events", "case": "No. Permohonan", "activity": "Kegiatan", "start": "Tgl Mulai",
        "timestamp": "Tgl Selesai", "agency": "Instansi", "cost": "Biaya", "attributes": ["Jenis"],
        "timezone": "Asia/Jakarta", "date_format": "%d/%m/%Y",
        "steps": {"check documents": "imigrasi.check_documents", "decide": "imigrasi.decide"},
        "agencies": {"Kemenkes": "kemenkes"},
    }  # fmt: skip
    assert proposal.left_out == (
        ("Nama Pemohon", "may identify a person"), ("Alamat", "may identify a person"),
    )  # fmt: skip
    assert (proposal.question, proposal.problems) == (None, ())
    build_mapping(proposal.values)


def test_every_guess_has_its_reason_and_doubts_are_told() -> None:
    """What is not known is said: the closing, the zone, and by which value the order of the dates was settled."""
    proposal = guess(events())
    assert all(one.why for one in proposal.guesses)
    told = "\n".join(proposal.unsure)
    assert "nothing says when a case is closed" in told
    assert "no offset from UTC; taken as Asia/Jakarta" in told
    assert "25/01/2024 in 'Tgl Selesai' fits no other order" in told


def test_the_order_of_day_and_month_is_asked_and_never_guessed() -> None:
    """Without a value that settles it there is no date format; the answer gives it; so does a flag."""
    table = events(mark="10/01/2024")
    proposal = guess(table)
    assert "date_format" not in proposal.values
    assert proposal.question is not None
    assert "does the day come first" in proposal.question
    assert guess(table, "day").values["date_format"] == "%d/%m/%Y"
    assert guess(table, "month").values["date_format"] == "%m/%d/%Y"
    assert guess(table, date_format="%m/%d/%Y").question is None


def test_columns_that_contradict_each_other_cannot_be_read() -> None:
    """One with the day first, one with the month first: no format reads both."""
    table = head("case id|received|decided\nA|25/01/2024|01/26/2024\nB|26/01/2024|01/27/2024")
    assert "written in different ways" in guess(table).problems[0]


def test_a_case_extract_has_one_row_a_case() -> None:
    """No case id occurs twice; an identity number is left out."""
    proposal = guess(
        head(
            """
            Nomor Registrasi|NIK|Tanggal Masuk|Tanggal Verifikasi|Tanggal Selesai|Status|Kantor
            R1|3174|2024-01-05|2024-01-06|2024-01-09|terbit|Jakarta
            R2|3175|2024-01-06|2024-01-07|-|-|Jakarta
            R3|3176|2024-01-07|2024-01-08|2024-01-10|tolak|Medan
            R4|3177|2024-01-07|2024-01-08|2024-01-11|terbit|Medan
            """
        )
    )
    assert proposal.values == {
        "layout": "cases", "case": "Nomor Registrasi", "opened": "Tanggal Masuk", "closed": "Tanggal Selesai",
        "outcome": "Status", "office": "Kantor", "timezone": "Asia/Jakarta",
    }  # fmt: skip
    assert ("NIK", "may identify a person") in proposal.left_out
    assert any("'Tanggal Verifikasi'" in text and "milestones" in text for text in proposal.unsure)


def test_names_that_say_nothing_leave_it_to_the_values() -> None:
    """What changes within a case and repeats is the step; the only date that changes is its time; both are doubted."""
    rows = [f"F{n}|{step}|2024-01-{day:02}" for n in range(60) for day, step in ((1, "in"), (2, "seen"), (3, "out"))]
    proposal = guess(head("a|b|c\n" + "\n".join(rows)))
    assert {one.role: one.column for one in proposal.guesses} == {"case": "a", "activity": "b", "timestamp": "c"}
    assert all(one.unsure for one in proposal.guesses)


def test_what_a_person_said_stands() -> None:
    """It is not guessed again, and its column has no second meaning."""
    proposal = guess(events(), officer="Nama Pemohon", timezone="Asia/Makassar")
    assert proposal.values["officer"] == "Nama Pemohon"
    assert proposal.values["timezone"] == "Asia/Makassar"
    assert all(column != "Nama Pemohon" for column, _ in proposal.left_out)


def test_what_cannot_be_found_is_a_problem_with_the_flag_that_mends_it() -> None:
    """No case, no step: nothing is invented."""
    problems = guess(head("weight|colour\n1|red\n2|blue\n1|red")).problems
    assert problems[0] == "no column looks like the case; name it with --case COLUMN"
    assert any("--activity COLUMN" in problem for problem in problems)


def test_the_proposal_as_json_holds_no_cell_but_the_date_in_question() -> None:
    """Nobody's name gets into it."""
    told = str(guess(events("10/01/2024")).to_json())
    assert "Budi" not in told
    assert "'mapping'" in told


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("noPermohonan", "no permohonan"),
        ("No. Permohonan", "no permohonan"),
        ("org:group", "org group"),
        ("NIK", "nik"),
    ],
)
def test_names_are_read_as_words(column: str, words: str) -> None:
    """However they are joined."""
    assert words_of(column) == words


def test_a_name_that_is_the_word_stands_above_one_that_holds_it() -> None:
    """`status akhir` is the outcome before `status`; `case note` only holds a word for the case."""
    assert (
        name_score("Status Akhir", "outcome") > name_score("status", "outcome") > name_score("status code", "outcome")
    )
    assert 0 < name_score("case note", "case") < 1
    assert name_score("showcase", "case") == 0
    assert may_identify("nama_pemohon")
    assert not may_identify("dinamakan")


def test_heads_are_alike_whatever_the_file(tmp_path: Path) -> None:
    """CSV, workbook and Parquet give the same columns and cells; dates of their own as ISO 8601."""
    table = pl.DataFrame({"case": ["A", "B"], "received": ["2024-01-05", "2024-01-06"]})
    table.write_csv(tmp_path / "t.csv", separator=";")
    table.write_parquet(tmp_path / "t.parquet")
    rows = (("A", "2024-01-05"), ("B", "2024-01-06"))
    for name in ("t.csv", "t.parquet"):
        found = read_head(tmp_path / name)
        assert (found.columns, found.rows, found.whole) == (("case", "received"), rows, True)


def test_a_workbook_may_have_a_title_above_its_header(tmp_path: Path) -> None:
    """The first row with the most names is the header."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Report of January"], [], ["case", "received"], ["A", "2024-01-05"], ["B", None]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    found = read_head(tmp_path / "t.xlsx")
    assert (found.columns, found.rows) == (("case", "received"), (("A", "2024-01-05"), ("B", None)))


@pytest.mark.parametrize(("name", "text"), [("t.csv", "a,b\n"), ("t.csv", ""), ("t.xes", "<log/>"), ("t.parquet", "x")])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, text: str) -> None:
    """In one sentence, with the file's name."""
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=name):
        read_head(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a,b,c\n1,"x,2024\n2,y,2025\n', "a quote that is never closed"),
        ("case,step,office\0name,at\n1,2,3,4\n5,6,7,8\n", "NUL bytes in the first line"),
    ],
)
def test_a_table_that_cannot_be_cut_says_what_to_look_for(tmp_path: Path, text: str, told: str) -> None:
    """Rather than that no column looks like a case."""
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(BadInput, match=told):
        read_head(tmp_path / "t.csv")
