"""Mangled CSV: whatever happens to the bytes of a file, no value ends up in another column."""

from __future__ import annotations

import random
import re
import string
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perintis.words.errors import BadInput
from tests.doors.import_kit import Imported, import_bytes

MAPPING = {"case": "c", "activity": "a", "timestamp": "t", "agency": "g", "attributes": ["n"]}
HEADER = "c{0}a{0}t{0}g{0}n"
ALPHABETS = {"case": "CDE", "step": "ghijk", "agency": "PQRS", "case:n": "xyz"}
"""Each column has letters of its own, so that a value betrays where it came from; digits are the times'."""

INSERTED = ('"', "'", ",", ";", "\n", "\r\n", "\t", "|", "\0", " ", "é", '""')


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """Well-formed rows: case, step, time, agency, a note."""
    words = [st.text(letters, min_size=1, max_size=4) for letters in ALPHABETS.values()]
    times = st.dates(min_value=date(2000, 1, 1)).map(str)
    row = st.tuples(words[0], words[1], times, words[2], words[3]).map(list)
    return draw(st.lists(row, min_size=1, max_size=8))


def mangle(line: str, random_: random.Random) -> bytes:
    """One accident to one line: something put in, taken out, doubled or cut, or a byte of another encoding."""
    at = random_.randrange(len(line) + 1)
    what = random_.randrange(6)
    if what == 0:
        return line.encode()
    if what == 1:
        return (line[:at] + random_.choice(INSERTED) + line[at:]).encode()
    if what == 2:
        return (line[:at] + line[at + 1 :]).encode()
    if what == 3:
        return (line[:at] + line[at : at + 1] * 2 + line[at + 1 :]).encode()
    if what == 4:
        return line[:at].encode() + bytes([random_.choice((0xE9, 0xFF, 0x80, 0x00))]) + line[at:].encode()
    return (line[:at]).encode()


def betrays(value: str, letters: str) -> set[str]:
    """The letters and digits of a value that belong to other columns."""
    others = (set(string.digits) | set("".join(ALPHABETS.values()))) - set(letters)
    return set(value) & others


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=rows(), separator=st.sampled_from(",;\t|"), quoted=st.booleans(), seed=st.integers(0, 2**32))
def test_a_mangled_file_never_shifts_a_value_into_another_column(
    rows: list[list[str]], separator: str, quoted: bool, seed: int
) -> None:
    """With any one accident to each line: the row is taken with values of its own columns, rejected, or all refused."""
    random_ = random.Random(seed)
    write = ['"{}"'.format, str][not quoted]
    lines = [mangle(separator.join(map(write, row)) + "\n", random_) for row in rows]
    nothing_is_shifted(HEADER.format(separator).encode() + b"\n" + b"".join(lines))


@settings(max_examples=100, deadline=None)
@given(rows=rows(), separator=st.sampled_from(",;\t|"), places=st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_quotes_left_open_never_shift_a_value_into_another_column(
    rows: list[list[str]], separator: str, places: list[int]
) -> None:
    """A stray quote before or behind a field in each row, the likeliest to pair up over rows that they swallow."""
    lines = [HEADER.format(separator)]
    for row, place in zip(rows, places, strict=False):
        fields = row.copy()
        field, behind = divmod(place, 2)
        fields[field] = f'{fields[field]}"' if behind else f'"{fields[field]}'
        lines.append(separator.join(fields))
    nothing_is_shifted("\n".join(lines).encode() + b"\n")


def nothing_is_shifted(content: bytes) -> None:
    """Whatever of the file is taken has values of its own columns."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            log = import_bytes(Path(folder), "log.csv", content, **MAPPING)
        except BadInput:
            return
    for table, columns in ((log.steps, ("case", "step", "agency")), (log.cases, ("case", "case:n"))):
        for column in columns:
            for value in table[column].drop_nulls():
                assert not betrays(value, ALPHABETS[column]), (column, value)
    assert all(years >= 1 for years in log.steps["completed"].dt.year())


@settings(max_examples=30, deadline=None)
@given(rows=rows(), separator=st.sampled_from(",;\t|"), quoted=st.booleans())
def test_an_unharmed_file_is_taken_whole(rows: list[list[str]], separator: str, quoted: bool) -> None:
    """The other side of the promise: what is well-formed is never rejected."""
    write = ['"{}"'.format, str][not quoted]
    text = "\n".join([HEADER.format(separator), *(separator.join(map(write, row)) for row in rows)])
    with tempfile.TemporaryDirectory() as folder:
        log = import_bytes(Path(folder), "log.csv", text.encode(), **MAPPING)
    assert log.read.rejected == 0
    assert sorted(log.steps.select("case", "step", "agency").rows()) == sorted((r[0], r[1], r[3]) for r in rows)


def read(folder: Path, text: str, encoding: str = "utf-8") -> Imported:
    """A small log of three columns."""
    return import_bytes(folder, "log.csv", text.encode(encoding), case="c", activity="a", timestamp="t", timezone="UTC")


SWALLOWED = "its lines look like rows of their own, so a quotation mark was left open"


@pytest.mark.parametrize(
    ("text", "rejects", "steps"),
    [
        (
            'c,a,t\nA,first,2024-03-01\nB,"x,2024-03-01\nC,y",2024-03-02\nA,last,2024-03-03\n',
            [("3", SWALLOWED)],
            ["first", "last"],
        ),
        (
            'c,a,t\nA,"x,2024-03-01\nB,y,2024-03-02\nC,"z",2024-03-03\n',
            "the quote opened in line 2 is never closed",
            [],
        ),
        ("c,a,t\nA,x\0y,2024-03-01\nB,z,2024-03-02\n", [("2", "a NUL byte in it")], ["z"]),
        ("c,a,t\nA,x,2024-03-01,\nB,z,2024-03-02\n", [("2", "4 fields where the header has 3")], ["z"]),
        ("c,a,t\nA;x;2024-03-01\nB,z,2024-03-02\n", [("2", "1 fields where the header has 3")], ["z"]),
        ('c,a,t\nA,"two\nlines",2024-03-01\n', [], ["two\nlines"]),
        ('c,a,t\nA,"one, two, three\nfour",2024-03-01\n', [], ["one, two, three\nfour"]),
        ("sep=;\nc;a;t\nA;x;2024-03-01\nB;y;never\n", [("4", None)], ["x"]),
        ("c\0,a,t\nA,x,2024-03-01\n", "NUL bytes in the first line", []),
        ("c;a;t\nA;x;2024-03-01\n", [], ["x"]),
        ("c,a,a\nA,x,y\n", "two columns are called 'a'", []),
        ("c:a:t\nA:x:y\n", "the file has one column, 'c:a:t', so the `separator` may be another", []),
        (f"c,a,t\nA,{'x' * 2_000_000},2024-03-01\n", "line 2 has a field of more than a megabyte", []),
    ],
    ids=[
        "a quote swallows a row", "a quote is never closed", "NUL", "too many fields", "another separator",
        "a line break in a field", "separators and a line break in a field", "separator declared", "NUL in the header",
        "semicolons", "double header", "unknown separator", "endless field",
    ],
)  # fmt: skip
def test_damage_that_can_be_told(
    tmp_path: Path, text: str, rejects: str | list[tuple[str, str | None]], steps: list[str]
) -> None:
    """A message for the row, by its line, or one sentence for the file."""
    if isinstance(rejects, str):
        with pytest.raises(BadInput, match=re.escape(rejects)):
            read(tmp_path, text)
        return
    log = read(tmp_path, text)
    assert [line for line, *_ in log.rejects] == [line for line, _ in rejects]
    assert all(told in (None, reject[3]) for reject, (_, told) in zip(log.rejects, rejects, strict=True))
    assert log.column("step") == steps


def test_a_few_bytes_of_windows_1252_in_a_file_of_utf_8(tmp_path: Path) -> None:
    """Their rows are named; nothing is guessed letter by letter."""
    lines = ["c,a,t", "A,prüfen,2024-03-01", "A,größer,2024-03-02"]
    content = "\n".join(lines).encode() + b"\nA,na\xefve,2024-03-03\nA,Ende,2024-03-04\n"
    log = import_bytes(tmp_path, "log.csv", content, case="c", activity="a", timestamp="t")
    assert log.rejects == [("4", "", "row", "characters that are not utf-8")]
    assert log.column("step") == ["prüfen", "größer", "Ende"]


@pytest.mark.parametrize("cut", [-1, -3, 41])
def test_utf_16_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    """Half a letter at the end is not passed over."""
    content = "c,a,t\nA,prüfen,2024-03-01\nA,Ende,2024-03-04\n".encode("utf-16")
    with pytest.raises(BadInput, match="not readable as utf-16"):
        import_bytes(tmp_path, "log.csv", content[:cut], case="c", activity="a", timestamp="t")
