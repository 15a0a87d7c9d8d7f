"""What is personal is sealed case by case and place by place, and old stores are sealed when they are upgraded."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from perintis.doors.store.database import Database
from perintis.doors.store.histories import load_histories
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault import rotation
from perintis.doors.vault.contents import verify_contents
from perintis.doors.vault.keys import KeyMissing, KeySource, new_key
from perintis.doors.vault.pseudonyms import pseudonyms
from perintis.doors.vault.rotation import rotate_key
from perintis.doors.vault.sealing_old import seal_old
from perintis.doors.vault.vault import APPLICATION, answer_place, vault_of
from perintis.words.errors import NotAllowed, PerintisError
from tests.small_pilot import START, Answer, Small, checked_and_paid, define

NAME = "Marked-Name-4411"


@pytest.fixture
def small(database: Database, tmp_path: Path) -> Small:
    """Two cases that were checked, and wait for the tax office."""
    small = Small(database, define(checked_and_paid), tmp_path / "exchange")
    small.open("a", "b", name=NAME)
    small.run()
    for case in (1, 2):
        small.answer(case, "office.check 1", f'{{"ok": true, "note": "{NAME}"}}')
    small.run()
    return small


def columns(connection: Connection) -> list[str]:
    queries = (
        "SELECT application FROM payloads ORDER BY case_id",
        "SELECT result FROM work WHERE result IS NOT NULL ORDER BY case_id",
        "SELECT body FROM outbox ORDER BY case_id",
    )
    return [text for query in queries for text in connection.exec_driver_sql(query).scalars()]


def test_nothing_personal_stands_in_the_tables(small: Small) -> None:
    """Application, answer and request are sealed; the same text is sealed otherwise each time."""
    with small.database.read() as connection:
        found = columns(connection)
    assert len(found) == len(set(found)) == 6
    assert not [text for text in found if NAME in text]


@pytest.mark.parametrize(
    "moved",
    [
        "UPDATE payloads SET application = (SELECT application FROM payloads WHERE case_id = 2) WHERE case_id = 1",
        "UPDATE work SET result = (SELECT result FROM work WHERE case_id = 2 AND result IS NOT NULL) "  # noqa: ISC004
        "WHERE case_id = 1 AND step = 'office.check'",
        "UPDATE work SET visit = 7 WHERE case_id = 1 AND step = 'office.check'",
        "UPDATE vault SET sealed = (SELECT v.sealed FROM vault v WHERE v.case_id = 2) WHERE case_id = 1",
    ],
    ids=["application", "answer", "visit", "key"],
)
def test_what_was_moved_cannot_be_opened(small: Small, moved: str) -> None:
    """Not in another case, not as the answer to another visit."""
    with small.database.write() as connection:
        connection.exec_driver_sql(moved)
    small.database.vault.forget()
    with pytest.raises(PerintisError, match=r"of case 1 was changed or moved|/1 in the store was changed or moved"):
        load_histories(small.database, [1])
    assert load_histories(small.database, [2])[0].work[0].result is not None


def test_another_key_opens_nothing_and_adds_nothing(small: Small, store_url: str) -> None:
    """A store never gets cases under two keys by mistake."""
    stranger = Small(Database(store_url, keys=KeySource(text=new_key())), small.definition)
    with pytest.raises(KeyMissing, match="sealed with key"):
        stranger.open("c")
    with pytest.raises(KeyMissing, match="sealed with key"):
        load_histories(stranger.database, [1])
    stranger.database.close()


def test_the_master_key_is_replaced_and_the_rest_stays(small: Small, store_url: str, tmp_path: Path) -> None:
    """Only the data keys are wrapped anew: what they sealed is the same to the letter, and so are the pseudonyms."""

    file = tmp_path / "keys" / "master.key"
    file.parent.mkdir()
    file.write_text(os.environ["PERINTIS_KEY"])
    database = Database(store_url, keys=KeySource(file=file))
    with database.read() as connection:
        before, name = columns(connection), pseudonyms(connection, "tax", "p")("a")
    assert rotate_key(database, officer="o", reason="yearly", now=START) == 2
    with database.read() as connection:
        assert columns(connection) == before
        assert pseudonyms(connection, "tax", "p")("a") == name
    assert NAME in load_histories(database, [1])[0].application
    assert len(file.read_text().split()) == 1
    with closing(Database(store_url)) as other, pytest.raises(KeyMissing):
        load_histories(other, [1])
    database.close()


def test_a_key_from_elsewhere_is_replaced_by_giving_both(small: Small, store_url: str) -> None:
    """One alone cannot be replaced: the program has no place for a new one."""

    old, new = os.environ["PERINTIS_KEY"], new_key()

    def with_key(text: str) -> closing[Database]:
        return closing(Database(store_url, keys=KeySource(text=text)))

    with with_key(old) as database, pytest.raises(NotAllowed, match="the new one first"):
        rotate_key(database, officer="o", reason="r", now=START)
    with with_key(f"{new} {old}") as database:
        rotate_key(database, officer="o", reason="r", now=START)
    with with_key(new) as database:
        assert NAME in load_histories(database, [1])[0].application


def test_pseudonyms_differ_by_agency_and_purpose(small: Small) -> None:
    """The same every time for one agency and purpose; of no use to another."""
    with small.database.read() as connection:
        names = {
            (agency, purpose): pseudonyms(connection, agency, purpose)("3171014508900001")
            for agency in ("tax", "office")
            for purpose in ("export", "audit")
        }
        assert pseudonyms(connection, "tax", "audit")("3171014508900001") == names["tax", "audit"]
    assert len(set(names.values())) == 4
    assert all(len(name) == 20 and name.isalnum() for name in names.values())


def test_a_store_in_clear_is_sealed_and_chained_by_the_upgrade(store_url: str, tmp_path: Path) -> None:
    """What an earlier version wrote is afterwards as if this one had: it opens, it verifies, it goes on."""
    plain = Small(Database(store_url, protects=False), define(checked_and_paid), tmp_path / "exchange")
    plain.open("a", "b", name=NAME)
    plain.run()
    plain.answer(1, "office.check 1", f'{{"ok": true, "note": "{NAME}"}}')
    plain.run()
    with plain.database.read() as connection:
        assert any(NAME in text for text in columns(connection))
    plain.database.close()
    database = Database(store_url, anchors=tmp_path / "anchors")
    with database.write() as connection:
        database.vault.found(connection)
        assert seal_old(connection) == 2
    with database.read() as connection:
        assert not [text for text in columns(connection) if NAME in text]
        key = vault_of(connection).keys(connection, [1])[1]
        opening, answered = connection.exec_driver_sql(
            "SELECT commitment FROM events WHERE case_id = 1 AND commitment IS NOT NULL ORDER BY seq"
        ).scalars()
    history = load_histories(database, [1])[0]
    assert bytes(opening) == key.commit(APPLICATION, history.application)
    assert bytes(answered) == key.commit(answer_place("office.check", 1), history.work[0].result or "")
    again = Small(database, plain.definition, tmp_path / "exchange")
    again.answer(2, "office.check 1", Answer().model_dump_json())
    again.run()
    assert [str(p) for p in verify_store(database)] == []
    database.close()


@pytest.mark.parametrize("dies_at", ["update_rows", "note_act", "_drop_old"])
def test_a_rotation_that_was_killed_goes_on(
    small: Small, store_url: str, tmp_path: Path, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any point every case opens; the same command again ends with one key, under which everything is."""
    file = tmp_path / "master.key"
    file.write_text(os.environ["PERINTIS_KEY"])
    small.database.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(rotation, "_PART", 1)
        monkeypatch.setattr(rotation, dies_at, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        rotate_key(Database(store_url, keys=KeySource(file=file)), officer="o", reason="r", now=START)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert len(file.read_text().split()) == 2
    with closing(Database(store_url, keys=KeySource(file=file))) as database:
        assert NAME in load_histories(database, [1])[0].application
        rotate_key(database, officer="o", reason="again", now=START)
    assert len(file.read_text().split()) == 1
    with closing(Database(store_url, keys=KeySource(file=file))) as database:
        assert verify_contents(database).misfits == []
