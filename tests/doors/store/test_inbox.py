"""Answers of agencies' systems: duplicate, late, reordered, unknown, not valid. Each is taken once."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis import Case, all_of
from perintis.doors.connectors import FolderConnector
from perintis.doors.running import take_in_answers
from perintis.doors.store.database import Database
from perintis.doors.store.ending import end_case
from perintis.doors.store.inbox import Arrival, absorb, receive
from perintis.words.recorded import Outcome
from tests.small_pilot import Application, Decision, Small, define, pay


async def paid_twice(case: Case[Application]) -> Decision:
    await all_of(pay(case), pay(case))
    return Decision()


@pytest.fixture
def small(database: Database, tmp_path: Path) -> Small:
    """One case that waits for two answers of the tax office's system."""
    small = Small(database, define(paid_twice), tmp_path)
    small.open("r")
    small.run()
    return small


def files(small: Small, where: str, agency: str = "tax") -> int:
    return len(list((small.folder / agency / "in").glob(f"{where}*.json")))


def refusals(small: Small) -> list[str]:
    with small.database.read() as connection:
        return [r[0] for r in connection.exec_driver_sql("SELECT reason FROM inbox WHERE status = 'refused'")]


def test_answers_in_another_order_than_asked(small: Small) -> None:
    """Each finds its own step visit by its key."""
    small.hand_in_answer(1, "tax.pay 2", {"ok": False, "note": "second"})
    small.run()
    assert small.slots(1) == {"tax.pay 1": "open", "tax.pay 2": "completed"}
    small.hand_in_answer(1, "tax.pay 1")
    assert small.run().counts["answers"] == 1
    assert (small.case(1).status, files(small, ""), files(small, "done/")) == ("closed", 0, 2)
    small.verify()


def test_a_duplicate_changes_nothing(small: Small) -> None:
    """The same file again is the same message; another file with the same answer is refused and says why."""
    path = small.hand_in_answer(1, "tax.pay 1")
    content = path.read_text()
    small.run()
    path.write_text(content)
    assert small.run().counts["answers_refused"] == 0
    small.hand_in_answer(1, "tax.pay 1", {"ok": False}, file="again")
    assert small.run().counts["answers_refused"] == 1
    assert refusals(small)[0].startswith("work item 1 was already answered")
    assert small.events(1).count("tax.pay 1 complete") == 1
    small.verify()


def test_a_file_name_used_again_is_another_message(small: Small) -> None:
    """Systems that write `answer.json` each time must not lose their second answer."""
    small.hand_in_answer(1, "tax.pay 1", file="answer")
    small.run()
    small.hand_in_answer(1, "tax.pay 2", file="answer")
    small.run()
    assert small.case(1).status == "closed"


def test_a_late_answer_is_kept_and_refused(small: Small) -> None:
    """The case was withdrawn meanwhile."""
    end_case(small.database, 1, Outcome.WITHDRAWN, "x", officer=None, now=small.now)
    small.hand_in_answer(1, "tax.pay 1")
    small.run()
    assert refusals(small) == ["work item 1 was already withdrawn on 02 March 2026 at 01:00 UTC; nothing was changed"]
    small.verify()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"key": "{prefix}/99/tax.pay/1"}, "there is no such case"),
        ({"key": "{prefix}/1/tax.pay/9"}, "nothing was asked under this key"),
        ({"key": "{prefix}/1/office.check/1"}, "tax has nothing to answer under this key"),
        ({"key": "{prefix}/1/tax.unknown/1"}, "tax has nothing to answer under this key"),
        ({"key": "{prefix}/1/tax.pay"}, "its key is not one of ours"),
        ({"key": "{prefix}/999999999999999999999999/tax.pay/1"}, "its key is not one of ours"),
        ({"key": "{prefix}/1/tax.pay/٣"}, "its key is not one of ours"),
        ({"key": "another-store/small/1/tax.pay/1"}, "its key is not one of ours"),
        ({"key": "{store}/no-such-pilot/1/tax.pay/1"}, "its key is not one of ours"),
        ({"key": ""}, "its key is not one of ours"),
        ({"answer": {"ok": "Siti"}}, "the answer is not valid: ok"),
        ({"answer": None}, "the answer is not valid: as a whole"),
        ({"answer": [1, 2]}, "the answer is not valid: as a whole"),
        ({"answer": {"note": "\ud800"}}, "the answer is not valid: as a whole"),
    ],
)
def test_a_message_that_answers_nothing(small: Small, change: dict[str, Any], reason: str) -> None:
    """It is kept with the reason, which holds no value out of it, and the case goes on waiting."""
    path = small.hand_in_answer(1, "tax.pay 1")
    document = {**json.loads(path.read_text()), **change}
    places = {"prefix": small.database.prefix("small"), "store": small.database.store_name}
    path.write_text(json.dumps({**document, "key": document["key"].format(**places)}))
    assert small.run().counts["answers_refused"] == 1
    assert (refusals(small), small.slots(1)["tax.pay 1"]) == ([reason], "open")
    assert small.run().counts["answers_refused"] == 0
    small.verify()


def test_an_agency_cannot_answer_for_another(small: Small) -> None:
    """The folder a message came from says whose it is."""
    small.hand_in_answer(1, "tax.pay 1", agency="post")
    small.run()
    assert refusals(small) == ["post has nothing to answer under this key"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"text"', b'{"key": 1}', b"\xff\xfe", b"[" * 100_000, b'{"key": "\\u0000", "answer": 1}',
     b'{"key": "\\ud800", "answer": 1}', b'{"key": "k", "answer": "' + b"x" * 10_000_001 + b'"}'],
    ids=["empty", "cut", "list", "text", "no answer", "not UTF-8", "deep", "NUL", "half a character", "10 MB"],
)  # fmt: skip
def test_a_file_that_is_no_message_is_put_aside(small: Small, content: bytes) -> None:
    """It stops nothing: what lies beside it is taken in."""
    path = small.hand_in_answer(1, "tax.pay 1")
    (path.parent / "aaa.json").write_bytes(content)
    assert small.run().counts["answers"] == 1
    assert (files(small, ""), files(small, "done/"), files(small, "refused/")) == (0, 1, 1)
    small.verify()


def test_messages_for_another_pilot_are_left_to_it(small: Small) -> None:
    """Several pilots share one store and one folder."""
    with small.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO cases (id, pilot, version, process, reference, segments, status, opened, last_seq, fence) "
            "SELECT 50, 'other', version, process, reference, segments, 'closed', opened, 1, 0 FROM cases"
        )
    key = f"{small.database.prefix('other')}/50/tax.pay/1"
    receive(small.database, [Arrival("tax", "m", key, "{}")], small.now)
    assert small.run().counts["answers_refused"] == 0
    assert refusals(small) == []


def test_two_workers_take_the_same_messages_once(small: Small) -> None:
    """Both look into the same folder and the same inbox at the same time: one answers, and nothing is refused."""
    arrivals = [Arrival("tax", f"m{v}", small.key(1, f"tax.pay {v}"), '{"ok": true}') for v in (1, 2)]
    found: list[Any] = []

    def work() -> None:
        receive(small.database, arrivals, small.now)
        found.append(absorb(small.database, "small", small.definition.steps, small.now))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(f.answered for f in found), sum(f.refused for f in found)) == (2, 0)
    small.verify()


def test_an_answer_after_the_due_date_counts_as_late(small: Small) -> None:
    """An agency's system has a promise to keep, too."""
    small.now += timedelta(days=3, seconds=1)
    small.hand_in_answer(1, "tax.pay 1")
    report = take_in_answers(small.database, small.definition, FolderConnector(small.folder), small.now)
    assert report.answered == 1
    assert "tax.pay 1 breach" in small.events(1)
    small.verify()
