"""P10: erasure works and proofs still hold, also when the program dies in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from perintis import Case
from perintis.doors.store.database import Database
from perintis.doors.store.histories import load_histories
from perintis.doors.store.opening import ERASED
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault import acts, erasing
from perintis.doors.vault.contents import verify_contents
from perintis.doors.vault.erasing import erase, finish
from perintis.words.errors import BadInput, NotAllowed
from tests.small_pilot import START, Application, Decision, Small, checked_and_paid, define

MARK = "Sutarmi-Marked-7731"


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Small]:
    """Two closed cases of marked persons, one open, and the files that were exchanged about them."""
    database = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(database, define(checked_and_paid), tmp_path / "exchange")
    small.open("a", "b", "c", name=MARK)
    small.run()
    for case in (1, 2):
        small.answer(case, "office.check 1", f'{{"ok": true, "note": "{MARK}"}}')
    small.run()
    for case in (1, 2):
        small.hand_in_answer(case, "tax.pay 1", {"ok": True, "note": MARK})
    small.run()
    yield small
    database.close()


def erase_them(small: Small, *cases: int, force: bool = False) -> int:
    return erase(
        small.database, cases, small.folder, officer="officer", reason="letter 12", now=small.now, force_withdraw=force
    )


def values(small: Small, case: int) -> list[str]:
    """Every text of the vault and of what it sealed, of one case."""
    queries = (
        f"SELECT sealed FROM vault WHERE case_id = {case}",
        f"SELECT application || coalesce(decision, '') || coalesce(note, '') FROM payloads WHERE case_id = {case}",
        f"SELECT result FROM work WHERE case_id = {case}",
        f"SELECT body FROM outbox WHERE case_id = {case}",
    )
    with small.database.read() as connection:
        return [text for query in queries for text in connection.exec_driver_sql(query).scalars() if text]


def test_key_salt_and_all_that_they_sealed_are_gone(store: Small) -> None:
    """The other case keeps what it has; the chain and the anchors still hold; who did it and why is an event."""
    assert erase_them(store, 1) == 1
    assert values(store, 1) == []
    assert len(values(store, 2)) == 5
    assert store.events(1)[-1] == "person.erase 1 complete"
    assert [str(p) for p in verify_store(store.database)] == []
    with pytest.raises(NotAllowed, match="case 1 was erased"):
        load_histories(store.database, [1])
    assert load_histories(store.database, [2])[0].application.count(MARK) == 1


def test_files_exchanged_about_the_case_are_gone_too(store: Small) -> None:
    """Requests and answers of the other case stay."""
    erase_them(store, 1)
    left = {p.name.split("__")[2] for p in store.folder.rglob("*.json")}
    assert left == {"2"}


def test_the_same_application_does_not_come_back_unnoticed(store: Small) -> None:
    """The file of last month again: the erased application is refused, and nothing of it is stored."""
    erase_them(store, 1)
    opened = store.open("a", name=MARK)
    assert (opened.cases, opened.conflicts) == ([], {"a": [ERASED]})


@pytest.mark.parametrize(
    ("before", "why"),
    [("open", "still open"), ("held", "under legal hold since"), ("erased", "was erased on")],
)
def test_when_erasing_is_refused(store: Small, before: str, why: str) -> None:
    """An open case, a legal hold, or nothing left: one sentence, and no case of the list is touched."""
    case = 3 if before == "open" else 1
    if before == "held":
        with store.database.write() as connection:
            acts.hold(connection, 1, officer="o", reason="court order 5", now=store.now)
    if before == "erased":
        erase_them(store, 1)
    with pytest.raises(NotAllowed, match=why):
        erase_them(store, 2, case)
    assert len(values(store, 2)) == 5


def test_an_open_case_can_be_withdrawn_with_it(store: Small) -> None:
    """`--force-withdraw`: its open work is withdrawn, then it is erased."""
    assert erase_them(store, 3, force=True) == 1
    assert (store.case(3).outcome, values(store, 3)) == ("withdrawn", [])
    assert [str(p) for p in verify_store(store.database)] == []


@pytest.mark.parametrize("runs_next", [True, False], ids=["run", "erasure"])
@pytest.mark.parametrize("dies_at", ["_clear_files", "_clear_pages"])
def test_killed_in_the_middle_it_is_finished_by_whoever_comes_next(
    store: Small, dies_at: str, runs_next: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is gone from the first moment; files and old pages are cleared by the next run or erasure, once."""
    store.database.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(erasing, dies_at, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        erase_them(store, 1)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert values(store, 1) == []
    if runs_next:
        store.run()
    assert (finish(store.database, store.folder), finish(store.database, store.folder)) == (0 if runs_next else 1, 0)
    assert {p.name.split("__")[2] for p in store.folder.rglob("*.json")} == {"2"}


def test_killed_between_two_cases_the_first_is_erased_and_the_second_whole(
    store: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each case is erased by itself; the list can be given again without those that are done."""
    store.database.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(
            erasing, "end_case", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        )  # the open case, which comes second
        erase_them(store, 1, 3, force=True)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    found = verify_contents(store.database)
    assert (found.erased, found.misfits, bool(values(store, 3))) == (1, [], True)
    assert erase_them(store, 3, force=True) == 1
    assert {p.name.split("__")[2] for p in store.folder.rglob("*.json")} == {"2"}


def test_killed_before_the_commit_nothing_is_erased(store: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an erasure does not exist."""
    store.database.close()
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(erasing, "record_act", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        erase_them(store, 1)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert len(values(store, 1)) == 5
    assert erase_them(store, 1) == 1


def test_nothing_is_left_in_the_files_of_the_database(store: Small, tmp_path: Path) -> None:
    """The wrapped key is in no page of the SQLite file and not in its log either."""
    if not store.database.is_sqlite:
        pytest.skip("the files of a PostgreSQL server are its own")
    wrapped = values(store, 1)[0]
    erase_them(store, 1)
    content = b"".join(path.read_bytes() for path in tmp_path.glob("perintis.db*"))
    assert content.count(wrapped.encode()) == 0
    assert content.count(values(store, 2)[0].encode()) > 0


def test_a_reason_with_an_identity_number_is_refused() -> None:
    """It would outlive what was erased."""
    with pytest.raises(BadInput, match="identity number"):
        acts.checked("officer", "asked for by 3171014508900001")
    with pytest.raises(BadInput, match="--officer has an identity number in it"):
        acts.checked("3171014508900001", "letter 12")
    with pytest.raises(BadInput, match="who does it and why"):
        acts.checked("officer", " ")


def test_a_restricted_case_stands_still_until_it_is_lifted(store: Small) -> None:
    """No run moves it, no officer answers it; afterwards it goes on where it stood."""
    with store.database.write() as connection:
        acts.restrict(connection, 3, officer="o", reason="objection 8", now=store.now)
    with pytest.raises(NotAllowed, match="processing of case 3 is restricted"):
        store.answer(3, "office.check 1")
    store.now = START + timedelta(days=40)
    assert store.run().counts["advanced"] == 0
    with store.database.write() as connection:
        acts.lift(connection, 3, officer="o", reason="objection refused", now=store.now)
    store.answer(3, "office.check 1")
    assert store.run().counts["sent"] == 1
    assert [str(p) for p in verify_store(store.database)] == []


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.slow)])
def test_many_erasures(store_url: str, tmp_path: Path, count: int) -> None:
    """Every second of so many cases is erased; the chain of all of them holds, and what is left opens."""

    async def at_once(case: Case[Application]) -> Decision:
        return Decision()

    with_anchors = Database(store_url, anchors=tmp_path / "anchors")
    small = Small(with_anchors, define(at_once), tmp_path / "exchange")
    small.open(*(f"r{i}" for i in range(2 * count)), name=MARK)
    small.run()
    assert erase_them(small, *range(1, 2 * count + 1, 2)) == count
    with with_anchors.read() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM vault WHERE sealed IS NOT NULL").scalar_one()
    assert left == count
    assert [str(p) for p in verify_store(with_anchors)] == []
    found = verify_contents(with_anchors)
    assert (found.erased, found.misfits) == (count, [])
    with_anchors.close()
