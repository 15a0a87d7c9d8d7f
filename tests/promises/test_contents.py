"""P7: what is sealed is held against the events: a text that was edited, swapped or removed is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault.contents import Misfit, verify_contents
from perintis.doors.vault.erasing import erase
from perintis.doors.vault.keys import KeyMissing, KeySource, new_key
from perintis.doors.vault.vault import APPLICATION, answer_place
from tests.databases import unprotect
from tests.small_pilot import Small, checked_and_paid, define


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Small]:
    """Two closed cases and one that waits."""
    database = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(database, define(checked_and_paid), tmp_path / "exchange")
    small.open("a", "b", "c")
    small.run()
    for case in (1, 2):
        small.answer(case, "office.check 1", '{"ok": true, "note": "n"}')
    small.run()
    for case in (1, 2):
        small.hand_in_answer(case, "tax.pay 1", {"ok": True})
    small.run()
    yield small
    database.close()


def change(small: Small, *statements: str) -> None:
    with small.database.write() as connection:
        unprotect(connection, "events")
        for statement in statements:
            connection.exec_driver_sql(statement)
    small.database.vault.forget()


def sealed_anew(small: Small, case: int, place: str, text: str) -> str:
    with small.database.read() as connection:
        return small.database.vault.keys(connection, [case])[case].seal(place, text)


def test_a_store_as_it_was_recorded_fits(store: Small) -> None:
    """Applications, answers, decisions and requests: each text opened once, none left out."""
    found = verify_contents(store.database)
    assert (found.texts, found.erased, found.misfits) == (3 + 4 + 2 + 2, 0, [])


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE payloads SET application = 'AAAA' WHERE case_id = 2", (2, 1, "payloads.application cannot be opened")),
        (("UPDATE payloads SET application = (SELECT p.application FROM payloads p WHERE p.case_id = 1) "
          "WHERE case_id = 2"), (2, 1, "payloads.application cannot be opened")),
        ("UPDATE payloads SET application = '' WHERE case_id = 2", (2, 1, "to which event 1 commits, is gone")),
        ("UPDATE payloads SET decision = NULL WHERE case_id = 2", (2, 6, "to which event 6 commits, is gone")),
        ("UPDATE work SET result = NULL WHERE case_id = 2 AND step = 'office.check'", (2, 3, "is gone")),
        ("UPDATE outbox SET body = 'AAAA' WHERE case_id = 2", (2, None, "outbox.body/tax.pay/1 cannot be opened")),
        ("UPDATE vault SET sealed = NULL WHERE case_id = 2", (2, None, "its key is gone, but it was not erased")),
        ("UPDATE vault SET sealed = 'AAAA' WHERE case_id = 2", (2, None, "its key cannot be opened")),
        ("UPDATE vault SET sealed = NULL, erased = 1 WHERE case_id = 2", (2, None, "no event records who erased it")),
    ],
    ids=["edited", "swapped", "emptied", "decision", "answer", "request", "key", "other-key", "erased-secretly"],
)  # fmt: skip
def test_what_does_not_fit_is_named(store: Small, statement: str, expected: tuple[int, int | None, str]) -> None:
    """Case and event are told; of the other cases nothing."""
    change(store, statement)
    misfits = verify_contents(store.database).misfits
    assert {misfit.case for misfit in misfits} == {2}
    assert any((m.seq, expected[2] in m.what) == (expected[1], True) for m in misfits), misfits


@pytest.mark.parametrize(
    ("place", "column", "seq"),
    [(APPLICATION, "payloads SET application", 1), (answer_place("office.check", 1), "work SET result", 3)],
)
def test_another_text_sealed_with_the_right_key_is_found(store: Small, place: str, column: str, seq: int) -> None:
    """Whoever has the key as well cannot put another text in its place: the event commits to the first."""
    sealed = sealed_anew(store, 1, place, '{"reference": "a", "name": "somebody else"}')
    only = " AND step = 'office.check'" if "work" in column else ""
    change(store, f"UPDATE {column} = '{sealed}' WHERE case_id = 1{only}")
    assert [str(p) for p in verify_store(store.database)] == []
    what = f"{place} is not what event {seq} commits to: another text was put in its place"
    assert verify_contents(store.database).misfits == [Misfit(1, seq, what)]


def test_an_erased_case_fits_as_erased(store: Small) -> None:
    """Its act is recorded and nothing is left; a text that comes back afterwards is found."""
    erase(store.database, [1], store.folder, officer="o", reason="letter 12", now=store.now)
    found = verify_contents(store.database)
    assert (found.erased, found.misfits) == (1, [])
    change(store, "UPDATE payloads SET application = 'AAAA' WHERE case_id = 1")
    (misfit,) = verify_contents(store.database).misfits
    assert (misfit.case, misfit.what) == (1, "it is erased, but sealed texts of it are left")


def test_another_key_is_one_sentence(store: Small, store_url: str) -> None:
    """Not a problem a case."""
    other = Database(store_url, keys=KeySource(text=new_key()))
    with closing(other), pytest.raises(KeyMissing, match="sealed with key"):
        verify_contents(other)
