"""Destroys extracts as they were delivered, once the period that the agreement gives them has ended.

What the registry took from them stays: its values, and the tables that later versions are made of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import and_, or_, select

from perintis.doors.registry.models import DeliveryRow, LinkRow, PersonKeyRow
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, SCORED
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_vault import VaultRow
from perintis.doors.vault.acts import note_act
from perintis.rules.agreement import Agreement
from perintis.rules.registry.settings import RECORD
from perintis.rules.retention import Keeping, longest
from perintis.words.agency import Calendar


class RetainedExtract(NamedTuple):
    """An extract that is kept as it was delivered: what keeps it longest, and whether a hold or restriction does.

    One that was never taken, because of a fault, has no `reference`; its period begins when it was received.
    """

    digest: str
    reference: str | None
    keeping: Keeping
    held: bool

    def due(self, at: datetime) -> bool:
        """Whether it is to be destroyed."""
        return self.keeping.until <= at and not self.held


def retained_extracts(registry: Registry, agreement: Agreement, lead: Calendar) -> list[RetainedExtract]:
    """The extracts of closed cases, and those never taken, that are still there; the first that go come first."""
    taken, held = _taken(registry), _held_records(registry)
    found = []
    for digest in registry.shelf.digests():
        if not registry.shelf.has(digest, EXTRACT):
            continue
        reference, began, row = None, _received(registry, digest), taken.get(digest)
        if row is not None:
            if row.closed is None:
                continue
            reference, began = row.reference, row.closed
        keeping = longest(agreement, began, lead, "extract")
        if keeping is not None:
            found.append(RetainedExtract(digest, reference, keeping, _kept_back(registry, digest, row, held)))
    return sorted(found, key=lambda one: (one.keeping.until, one.digest))


def destroy_due(
    registry: Registry,
    agreement: Agreement,
    lead: Calendar,
    *,
    now: datetime,
    officer: str,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Destroy the extracts that are due, each with its key; returns how many. Killed in between, it is done again.

    One with a case or person that was held or restricted meanwhile is passed over.
    """
    _finish(registry)
    due = [extract for extract in retained_extracts(registry, agreement, lead) if extract.due(now)]
    destroyed = 0
    for done, extract in enumerate(due, start=1):
        if _kept_back(registry, extract.digest, _taken(registry).get(extract.digest), _held_records(registry)):
            continue
        kept = extract.keeping.kept
        reason = f"{kept.article} of {agreement.citation}: extract {extract.reference or extract.digest[:8]}"
        with registry.database.write() as connection:
            note_act(connection, "destroy-extract", officer=officer, reason=reason, now=now, pilot=registry.pilot)
        failpoint("registry:extract")
        _destroy(registry, extract.digest)
        destroyed += 1
        if progress is not None:
            progress(done, len(due))
    return destroyed


def _kept_back(registry: Registry, digest: str, taken: _Taken | None, held: set[tuple[str, str]]) -> bool:
    """Whether a hold or a restriction keeps an extract; one that was never taken may name anybody."""
    if taken is None:
        return bool(held)
    return taken.held is not None or taken.restricted is not None or _has(registry, digest, taken.agency, held)


def _destroy(registry: Registry, digest: str) -> None:
    """Seal what was made of an extract under a new key; the old one goes, and the extract with it."""
    shelf = registry.shelf
    tables = {name: shelf.get(digest, name) for name in (ACCEPTED, SCORED) if shelf.has(digest, name)}
    shelf.seal_anew(digest, tables, without_extract=True)


def _finish(registry: Registry) -> None:
    """Destroy the older keys of extracts that are gone already."""
    shelf = registry.shelf
    for digest in shelf.digests():
        if not shelf.has(digest, EXTRACT) and len(shelf.keys.generations(digest)) > 1:
            _destroy(registry, digest)


class _Taken(NamedTuple):
    agency: str
    reference: str
    closed: datetime | None
    restricted: datetime | None
    held: datetime | None


def _taken(registry: Registry) -> dict[str, _Taken]:
    """The deliveries by their checksum, with what is known of their cases."""
    of_pilot = and_(CaseRow.pilot == DeliveryRow.pilot, CaseRow.rehearsal.is_(None))
    wanted = (
        select(DeliveryRow.digest, DeliveryRow.agency, DeliveryRow.reference, CaseRow.closed, CaseRow.restricted,
               VaultRow.held)
        .outerjoin(CaseRow, and_(of_pilot, CaseRow.reference == DeliveryRow.reference))
        .outerjoin(VaultRow, VaultRow.case_id == CaseRow.id)
        .where(DeliveryRow.pilot == registry.pilot)
    )  # fmt: skip
    with registry.database.read() as connection:
        return {row[0]: _Taken(*row[1:]) for row in connection.execute(wanted).all()}


def _held_records(registry: Registry) -> set[tuple[str, str]]:
    """The records, by agency and number, of persons who are under legal hold or restricted."""
    key = PersonKeyRow
    wanted = (
        select(LinkRow.agency, LinkRow.record)
        .join(key, and_(key.pilot == LinkRow.pilot, key.person == LinkRow.person))
        .where(LinkRow.pilot == registry.pilot, or_(key.held.is_not(None), key.restricted.is_not(None)))
    )
    with registry.database.read() as connection:
        return {(agency, record) for agency, record in connection.execute(wanted).all()}


def _has(registry: Registry, digest: str, agency: str, held: set[tuple[str, str]]) -> bool:
    """Whether an extract has one of these records. One without a table of its rows may have it."""
    numbers = [record for of, record in held if of == agency]
    if not numbers or not registry.shelf.has(digest, ACCEPTED):
        return bool(numbers)
    return bool(registry.shelf.get(digest, ACCEPTED)[RECORD].is_in(numbers).any())


def _received(registry: Registry, digest: str) -> datetime:
    return datetime.fromtimestamp((registry.shelf.folder / digest / EXTRACT).stat().st_mtime, UTC)
