"""P7: the history is whole and shows tampering: edit, deletion, reordering, a cut tail, a history chained anew."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from perintis import Case
from perintis.doors.store import failpoints
from perintis.doors.store.chaining import COLUMNS, chained
from perintis.doors.store.database import Database, insert_rows
from perintis.doors.store.disclosing import keep_terms, note_file
from perintis.doors.store.models_disclosure import DisclosureRow
from perintis.doors.store.record_chain import chain_old
from perintis.doors.store.recording import CHAINED_COLUMNS
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault.acts import note_act
from perintis.doors.vault.anchors import anchor, anchor_file
from perintis.rules.agreement import Disclosure
from perintis.rules.agreement.parts import Term
from tests.databases import unprotect
from tests.small_pilot import START, Answer, Application, Decision, Small, checked_and_paid, define, look_up


async def three_look_ups(case: Case[Application]) -> Decision:
    """Opened, three steps, closed: five events."""
    answer = Answer()
    for _ in range(3):
        answer = await look_up(case)
    return Decision(outcome="granted" if answer.ok else "refused")


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Small]:
    """Four closed cases of five events, anchored."""
    database = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(database, define(three_look_ups))
    small.open("a", "b", "c", "d")
    small.run()
    small.verify()
    yield small
    database.close()


def change(small: Small, *statements: str) -> list[str]:
    with small.database.write() as connection:
        unprotect(connection, "events", "vault_acts")
        for statement in statements:
            connection.exec_driver_sql(statement)
    return told(small)


def told(small: Small) -> list[str]:
    return [str(problem) for problem in verify_store(small.database)]


SWAP = (
    "UPDATE events SET seq = 99 WHERE case_id = 2 AND seq = 3",
    "UPDATE events SET seq = 3 WHERE case_id = 2 AND seq = 4",
    "UPDATE events SET seq = 4 WHERE case_id = 2 AND seq = 99",
)
AS_BEFORE_THE_TAIL = "UPDATE cases SET last_seq = 4, status = 'ready', closed = NULL, outcome = NULL WHERE id = 2"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE events SET officer = 'somebody' WHERE case_id = 2 AND seq = 3"], "case 2: event 3 "),
        (["UPDATE events SET at = at + 1 WHERE case_id = 2 AND seq = 1"], "case 2: event 1 "),
        (["UPDATE events SET cost = 4.0 WHERE case_id = 2 AND seq = 3"], "case 2: event 3 "),
        (["UPDATE events SET commitment = hash WHERE case_id = 2 AND seq = 3"], "case 2: event 3 "),
        (["UPDATE events SET hash = NULL WHERE case_id = 2 AND seq = 3"], "has no hash"),
        (["DELETE FROM events WHERE case_id = 2 AND seq = 3"], "case 2: event 3 is missing"),
        (["DELETE FROM events WHERE case_id = 2 AND seq = 1"], "case 2: event 1 is missing"),
        (SWAP, "case 2: event 3 "),
        (["DELETE FROM events WHERE case_id = 2 AND seq = 5", AS_BEFORE_THE_TAIL], "its events after 4 are missing"),
        (["UPDATE cases SET pilot = 'other' WHERE id = 2"], "case 2: event 1 "),
        (["UPDATE events SET case_id = 9 WHERE case_id = 2 AND seq = 5"], "case 9: there is no such case, but events "),
        (["UPDATE work SET case_id = 9 WHERE case_id = 2"], "case 9: there is no such case, but work holds rows of it"),
    ],
    ids=["edit", "time", "cost", "commitment", "hash", "delete", "first", "reorder", "tail", "moved", "event", "work"],
)  # fmt: skip
def test_what_was_changed_is_found_and_named(store: Small, statements: list[str], expected: str) -> None:
    """Case and event are named; the other cases are not."""
    found = change(store, *statements)
    assert any(expected in problem for problem in found), found
    assert not [problem for problem in found if problem.startswith(("case 1:", "case 3:", "case 4:"))]


def chain_anew(connection: Connection, case: int) -> None:
    """What somebody with all rights on the database, and this very program, would do to cover a change."""
    rows = connection.exec_driver_sql(f"SELECT * FROM events WHERE case_id = {case} ORDER BY seq").all()
    assert len(rows[0]) == len(CHAINED_COLUMNS)
    connection.exec_driver_sql(f"DELETE FROM disclosures WHERE case_id = {case}")
    for row in chained(connection, [tuple(row[: COLUMNS + 1]) for row in rows]):
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        statement = f"UPDATE events SET hash = {mark} WHERE case_id = {mark} AND seq = {mark}"
        connection.exec_driver_sql(statement, (row[-1], case, row[1]))


def test_a_history_chained_anew_is_found_by_the_anchor(store: Small) -> None:
    """The database agrees with itself; the file outside it does not."""
    with store.database.write() as connection:
        unprotect(connection, "events")
        connection.exec_driver_sql("UPDATE events SET officer = 'somebody' WHERE case_id = 2 AND seq = 3")
        connection.exec_driver_sql("UPDATE work SET officer = 'somebody' WHERE case_id = 2 AND visit = 2")
        chain_anew(connection, 2)
    assert told(store) == [
        "case 2: an event from 1 to 5 was rewritten, and all after it chained anew: the anchor says so"
    ]
    store.database.anchors = None
    assert told(store) == []


def test_a_case_that_vanished_is_found_by_the_anchor(store: Small) -> None:
    """Nothing in the database speaks of it any more."""
    tables = ("vault", "payloads", "disclosures", "work", "events")
    found = change(
        store, *(f"DELETE FROM {table} WHERE case_id = 2" for table in tables), "DELETE FROM cases WHERE id = 2"
    )
    assert found == ["case 2: it was anchored, but is not in the store any more"]


def a_disclosure() -> Disclosure:
    """The name, by one term."""
    term = Term.model_validate({
        "article": "art. 3", "discloses": "tax", "receives": "office", "fields": ["name"], "purpose": "to know",
        "legal_basis": "the law", "from": "2026-01-01", "until": "2030-12-31",
    })  # fmt: skip
    return Disclosure("PKS-1", 1, ("name",), term)


@pytest.fixture
def recorded(store: Small) -> Small:
    """Two files given away by one term, and two acts on personal data; anchored."""
    disclosed = [a_disclosure()]
    keep_terms(store.database, disclosed)
    for number in (1, 2):
        with store.database.write() as connection:
            note_file(connection, "small", "extract", disclosed, records=number, at=START, reference=f"E{number}")
            note_act(connection, "rotate-key", officer="o", reason=f"letter {number}", now=START, pilot=None)
    assert anchor(store.database, START) == 0
    assert told(store) == []
    return store


FILES = "DELETE FROM file_disclosures WHERE id = 2"
TAIL = ("DELETE FROM vault_acts WHERE id = 2", FILES, "DELETE FROM chained_records WHERE id > 2")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE file_disclosures SET records = 9 WHERE id = 1"], ["record 1 of file_disclosures or its place"]),
        (["UPDATE disclosure_terms SET receives = 'bank'"], ["record 1 of file_", "record 2 of file_"]),
        (["UPDATE vault_acts SET officer = 'somebody' WHERE id = 2"], ["record 2 of vault_acts or its place"]),
        (["DELETE FROM file_disclosures WHERE id = 1"], ["record 1 of file_disclosures is gone"]),
        (["DELETE FROM file_disclosures WHERE id = 1", "DELETE FROM chained_records WHERE id = 1"],
         ["link 1 of the chain over records is missing", "record 1 of vault_acts or its place"]),
        (["UPDATE file_disclosures SET id = 9 WHERE id = 1", "UPDATE file_disclosures SET id = 1 WHERE id = 2",
          "UPDATE file_disclosures SET id = 2 WHERE id = 9"], ["record 1 of file_", "record 2 of file_"]),
        (["INSERT INTO vault_acts (id, at, act, officer, reason) VALUES (7, 1, 'hold person', 'o', 'none')"],
         ["record 7 of vault_acts is not chained"]),
        (TAIL, ["records after 2 are missing: 4 were anchored"]),
    ],
    ids=["edit", "term", "act", "delete", "delete-both", "reorder", "slip-in", "tail"],
)  # fmt: skip
def test_what_was_changed_beside_the_events_is_found_and_named(
    recorded: Small, statements: list[str], expected: list[str]
) -> None:
    """Files given away and acts on personal data, each by its number; nothing else is named."""
    tables = ("file_disclosures", "disclosure_terms", "vault_acts", "chained_records")
    with recorded.database.write() as connection:
        unprotect(connection, *tables)
    found = change(recorded, *statements)
    assert [problem[: len(start)] for problem, start in zip(found, expected, strict=True)] == expected


def test_records_chained_anew_are_found_by_the_anchor(recorded: Small) -> None:
    """The database agrees with itself; the file outside it does not."""
    with recorded.database.write() as connection:
        unprotect(connection, "file_disclosures", "chained_records")
        connection.exec_driver_sql("UPDATE file_disclosures SET records = 9 WHERE id = 1")
        connection.exec_driver_sql("DELETE FROM chained_records")
        chain_old(connection)
    assert told(recorded) == ["a record up to 4 was rewritten, and all after it chained anew: the anchor says so"]
    recorded.database.anchors = None
    assert told(recorded) == []


def lines_of(small: Small) -> tuple[Path, list[bytes]]:
    assert small.database.anchors is not None
    file = anchor_file(small.database.anchors, small.database.store_name)
    return file, file.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda lines: lines[:-1], "1 lines of .* are missing"),
        (lambda lines: lines[1:], "line 1 of .* was changed"),
        (lambda lines: [lines[0].replace(b'"cases":[[1,5', b'"cases":[[1,4'), *lines[1:]], "line 1 of .* was changed"),
        (lambda lines: [lines[0][:-20], *lines[1:]], "is not the one that was written"),
        (None, "anchor file .* is missing"),
    ],
    ids=["tail", "head", "edit", "garbled", "gone"],
)  # fmt: skip
def test_a_file_of_anchors_that_was_changed_is_found(
    store: Small, spoil: Callable[[list[bytes]], list[bytes]] | None, expected: str
) -> None:
    """The file is chained too, and the database knows which lines were written."""
    store.open("e")
    store.run()
    file, lines = lines_of(store)
    assert len(lines) == 2
    if spoil is None:
        file.unlink()
    else:
        file.write_bytes(b"".join(spoil(lines)))
    assert any(re.search(expected, problem) for problem in told(store)), told(store)


def test_a_crash_while_anchoring_does_no_harm(store: Small) -> None:
    """Killed after the line is on disk and before the database knows: it is written once more, and all is well."""
    store.open("e")
    store.database.close()
    child = os.fork()
    if child == 0:
        failpoints.hook = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == "anchor:written" else None
        anchor(store.database, START)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert anchor(store.database, START) == 1
    assert told(store) == []


def test_a_line_cut_off_by_a_crash_is_passed_over(store: Small) -> None:
    """The next line follows the last whole one."""
    file, lines = lines_of(store)
    file.write_bytes(b"".join(lines) + lines[0][:30])
    store.open("e")
    store.run()
    assert len(lines_of(store)[1]) == 3
    assert told(store) == []


def disclosed_in(small: Small, *events: int) -> None:
    """Note that the name was shown to another agency by these events of both cases, and anchor that."""
    disclosed = a_disclosure()
    keep_terms(small.database, [disclosed])
    with small.database.write() as connection:
        for case in (1, 2):
            rows = [(case, seq, disclosed.id) for seq in events]
            insert_rows(connection, DisclosureRow, ("case_id", "seq", "term_id"), rows)
    small.database.anchors = small.folder / "anchors"
    anchor(small.database, START)
    assert told(small) == []
    small.database.anchors = None


@pytest.fixture
def disclosing(store_url: str, tmp_path: Path) -> Iterator[Small]:
    """Two cases, each shown to another agency twice, anchored half-way and at the end."""
    database = Database(store_url)
    small = Small(database, define(checked_and_paid), tmp_path / "exchange")
    small.open("a", "b")
    small.run()
    disclosed_in(small, 2)
    for case in (1, 2):
        small.answer(case, "office.check 1", '{"ok": true}')
    small.run()
    disclosed_in(small, 4)
    database.anchors = small.folder / "anchors"
    yield small
    database.close()


FIRST = "(SELECT min(seq) FROM disclosures WHERE case_id = 2)"
TERM = "INSERT INTO disclosures (case_id, seq, term_id) SELECT case_id, seq, 7 FROM disclosures WHERE case_id = 2"


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM disclosures WHERE case_id = 2 AND seq = {FIRST}",
        "DELETE FROM disclosures WHERE case_id = 2",
        f"UPDATE disclosures SET seq = 1 WHERE case_id = 2 AND seq = {FIRST}",
        TERM,
        "UPDATE disclosure_terms SET fields = 'nothing'",
    ],
    ids=["one", "all", "moved", "added", "term"],
)
def test_a_disclosure_that_was_changed_is_found_by_the_anchor(disclosing: Small, statement: str) -> None:
    """Removed, moved to another event, slipped in, or its term rewritten; the first event up to which it matters."""
    with disclosing.database.write() as connection:
        unprotect(connection, "disclosures", "disclosure_terms")
    found = change(disclosing, statement)
    assert any(
        problem.startswith("case 2: a disclosure up to event ") and problem.endswith("the anchor says so")
        for problem in found
    ), found
    assert any(problem.startswith("case 1:") for problem in found) is ("terms" in statement)
