"""CSV: event logs and case extracts, their encodings, and rows that cannot be taken."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from perintis.words.errors import BadInput
from tests.doors.import_kit import import_bytes, import_text

HEADER = "case:concept:name,concept:name,time:timestamp"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_standard_headers_need_no_mapping(tmp_path: Path) -> None:
    """A CSV with the usual XES headers becomes cases and steps; visits are counted by case and step."""
    log = import_text(
        tmp_path,
        "log.csv",
        "case:concept:name,concept:name,time:timestamp,org:group,case:channel\n"
        "A,check,2024-03-01T09:00:00+07:00,Police,desk\n"
        "B,check,2024-03-01T09:30:00+07:00,Police,post\n"
        "A,check,2024-03-02T10:00:00+07:00,Health,desk\n"
        "A,decide,2024-03-03T11:00:00+07:00,Police,desk\n",
    )
    assert log.steps.select("case", "step", "visit", "agency").rows() == [
        ("A", "check", 1, "Police"),
        ("A", "check", 2, "Health"),
        ("A", "decide", 1, "Police"),
        ("B", "check", 1, "Police"),
    ]
    assert log.case("case:channel") == ["desk", "post"]
    assert log.case("opened") == [at("2024-03-01T02:00:00+00:00"), at("2024-03-01T02:30:00+00:00")]
    assert log.case("opened_offset") == [420, 420]
    assert log.case("cohort") == ["all", "all"]


def test_equal_times_keep_the_order_of_the_file(tmp_path: Path) -> None:
    """Events are put in the order of time within a case; where times are equal the file decides."""
    log = import_text(
        tmp_path,
        "log.csv",
        f"{HEADER}\nA,third,2024-03-02\nA,first,2024-03-01\nA,second,2024-03-01\nA,fourth,2024-03-02\n",
        timezone="Asia/Jakarta",
    )
    assert log.column("step") == ["first", "second", "third", "fourth"]


def test_a_start_column_makes_intervals(tmp_path: Path) -> None:
    """With a start column a step has both ends; one that ends before it starts is rejected with its line."""
    log = import_text(
        tmp_path,
        "log.csv",
        f"{HEADER},start_timestamp\n"
        "A,check,2024-03-01T10:00Z,2024-03-01T09:00Z\n"
        "A,decide,2024-03-01T11:00Z,2024-03-01T12:00Z\n",
    )
    assert log.column("started") == [at("2024-03-01T09:00+00:00")]
    assert log.column("completed") == [at("2024-03-01T10:00+00:00")]
    assert log.rejects == [("3", "", "time:timestamp", "ends before it starts")]


def test_case_extract_has_two_dates_a_case(tmp_path: Path) -> None:
    """One row a case: bare dates are midnight in the zone, a missing decision leaves the case open, no steps."""
    log = import_text(
        tmp_path,
        "cases.csv",
        "number,received,decided,result,year\n1,2024-03-01,2024-03-08,granted,2024\n2,2024-03-02,,rejected,2025\n",
        layout="cases", case="number", opened="received", closed="decided", outcome="result", cohort="year",
        timezone="Asia/Jakarta",
    )  # fmt: skip
    assert log.case("opened") == [at("2024-03-01T00:00+07:00"), at("2024-03-02T00:00+07:00")]
    assert log.case("closed") == [at("2024-03-08T00:00+07:00"), None]
    assert log.case("outcome") == ["granted", None]
    assert log.case("cohort") == ["2024", "2025"]
    assert log.steps.height == 0


def test_a_bare_due_date_lasts_until_the_day_ends(tmp_path: Path) -> None:
    """A deadline on a day is kept by anything that happens on that day."""
    log = import_text(
        tmp_path, "cases.csv", "n,a,b\n1,2024-03-01,2024-03-08\n",
        layout="cases", case="n", opened="a", due="b", timezone="UTC",
    )  # fmt: skip
    assert log.case("due") == [datetime(2024, 3, 8, 23, 59, 59, 999999, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("row", "reject"),
    [
        ("A,check", ("3", "", "row", "2 fields where the header has 3")),
        ("A,check,2024-03-01,more", ("3", "", "row", "4 fields where the header has 3")),
        (",check,2024-03-01", ("3", "", "case:concept:name", "missing")),
        ("A,,2024-03-01", ("3", "", "concept:name", "missing")),
        ("A,check,", ("3", "", "time:timestamp", "missing")),
        ("A,check,31/12/2024", ("3", "", "time:timestamp", "not a date and time (ISO 8601; or give date_format)")),
        ("A,check,2024-02-30", ("3", "", "time:timestamp", "not a date and time (ISO 8601; or give date_format)")),
        ('"A"b,check,2024-03-01', ("3", "", "row", "the quotation marks do not match")),
    ],
)
def test_a_row_that_cannot_be_taken_is_rejected_with_its_line(
    tmp_path: Path, row: str, reject: tuple[str, ...]
) -> None:
    """Never a value in a wrong column: the row is left out, the rows around it are kept."""
    log = import_text(tmp_path, "log.csv", f"{HEADER}\nA,first,2024-03-01\n{row}\nA,last,2024-03-02\n")
    assert log.rejects == [reject]
    assert log.column("step") == ["first", "last"]


def test_lines_are_counted_in_the_file(tmp_path: Path) -> None:
    """A field with a line break does not shift the numbers of the rows after it."""
    log = import_text(tmp_path, "log.csv", f'{HEADER}\nA,"two\nlines",2024-03-01\nA,check,never\n')
    assert [reject[0] for reject in log.rejects] == ["4"]
    assert log.column("step") == ["two\nlines"]


def test_bytes_that_are_not_utf_8_reject_their_row(tmp_path: Path) -> None:
    """In a file that is UTF-8 elsewhere, a damaged row is named and the others are taken."""
    content = f"{HEADER}\nA,prüfen,2024-03-01\nA,".encode() + b"pr\xfcfen,2024-03-02\nA,Ende,2024-03-03\n"
    log = import_bytes(tmp_path, "log.csv", content)
    assert log.rejects == [("3", "", "row", "characters that are not utf-8")]
    assert log.column("step") == ["prüfen", "Ende"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252"])
def test_encodings_that_can_be_told_apart_are_read(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without its mark, UTF-16 with its mark, and Windows-1252, of which a note is made."""
    log = import_bytes(tmp_path, "log.csv", f"{HEADER}\nA,prüfen,2024-03-01T00:00Z\n".encode(encoding))
    assert log.column("step") == ["prüfen"]
    assert log.cases.columns[0] == "case"
    assert any("Windows-1252" in note for note in log.read.notes) == (encoding == "windows-1252")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the first line is empty"),
        (f"{HEADER}\n".encode(), "no case could be taken: it holds no rows"),
        (f"{HEADER}\nA,check,never\n".encode(), "the first problem is in row 2: time:timestamp"),
        (f"{HEADER}\n,check,2024-03-01\nA,b,1/2/24\nA,b,1/2/24\n".encode(), "the commonest problem is in row 3: time:"),
        (f"{HEADER}\nA,check,2024-03-01\n".encode("utf-16-le"), "UTF-16 without a mark"),
        (f'{HEADER}\nA,"check,2024-03-01\nB,x,2024-03-01\n'.encode(), "the quote opened in line 2 is never closed"),
        (b"a,a\n1,2\n", "two columns are called 'a'"),
        (b"\x1f\x8b\x08", "the gzip file is cut off"),
    ],
)
def test_a_file_that_gives_nothing_is_refused_in_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    """What is wrong with the file as a whole stops the import."""
    with pytest.raises(BadInput, match=says):
        import_bytes(tmp_path, "log.csv", content)


@pytest.mark.parametrize("cut", [10, 200, -9, -1])
def test_a_truncated_gzip_is_an_error_never_a_shorter_log(tmp_path: Path, cut: int) -> None:
    """Wherever the file was cut off."""
    rows = "".join(f"C{n},check {n * 7919 % 1000},2024-03-01\n" for n in range(1000))
    with pytest.raises(BadInput, match="cut off"):
        import_bytes(tmp_path, "log.csv.gz", gzip.compress(f"{HEADER}\n{rows}".encode())[:cut])


def test_a_damaged_or_renamed_gzip_is_refused(tmp_path: Path) -> None:
    """A changed byte is found by the check sum; a plain file called .gz is named as such."""
    packed = bytearray(gzip.compress(f"{HEADER}\nA,check,2024-03-01\n".encode()))
    packed[-6] ^= 1
    with pytest.raises(BadInput, match="damaged"):
        import_bytes(tmp_path, "log.csv.gz", bytes(packed))
    with pytest.raises(BadInput, match="not a gzip file"):
        import_text(tmp_path, "plain.csv.gz", HEADER)


def test_unknown_columns_are_answered_with_the_columns_seen(tmp_path: Path) -> None:
    """Without a mapping that fits, the message lists the columns and shows an example mapping."""
    with pytest.raises(BadInput, match=r"(?s)no column 'case:concept:name'.*permit, task, when.*activity: task"):
        import_text(tmp_path, "log.csv", "permit,task,when\n1,check,2024-03-01\n")
    with pytest.raises(BadInput, match="no column 'branch' for `office`"):
        import_text(tmp_path, "log.csv", f"{HEADER}\nA,check,2024-03-01\n", office="branch")


def test_own_columns_separator_format_and_names(tmp_path: Path) -> None:
    """A mapping names columns, renames activities and agencies, leaves some out, and filters rows."""
    log = import_text(
        tmp_path,
        "log.csv",
        "permit;task;when;dept;program\n"
        "1;Cek;31/01/2024 08:00;Polisi;A\n1;Catatan;31/01/2024 09:00;Polisi;A\n"
        "1;Terbit;01/02/2024 10:00;Imigrasi;A\n2;Cek;31/01/2024 08:00;Polisi;B\n",
        case="permit", activity="task", timestamp="when", agency="dept", date_format="%d/%m/%Y %H:%M",
        timezone="Asia/Jakarta", steps={"Cek": "police_record", "Terbit": "issue_permit"},
        agencies={"Polisi": "polri"}, ignore=["Catatan"], only={"program": "A"},
        closed={"activities": ["Terbit"]},
    )  # fmt: skip
    assert log.column("step") == ["police_record", "issue_permit"]
    assert log.column("agency") == ["polri", "Imigrasi"]
    assert log.column("completed")[0] == at("2024-01-31T08:00+07:00")
    assert (log.case("case"), log.case("outcome")) == (["1"], ["issue_permit"])
    assert (log.read.filtered, log.read.ignored, log.read.rejected) == (1, 1, 0)


def test_attributes_stay_text_unless_said_otherwise(tmp_path: Path) -> None:
    """Identifiers keep their zeros; full instants are recognised; other types are declared, misfits reported."""
    log = import_text(
        tmp_path,
        "log.csv",
        f"{HEADER},case:nik,case:handed_in,case:pages,case:born\n"
        "A,x,2024-03-01,0012,2024-02-01T10:00:00+07:00,3,1990-01-31\n"
        "B,x,2024-03-01,0013,,many,1991-02-28\n",
        types={"case:pages": "int", "born": "date"},
    )
    assert log.case("case:nik") == ["0012", "0013"]
    assert log.case("case:handed_in") == [at("2024-02-01T10:00+07:00"), None]
    assert log.case("case:pages") == [3, None]
    assert log.case("case:born") == [date(1990, 1, 31), date(1991, 2, 28)]
    assert log.rejects == [("3", "", "case:pages", "not a whole number")]


def test_the_same_case_twice_in_an_extract_is_rejected(tmp_path: Path) -> None:
    """The first row of a case counts."""
    log = import_text(
        tmp_path, "cases.csv", "n,a\n1,2024-03-01\n2,2024-03-02\n1,2024-03-03\n",
        layout="cases", case="n", opened="a",
    )  # fmt: skip
    assert log.rejects == [("4", "", "n", "an earlier row has this case id")]
    assert log.case("case") == ["1", "2"]


def test_a_case_closed_before_it_was_opened_is_rejected_with_its_steps(tmp_path: Path) -> None:
    """Such dates cannot both be right."""
    log = import_text(
        tmp_path,
        "log.csv",
        f"{HEADER},case:end\nA,x,2024-03-05,2024-03-01\nB,x,2024-03-05,2024-03-06\n",
        closed="case:end",
    )
    assert log.rejects == [("2", "", "closed", "before it was opened")]
    assert (log.case("case"), log.column("case")) == (["B"], ["B"])


def test_a_case_id_may_be_of_several_columns(tmp_path: Path) -> None:
    """They are joined by a slash; one that is missing makes the row a reject."""
    log = import_text(
        tmp_path, "cases.csv", "year,n,a\n2024,1,2024-03-01\n2025,1,2025-03-01\n,1,2025-03-01\n",
        layout="cases", case=["year", "n"], opened="a",
    )  # fmt: skip
    assert log.case("case") == ["2024/1", "2025/1"]
    assert log.rejects == [("4", "", "year, n", "missing")]
