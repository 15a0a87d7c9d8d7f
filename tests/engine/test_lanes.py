"""Several claims worked on at once end as the same cases one claim after another would."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from perintis import AgencyUnavailable, Case, step
from perintis.doors.store.database import Database
from perintis.engine.waves import InTurn, Tally, Waves, lots
from perintis.words.recorded import Process
from tests.databases import new_sqlite
from tests.small_pilot import OFFICE, TAX, Answer, Application, Asked, Decision, Small, check, define, look_up


async def to_be(case: Case[Application]) -> Decision:
    """Two automatic steps, then an officer for every second case."""
    await look_up(case)
    await look_up(case)
    if int(case.reference) % 2:
        await check(case)
    return Decision()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty SQLite store: lanes are threads of one process, which is where SQLite is at its most delicate."""
    return Database(new_sqlite(tmp_path / "perintis.db"))


def waves(small: Small, *, lanes: int, claim_size: int) -> Waves:
    """A run that claims few cases at a time, so that there are many claims."""
    return Waves(
        small.definition, Process.TO_BE, small.worker(), InTurn(), lambda: small.now, batch_size=3,
        claim_size=claim_size, lanes=lanes,
    )  # fmt: skip


@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_lanes_change_nothing_but_the_time(database: Database, lanes: int) -> None:
    """Every case is moved once, whatever the number of lanes; the counts of all lanes are added up."""
    small = Small(database, define(to_be))
    small.open(*(str(i) for i in range(40)))
    tally = waves(small, lanes=lanes, claim_size=10).run()
    assert tally == Tally(advanced=40, closed=20, waiting=20, steps=80)
    small.verify()


@pytest.mark.parametrize(
    ("cases", "sizes"),
    [(1, [1]), (600, [600]), (1_000, [500, 500]), (1_700, [567, 567, 566]), (4_000, [1_334, 1_334, 1_332]),
     (6_000, [2_000, 2_000, 2_000])],
)  # fmt: skip
def test_lots_of_three_lanes_are_equal_and_few_cases_stay_together(cases: int, sizes: list[int]) -> None:
    """Of 2,000 cases at most; below 1,000 one task run a step is enough."""
    parts = list(lots(range(cases), 3, 2_000))
    assert [len(part) for part in parts] == sizes
    assert [case for part in parts for case in part] == list(range(cases))


def test_agency_that_is_down_is_down_for_all_lanes(database: Database) -> None:
    """Claims that come later do not knock again; each case is left ready once."""
    knocked = []

    @step(TAX)
    def ask(requests: Sequence[Asked]) -> list[Answer]:
        """Ask."""
        knocked.append(len(requests))
        raise AgencyUnavailable

    async def asking(case: Case[Application]) -> Decision:
        """One step."""
        await ask(case)
        return Decision()

    small = Small(database, define(asking, [ask]))
    small.open(*(str(i) for i in range(40)))
    tally = waves(small, lanes=2, claim_size=4).run()
    assert (tally.left_ready, tally.down) == (40, {"tax": 40})
    assert len(knocked) <= 2


def test_error_in_one_lane_ends_the_run(database: Database) -> None:
    """The other lane finishes the wave it is in; what was recorded stands, and the next run goes on from there."""
    broken = threading.Event()
    broken.set()

    class Breaks(InTurn):
        def perform(self, batches, work):  # type: ignore[no-untyped-def]
            if broken.is_set() and any(item.live.id == 15 for batch in batches for item in batch.items):
                raise OSError("no space left")
            return super().perform(batches, work)

    small = Small(database, define(to_be))
    small.open(*(str(i) for i in range(40)))
    run = Waves(
        small.definition, Process.TO_BE, small.worker(), Breaks(), lambda: small.now, claim_size=20, lanes=2
    )  # fmt: skip
    with pytest.raises(OSError, match="no space left"):
        run.run()
    broken.clear()
    small.now += timedelta(minutes=5)  # the leases of the broken run end
    waves(small, lanes=1, claim_size=40).run()
    small.verify()
    assert sorted(small.case(i).status for i in range(1, 41)) == ["closed"] * 20 + ["waiting"] * 20


def test_sweeps_of_memory_are_put_off_and_come_back(database: Database) -> None:
    """While many cases are held Python hardly ever searches its memory; after the run it does as before."""
    usual = gc.get_threshold()
    seen = []

    @step(OFFICE)
    def watch(requests: Sequence[Asked]) -> list[Answer]:
        """Watch."""
        seen.append(gc.get_threshold()[0])
        return [Answer() for _ in requests]

    async def watching(case: Case[Application]) -> Decision:
        """One step."""
        await watch(case)
        return Decision()

    small = Small(database, define(watching, [watch]))
    small.open(*(str(i) for i in range(600)))
    small.run()
    assert (set(seen), gc.get_threshold(), gc.get_freeze_count()) == ({200_000}, usual, 0)
    seen.clear()
    small.open("a few more")
    small.run()
    assert seen == [usual[0]]


def test_agency_is_asked_a_few_hundred_at_a_time(database: Database) -> None:
    """A large batch is handed over in parts, in order; a part that fails as a whole is done again one by one."""
    calls = []

    @step(TAX)
    def ask(requests: Sequence[Asked]) -> list[Answer]:
        """Ask."""
        calls.append(len(requests))
        if len(requests) == 200:
            raise RuntimeError("too few")
        return [Answer() for _ in requests]

    async def asking(case: Case[Application]) -> Decision:
        """One step."""
        await ask(case)
        return Decision()

    small = Small(database, define(asking, [ask]))
    small.open(*(str(i) for i in range(1_200)))
    report = small.run(batch_size=2_000)
    assert calls == [500, 500, 200, *[1] * 200]
    assert report.tally.closed == 1_200
    small.verify()
