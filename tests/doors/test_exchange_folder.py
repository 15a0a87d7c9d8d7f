"""The exchange folder: a request lies there in clear until it is answered, an answer until it is in the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perintis.doors.store.database import Database
from tests.small_pilot import Small, checked_and_paid, define

MARK = "Sutarmi-Marked-7731"


@pytest.fixture
def asked(database: Database, tmp_path: Path) -> Small:
    """Two cases whose tax is to be paid: two requests lie in the folder, each with a name in it."""
    small = Small(database, define(checked_and_paid), tmp_path / "exchange")
    small.open("a", "b", name=MARK)
    small.run()
    for case in (1, 2):
        small.answer(case, "office.check 1", f'{{"ok": true, "note": "{MARK}"}}')
    small.run()
    return small


def texts(small: Small, box: str) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(small.folder.glob(f"*/{box}/*.json"))]


def marked(small: Small) -> list[str]:
    """The files of the folder in which the name stands."""
    return [path.name for path in small.folder.rglob("*") if path.is_file() and MARK in path.read_text("utf-8")]


def test_what_was_answered_is_no_longer_in_clear(asked: Small) -> None:
    """The request of the other case stays for its agency; of the answer the key is left."""
    assert len(marked(asked)) == 2
    asked.hand_in_answer(1, "tax.pay 1", {"ok": True, "note": MARK})
    asked.run()
    assert [name.split("__")[2] for name in marked(asked)] == ["2"]
    [answer] = texts(asked, "in/done")
    assert list(json.loads(answer)) == ["key"]
    assert [bool(text) for text in texts(asked, "out")] == [False, True]


def test_an_emptied_request_is_not_written_again(asked: Small) -> None:
    """A message that is sent once more after a crash finds its file there, and leaves it empty."""
    asked.hand_in_answer(1, "tax.pay 1", {"ok": True, "note": MARK})
    asked.run()
    with asked.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET status = 'queued', worker = NULL WHERE case_id = 1")
    asked.run()
    assert [name.split("__")[2] for name in marked(asked)] == ["2"]


def test_an_answer_that_does_not_fit_leaves_the_request(asked: Small) -> None:
    """The agency has to answer again, and needs to know what was asked."""
    asked.hand_in_answer(1, "tax.pay 1", {"ok": "perhaps"})
    asked.run()
    assert all(texts(asked, "out"))
