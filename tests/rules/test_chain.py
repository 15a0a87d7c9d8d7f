"""The chain over the events of a case can be checked with any tool that knows JSON and SHA-256."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.chain import Link, beginning, commit, content, first_break, next_hash

ROW = (7, 3, 1_772_413_200_000_000, "office.check", 1, "complete", "office", "Siti", None, None, None, '{"due":1}')


def test_the_bytes_of_an_event() -> None:
    """A known answer, written out by hand."""
    told = '[7,3,1772413200000000,"office.check",1,"complete","office","Siti",null,null,null,"{\\"due\\":1}",null]'
    assert content(ROW, None) == told.encode()
    assert content((*ROW[:10], 5.0, None), b"\x01\xff").endswith(b',"5.0",null,"01ff"]')


@given(st.text(), st.none() | st.text(), st.none() | st.floats(allow_nan=False, allow_infinity=False))
def test_the_bytes_are_those_of_pythons_own_json(officer: str, detail: str | None, cost: float | None) -> None:
    """So that a checker needs nothing of ours."""
    row = (*ROW[:7], officer, None, None, cost, detail)
    plain: list[Any] = [*row[:10], None if cost is None else repr(cost), detail, None]
    try:
        expected = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a character, which no database keeps
        return
    assert content(row, None) == expected


def test_a_hash_follows_from_the_one_before_and_the_content() -> None:
    """SHA-256 of both, one after the other."""
    start = beginning("store", "pilot", 7)
    assert start == sha256(b"perintis/store/pilot/7").digest()
    assert next_hash(start, ROW, None) == sha256(start + content(ROW, None)).digest()


def test_a_commitment_depends_on_salt_place_and_text() -> None:
    """Three parts, and the border between place and text is one too."""
    found = {
        commit(salt, place, text)
        for salt, place, text in ((b"1", "a", "bc"), (b"2", "a", "bc"), (b"1", "ab", "c"), (b"1", "a", "bd"))
    }
    assert len(found) == 4
    assert commit(b"s", "p", "t") == sha256(b"sp\0t").digest()


def links(start: bytes, count: int) -> list[Link]:
    found, before = [], start
    for seq in range(1, count + 1):
        row = (7, seq, *ROW[2:])
        before = next_hash(before, row, None)
        found.append(Link(row, None, before))
    return found


def test_the_first_event_that_does_not_fit_is_named() -> None:
    """A whole chain has no break; one without an event, with two changed places or another beginning has."""
    start = beginning("s", "p", 7)
    whole = links(start, 4)
    assert first_break(start, whole) is None
    assert (first_break(start, whole[:2] + whole[3:]) or whole)[0] == 3
    swapped = [whole[0], whole[1]._replace(row=(7, 2, *whole[2].row[2:-1], "{}")), *whole[2:]]
    assert (first_break(start, swapped) or whole)[0] == 2
    assert (first_break(beginning("s", "p", 8), whole) or whole)[0] == 1
    assert (first_break(start, [whole[0]._replace(hash=None)]) or whole)[0] == 1
