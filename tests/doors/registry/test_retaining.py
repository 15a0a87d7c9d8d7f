"""Extracts as they were delivered are destroyed once their period has ended; what was taken from them stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from perintis.doors.registry.history import state
from perintis.doors.registry.persons import find_persons, mark
from perintis.doors.registry.registry import Registry, records_of
from perintis.doors.registry.retaining import destroy_due, retained_extracts
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT
from perintis.doors.store import failpoints
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_vault import ActRow
from perintis.doors.vault.acts import Act
from perintis.rules.agreement import Agreement, read_agreement
from perintis.words.agency import Calendar
from perintis.words.errors import NotFound
from tests.doors.registry.small_extracts import announced, dukcapil, people

JAKARTA = Calendar.weekdays("Asia/Jakarta")
CLOSED = datetime(2026, 3, 2, 8, tzinfo=UTC)
LATER = CLOSED + timedelta(days=92)  # 90 days, the day of closing beside them, and the last one to its midnight
FIRST, SECOND = "R-dukcapil-2026-03", "R-kemenkes-2026-03"


@pytest.fixture
def agreement(repository: Path) -> Agreement:
    """That of the pilot that ships: extracts are kept for 90 days after closing."""
    return read_agreement((repository / "pilots" / "data_management" / "agreement.yaml").read_text("utf-8"), "a")


@pytest.fixture
def registry(registry: Registry) -> Registry:
    """Two versions; the case of the first extract is closed, that of the second is open."""
    for reference, closed in ((FIRST, CLOSED), (SECOND, None)):
        row = {"pilot": registry.pilot, "version": "1", "process": "to_be", "reference": reference, "segments": {},
               "status": "closed" if closed else "waiting", "opened": CLOSED, "closed": closed}  # fmt: skip
        with registry.database.write() as connection:
            connection.execute(insert(CaseRow).values(row))
    return registry


def of(registry: Registry, reference: str) -> str:
    return next(str(d["digest"]) for d in registry.standardised() if d["reference"] == reference)


def destroyed(registry: Registry, agreement: Agreement, at: datetime = LATER) -> int:
    return destroy_due(registry, agreement, JAKARTA, now=at, officer="archivist")


def acts(registry: Registry) -> list[tuple[str, str, str]]:
    with registry.database.read() as connection:
        rows = connection.execute(select(ActRow.act, ActRow.officer, ActRow.reason)).all()
    return [(row[0], row[1], row[2]) for row in rows]


def test_an_extract_goes_when_its_period_has_ended(registry: Registry, agreement: Agreement) -> None:
    """Not a day before; the open case's stays; article and extract are recorded; the key is destroyed."""
    path = registry.shelf.folder / of(registry, FIRST) / EXTRACT
    copied, before = path.read_bytes(), state(registry.database, registry.pilot, 2)
    assert destroyed(registry, agreement, CLOSED + timedelta(days=90)) == 0
    assert path.exists()
    assert destroyed(registry, agreement) == 1
    assert not path.exists()
    assert registry.shelf.has(of(registry, SECOND), EXTRACT)
    assert acts(registry) == [("destroy-extract", "archivist", f"art. 8(3) of PKS-MD-01: extract {FIRST}")]
    path.write_bytes(copied)  # from a copy of the folder: nothing opens it
    with pytest.raises(NotFound, match="was destroyed"), registry.shelf.extract(of(registry, FIRST)):
        pass
    path.unlink()
    assert state(registry.database, registry.pilot, 2) == before
    assert records_of(registry, registry.standardised()).height == 26
    assert destroyed(registry, agreement) == 0


@pytest.mark.parametrize("act", [Act.HOLD, Act.RESTRICT])
def test_an_extract_with_a_held_or_restricted_person_stays(
    registry: Registry, agreement: Agreement, act: Act
) -> None:  # fmt: skip
    """It is shown as past its period, and kept; after the release it goes."""
    [budi] = find_persons(registry, "3174012304909001")
    ends = {Act.HOLD: Act.RELEASE, Act.RESTRICT: Act.LIFT}[act]
    with registry.database.write() as connection:
        mark(connection, registry.pilot, budi.person, act, now=CLOSED)
    [kept] = retained_extracts(registry, agreement, JAKARTA)
    assert (kept.reference, kept.keeping.until <= LATER, kept.due(LATER)) == (FIRST, True, False)
    assert destroyed(registry, agreement) == 0
    with registry.database.write() as connection:
        mark(connection, registry.pilot, budi.person, ends, now=CLOSED)
    assert destroyed(registry, agreement) == 1


def test_a_restricted_case_keeps_its_extract(registry: Registry, agreement: Agreement) -> None:
    """As it keeps everything else."""
    with registry.database.write() as connection:
        connection.execute(update(CaseRow).where(CaseRow.reference == FIRST).values(restricted=CLOSED))
    assert destroyed(registry, agreement) == 0


def test_an_extract_that_was_never_taken_goes_too(registry: Registry, agreement: Agreement) -> None:
    """It had a fault and belongs to no delivery; its period begins when it was received."""
    whole = announced(registry.shelf.places()[0], "dukcapil", dukcapil(people()[:5]), reference="cut-off")
    assert "cut off" in str(registry.receive(replace(whole, row_count=6)).fault)
    path = registry.shelf.folder / whole.sha256 / EXTRACT
    os.utime(path, (CLOSED.timestamp(), CLOSED.timestamp()))
    assert destroyed(registry, agreement) == 2
    assert not path.exists()


def test_an_extract_held_while_others_go_is_passed_over(registry: Registry, agreement: Agreement) -> None:
    """Both are due; when the first is gone, the case of the second is held: it stays, and nothing is noted of it."""
    with registry.database.write() as connection:
        connection.execute(update(CaseRow).where(CaseRow.reference == SECOND).values(status="closed", closed=CLOSED))

    def hold_the_others(done: int, _: int) -> None:
        with registry.database.write() as connection:
            connection.execute(update(CaseRow).values(restricted=CLOSED))

    gone = destroy_due(registry, agreement, JAKARTA, now=LATER, officer="archivist", progress=hold_the_others)
    left = [registry.shelf.has(of(registry, name), EXTRACT) for name in (FIRST, SECOND)]
    assert (gone, sorted(left), len(acts(registry))) == (1, [False, True], 1)


@pytest.mark.parametrize("where", ["recorded", "gone"])
def test_killed_in_between_the_next_time_finishes(
    registry: Registry, agreement: Agreement, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Before the file is removed, or after it while its old key is still there."""

    def stops(*_: object) -> None:
        raise KeyboardInterrupt

    hooks: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
        "recorded": lambda patch: patch.setattr(failpoints, "hook", stops),
        "gone": lambda patch: patch.setattr(registry.shelf.keys, "drop_before", stops),
    }
    with monkeypatch.context() as patch:
        hooks[where](patch)
        with pytest.raises(KeyboardInterrupt):
            destroyed(registry, agreement)
    digest = of(registry, FIRST)
    destroyed(registry, agreement)
    assert not registry.shelf.has(digest, EXTRACT)
    assert len(registry.shelf.keys.generations(digest)) == 1
    assert registry.shelf.get(digest, ACCEPTED).height == 13
