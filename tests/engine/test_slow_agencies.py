"""An agency that takes its time: what it has done is recorded while it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from perintis import Case, all_of, step
from perintis.doors.store.database import Database
from perintis.engine.batches import Item, perform_batch
from perintis.engine.live import Live
from tests.small_pilot import TAX, Answer, Application, Asked, Decision, Small, define


class Killed(BaseException):
    """What ends a process at once."""


@pytest.mark.parametrize("killed_at", [None, 33])
def test_what_a_slow_agency_has_done_is_recorded_while_it_goes_on(database: Database, killed_at: int | None) -> None:
    """Two seconds a call: who is killed in the 33rd has to repeat the last few, not all of them.

    Each case asks twice at once, so that what is recorded later of a case goes behind what was recorded before.
    """
    asked, deaths = list[str](), [killed_at]

    @step(TAX)
    def slow(request: Asked) -> Answer:
        """Take two seconds."""
        if len(asked) in deaths:
            deaths.clear()
            raise Killed
        asked.append(request.name)
        small.now += timedelta(seconds=2)
        return Answer()

    async def twice(case: Case[Application]) -> Decision:
        await all_of(slow(case), slow(case))
        return Decision()

    small = Small(database, define(twice, [slow]))
    small.open(*(str(n) for n in range(20)))
    if killed_at is not None:
        with pytest.raises(Killed):
            small.run()
    small.now += timedelta(hours=1)
    report = small.run()
    assert report.tally.closed == 20
    assert len(asked) == 40 + (3 if killed_at else 0)
    small.verify()


def test_a_batch_that_is_done_once_more_records_nothing_twice(database: Database) -> None:
    """Also where it is recorded in pieces, and a case has requests in two of them."""

    @step(TAX)
    def slow(request: Asked) -> Answer:
        """Take a minute."""
        small.now += timedelta(minutes=1)
        return Answer()

    async def thrice(case: Case[Application]) -> Decision:
        await all_of(slow(case), slow(case), slow(case))
        return Decision()

    small = Small(database, define(thrice, [slow]))
    small.open(*(str(n) for n in range(4)))
    store = small.worker()
    histories = store.load(store.claim(now=small.now, limit=10))
    lives = [Live(small.definition, thrice, history, small.now) for history in histories]
    items = [Item(live, key, request) for live in lives for key, request in live.pending()]
    first, again = (perform_batch(small.definition, slow, items, store, lambda: small.now) for _ in range(2))
    assert (first.done, again.done) == (12, 0)
    assert again.recorded is not None
    assert again.recorded.repeated == {live.id for live in lives}
    recorded = ["case 1 start", "tax.slow 1 complete", "tax.slow 2 complete", "tax.slow 3 complete"]
    assert [small.events(live.id) for live in lives] == [recorded] * 4
    small.verify()
