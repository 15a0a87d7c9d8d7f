"""The chain over the events of a case: what is hashed, byte by byte, so that anybody can check it with other tools.

    beginning  = SHA-256("perintis/" store "/" pilot "/" case)
    content    = the event as a compact JSON array in UTF-8: its columns in the order of `FIELDS`, instants as
                 microseconds since 1970, the cost as text, the commitment in hexadecimal digits
    hash       = SHA-256(hash of the event before, or the beginning; then the content)
    commitment = SHA-256(salt of the case; then place, NUL, text)

An event holds no personal value. Where it is about one (an application, an answer, a decision, the reason with which a
case ended) it holds a commitment: proof of the text for whoever has the text and the salt, and nothing for anybody
else. When the salt is destroyed the text cannot even be guessed at, and the chain still holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic_core import to_json

FIELDS = (
    "case", "seq", "at", "step", "visit", "lifecycle", "agency", "officer", "ready", "started", "cost", "detail",
    "commitment",
)  # fmt: skip
_COST = FIELDS.index("cost")
_SEQ, _STEP, _LIFECYCLE = 1, 3, 5


class Link(NamedTuple):
    """One event as stored: its twelve columns up to `detail`, its commitment and its hash."""

    row: Sequence[Any]
    commitment: bytes | None
    hash: bytes | None


class Break(NamedTuple):
    """Where a chain does not hold: the number of the event and what is wrong with it."""

    seq: int
    what: str


def beginning(store: str, pilot: str, case: int) -> bytes:
    """What the first event of a case is chained to: a history cannot be moved to another case."""
    return sha256(f"perintis/{store}/{pilot}/{case}".encode()).digest()


def content(row: Sequence[Any], commitment: bytes | None) -> bytes:
    """The canonical bytes of an event; `row` is its twelve columns, from the case to the detail."""
    told = None if commitment is None else commitment.hex()
    cost = row[_COST]
    if cost is None:
        return to_json([*row, told])
    return to_json([*row[:_COST], repr(float(cost)), *row[_COST + 1 :], told])


def next_hash(before: bytes, row: Sequence[Any], commitment: bytes | None) -> bytes:
    """The hash of an event that follows one with the hash `before`."""
    return sha256(before + content(row, commitment)).digest()


def records_beginning(store: str) -> bytes:
    """What the first record beside the events is chained to: a file given away, an act, a look at values."""
    return sha256(f"perintis/{store}/records".encode()).digest()


def record_hash(before: bytes, table: str, row: Sequence[Any]) -> bytes:
    """The hash of a record of that table, given as its columns, that follows a record with the hash `before`."""
    return sha256(before + to_json([table, *row])).digest()


def commit(salt: bytes, place: str, text: str) -> bytes:
    """A commitment to a text at a place, such as `work.result/office.check/1`."""
    return sha256(b"%b%b\0%b" % (salt, place.encode(), text.encode())).digest()


def first_break(start: bytes, links: Iterable[Link]) -> Break | None:
    """The first event of a case that is not what was recorded, or None where the whole chain holds.

    `start` is the `beginning` of the case; `links` come in the order of their numbers.
    """
    before, expected = start, 1
    for row, commitment, told in links:
        seq = row[_SEQ]
        if seq != expected:
            return Break(expected, f"event {expected} is missing")
        if told is None:
            return Break(seq, f"event {seq} ({row[_STEP]} {row[_LIFECYCLE]}) has no hash")
        before = sha256(before + content(row, commitment)).digest()
        if before != told:
            return Break(
                seq, f"event {seq} ({row[_STEP]} {row[_LIFECYCLE]}) or its place in the history was changed afterwards"
            )
        expected += 1
    return None
