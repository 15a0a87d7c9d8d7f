"""Whether a registry stands still: no run is at work on its cases, and nothing came in since it was looked at."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from perintis.doors.registry.models import DeliveryRow
from perintis.doors.registry.registry import Registry
from perintis.doors.store.claims import is_dead
from perintis.doors.store.models import CaseRow
from perintis.words.errors import NotAllowed


class Standing(NamedTuple):
    """How many events the cases of a registry's pilot have, and how many extracts were taken or kept."""

    events: int
    deliveries: int
    extracts: int

    def after_erasing(self, cases: int) -> Standing:
        """The same after so many cases were erased, each of which is one event."""
        return self._replace(events=self.events + cases)


def stood_still(connection: Connection, registry: Registry, now: datetime) -> Standing:
    """How the registry stands. Raises NotAllowed while a run that lives is at work on a case of its pilot.

    The open cases are held until the end of the transaction, so that no run takes one up meanwhile.
    """
    of_pilot = (CaseRow.pilot == registry.pilot, CaseRow.rehearsal.is_(None))
    held = select(CaseRow.reference, CaseRow.worker, CaseRow.lease_until).where(*of_pilot, CaseRow.closed.is_(None))
    for case in connection.execute(held.order_by(CaseRow.id).with_for_update()):
        if case.worker is not None and case.lease_until > now and not is_dead(case.worker):
            raise NotAllowed(
                f"a run is at work on case {case.reference} of {registry.pilot}, and may have read what is to be "
                "erased; erase when it has ended"
            )
    events = connection.execute(select(func.coalesce(func.sum(CaseRow.last_seq), 0)).where(*of_pilot)).scalar_one()
    taken = select(func.count()).where(DeliveryRow.pilot == registry.pilot)
    return Standing(int(events), connection.execute(taken).scalar_one(), len(registry.shelf.digests()))
