"""Erases a person from a registry: the key of the values is destroyed, and the records leave all files.

One transaction does what the database holds. The files beside it (tables made of extracts, extracts, changes told to
agencies) are then sealed anew without the person, under new keys; whoever opens the registry next finishes it after a
crash. Versions stay as they were published: where the person was, they say `erased`; the next one is without.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

import polars as pl
from sqlalchemy import select, update

from perintis.doors.registry.extracts import read_extract
from perintis.doors.registry.history import Ref
from perintis.doors.registry.models import AttributeRow, DeliveryRow, LinkRow, PersonKeyRow
from perintis.doors.registry.persons import FoundPerson, note
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.sealed_values import Row, open_values
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, SCORED
from perintis.doors.registry.standing import Standing, stood_still
from perintis.doors.store.failpoints import failpoint
from perintis.doors.store.models import CaseRow, WorkRow
from perintis.doors.vault.acts import Act
from perintis.doors.vault.erasing import erase as erase_cases
from perintis.doors.vault.pages import clear_pages
from perintis.doors.vault.vault import answer_place, vault_of
from perintis.rules.registry.rows import is_identity
from perintis.rules.registry.settings import RECORD
from perintis.words.errors import BadInput, NotAllowed

_GONE: dict[str, Any] = {"agency": pl.String, "record": pl.String, "before": pl.Int64}


@dataclass(frozen=True)
class _Leaving:
    """What a person leaves: records (agency, number, delivery), the extracts that go as a whole, and cases.

    A record that now is somebody else's, because its number was given anew, goes only from deliveries before the one
    named; the delivery is None for all others.
    """

    records: tuple[tuple[str, str, int | None], ...]
    extracts: tuple[str, ...]
    cases: tuple[int, ...]


def erase_person(registry: Registry, found: FoundPerson, *, officer: str, reason: str, now: datetime) -> int:
    """Erase one person; returns how many cases of deliveries were erased with them, because officers compared the
    person's records in them.

    Raises NotAllowed where the person is held or was erased, is in an extract that is still on its way, or where a run
    is at work on the registry: it may have read what is about to go, and would write it once more.
    """
    finish(registry)
    check_erasable(found)
    home, cases = registry.home.exchange_folder, 0
    while True:
        with registry.database.write() as connection:
            seen = stood_still(connection, registry, now)
        leaving = _looked_up(registry, found)
        erase_cases(registry.database, leaving.cases, home, officer=officer, reason=reason, now=now)
        cases += len(leaving.cases)
        expected = seen.after_erasing(len(leaving.cases))
        if _destroy(registry, found.person, leaving, expected, officer=officer, reason=reason, now=now):
            break
    failpoint("registry:erased")
    finish(registry)
    return cases


def check_erasable(found: FoundPerson) -> None:
    """NotAllowed where a person is held or was erased already."""
    if found.erased is not None:
        raise NotAllowed(f"person {found.person} was erased on {found.erased:%d %B %Y}; nothing was changed")
    if found.held is not None:
        since = f"{found.held:%d %B %Y}"
        raise NotAllowed(
            f"person {found.person} is under legal hold since {since}; `perintis subject release` ends that"
        )


def _destroy(
    registry: Registry, person: str, leaving: _Leaving, expected: Standing, *, officer: str, reason: str, now: datetime
) -> bool:
    """Destroy the key and the values; False, and nothing is done, where something came in since it was looked up."""
    key, pilot = PersonKeyRow, registry.pilot
    told = json.dumps({"records": leaving.records, "extracts": leaving.extracts})
    with registry.database.write() as connection:
        if registry.database.is_sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        if stood_still(connection, registry, now) != expected:
            return False
        free = (key.pilot == pilot, key.person == person, key.erased.is_(None), key.held.is_(None))
        emptied = {"sealed": None, "erased": now, "leaving": told}
        if connection.execute(update(key).where(*free).values(**emptied)).rowcount != 1:
            raise NotAllowed(f"person {person} was held or erased meanwhile; nothing was changed")
        of = (AttributeRow.pilot == pilot, AttributeRow.person == person)
        connection.execute(update(AttributeRow).where(*of).values(value=""))
        note(connection, pilot, person, Act.ERASE, officer=officer, reason=reason, now=now)
    return True


def _looked_up(registry: Registry, found: FoundPerson) -> _Leaving:
    """Everything beside the person's own values that has to go; NotAllowed where something is still under way."""
    numbers = _numbers(registry, found.person)
    others = _of_others(registry, found.person)
    records = set(found.records)
    last: dict[Ref, int] = {}
    for delivery in registry.standardised():
        accepted, agency = registry.shelf.get(str(delivery["digest"]), ACCEPTED), str(delivery["agency"])
        records |= {(agency, record) for record in _named(registry, accepted, numbers)} - others
        there = {(agency, record) for record in accepted[RECORD].to_list()} & others & records
        last |= dict.fromkeys(there, int(delivery["id"]))
    told = tuple((*ref, last.get(ref)) for ref in sorted(records) if ref not in others or ref in last)
    own = records - others
    extracts = tuple(_naming_extracts(registry, own, numbers))
    return _Leaving(told, extracts, tuple(_comparing_cases(registry, own)))


def _of_others(registry: Registry, person: str) -> set[Ref]:
    """The records that belong to other persons now."""
    link = LinkRow
    query = select(link.agency, link.record, link.person).where(link.pilot == registry.pilot)
    with registry.database.read() as connection:
        rows = connection.execute(query.order_by(link.from_version)).all()
    last = {(agency, record): of for agency, record, of in rows}
    return {ref for ref, of in last.items() if of != person}


def _numbers(registry: Registry, person: str) -> set[str]:
    """The identity numbers that the person ever had in the registry."""
    a = AttributeRow
    fields = [name for name, field in registry.settings.fields.items() if is_identity(field.kind)]
    query = select(a.person, a.field, a.from_version, a.agency, a.record, a.value)
    with registry.database.read() as connection:
        rows = connection.execute(query.where(a.pilot == registry.pilot, a.person == person, a.field.in_(fields)))
        return set(open_values(connection, registry.pilot, [(Row(*row[:5]), row[5]) for row in rows]))


def _named(registry: Registry, accepted: pl.DataFrame, numbers: Collection[str]) -> list[str]:
    """The records of an extract with one of these identity numbers that no person has yet."""
    fields = [n for n, field in registry.settings.fields.items() if is_identity(field.kind) and n in accepted.columns]
    if not fields or not numbers:
        return []
    wanted = pl.any_horizontal(*(pl.col(name).is_in(sorted(numbers)) for name in fields))
    refs: list[str] = accepted.filter(wanted)[RECORD].to_list()
    return refs


def _naming_extracts(registry: Registry, records: Collection[Ref], numbers: Collection[str]) -> Iterator[str]:
    """The extracts as delivered that name the person; NotAllowed where one of them is still to be read."""
    query = select(DeliveryRow.digest, DeliveryRow.agency, DeliveryRow.reference, DeliveryRow.linked)
    with registry.database.read() as connection:
        taken = {row.digest: row for row in connection.execute(query.where(DeliveryRow.pilot == registry.pilot))}
        open_ones = set(
            connection.execute(
                select(CaseRow.reference).where(CaseRow.pilot == registry.pilot, CaseRow.closed.is_(None))
            ).scalars()
        )
    for digest in registry.shelf.digests():
        if not registry.shelf.has(digest, EXTRACT):
            continue
        row = taken.get(digest)
        own = {record for agency, record in records if row is None or agency == row.agency}
        if not _names(registry, digest, own, numbers):
            continue
        if row is not None and row.linked is None and row.reference in open_ones:
            raise NotAllowed(
                f"extract {row.reference} names this person and is on its way into the registry; erase when it is in"
            )
        yield digest


def _names(registry: Registry, digest: str, records: Collection[str], numbers: Collection[str]) -> bool:
    """Whether an extract names one of these records or numbers; one that cannot be read may, so it does."""
    with registry.shelf.extract(digest) as path:
        kind = ".xlsx" if path.read_bytes()[:2] == b"PK" else ".csv"
        try:
            rows = read_extract(path, f"extract{kind}").rows
        except BadInput:
            return True
    wanted = {_bare(text) for text in (*records, *numbers)}
    return any(_bare(cell) in wanted for column in rows.iter_columns() for cell in column if isinstance(cell, str))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).upper()


def _comparing_cases(registry: Registry, records: Collection[Ref]) -> Iterator[int]:
    """The cases of deliveries in which officers were shown the person's records; NotAllowed where one is still open."""
    names = [json.dumps(" ".join(ref), ensure_ascii=False) for ref in records]  # so they stand in what officers see
    query = (
        select(WorkRow.case_id, WorkRow.step, WorkRow.visit, WorkRow.result, CaseRow.reference, CaseRow.closed)
        .join(CaseRow, CaseRow.id == WorkRow.case_id)
        .where(CaseRow.pilot == registry.pilot, CaseRow.rehearsal.is_(None), WorkRow.result.is_not(None))
        .order_by(WorkRow.case_id)
    )
    found = set()
    with registry.database.read() as connection:
        rows = connection.execute(query).all()
        keys = vault_of(connection).keys(connection, {row.case_id for row in rows})
        for row in rows:
            if row.case_id not in keys or row.case_id in found:
                continue
            answer = keys[row.case_id].open(answer_place(row.step, row.visit), row.result)
            if not any(name in answer for name in names):
                continue
            if row.closed is None:
                raise NotAllowed(
                    f"case {row.reference} shows officers a record of this person; erase when it is closed"
                )
            found.add(row.case_id)
    yield from sorted(found)


def finish(registry: Registry) -> int:
    """Take the records of erased persons out of all files; returns of how many persons something was left."""
    key = PersonKeyRow
    query = select(key.person, key.leaving).where(key.pilot == registry.pilot, key.leaving.is_not(None))
    with registry.database.read() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return 0
    told = [json.loads(text) for _, text in rows if text]
    gone = pl.DataFrame([row for one in told for row in one["records"]], schema=_GONE, orient="row")
    ends = pl.when(pl.col("before").is_null().any()).then(None).otherwise(pl.col("before").max())
    gone = gone.group_by("agency", "record").agg(before=ends)
    extracts = {digest for one in told for digest in one["extracts"]}
    deliveries = {str(delivery["digest"]): delivery for delivery in registry.standardised()}
    for digest in registry.shelf.digests():
        _clear_extract(registry, digest, deliveries.get(digest), gone, goes=digest in extracts)
    _clear_changes(registry, gone)
    clear_pages(registry.database, ("registry_persons", "registry_attributes", "registry_extract_keys"))
    with registry.database.write() as connection:
        done = (key.pilot == registry.pilot, key.person.in_([person for person, _ in rows]))
        connection.execute(update(key).where(*done).values(leaving=None))
    return len(rows)


def _clear_extract(
    registry: Registry, digest: str, delivery: Mapping[str, Any] | None, gone: pl.DataFrame, *, goes: bool
) -> None:
    """Seal an extract's files anew without these records, where they are in it or this was begun before."""
    shelf = registry.shelf
    changed = len(shelf.keys.generations(digest)) > 1 or (goes and shelf.has(digest, EXTRACT))
    tables = {}
    for name in (ACCEPTED, SCORED):
        if delivery is None or not shelf.has(digest, name):
            continue
        frame = left = shelf.get(digest, name)
        if name == ACCEPTED:
            own = pl.lit(str(delivery["agency"])).alias("agency"), pl.lit(int(delivery["id"])).alias("delivery")
            left = _without(left.with_columns(*own), "agency", RECORD, "delivery", gone).select(frame.columns)
        else:
            for side in ("left", "right"):
                left = _without(left, f"agency_{side}", f"record_{side}", f"delivery_{side}", gone)
        changed |= left.height < frame.height
        tables[name] = left
    if changed:
        shelf.seal_anew(digest, tables, without_extract=goes)


def _without(frame: pl.DataFrame, agency: str, record: str, delivery: str, gone: pl.DataFrame) -> pl.DataFrame:
    """The rows without the records that leave: from all deliveries, or from those before one."""
    ends = gone.with_columns(leaves=True).rename({"agency": agency, "record": record, "before": "_before"})
    joined = frame.join(ends, on=[agency, record], how="left", maintain_order="left")
    leaves = pl.col("leaves").fill_null(value=False) & (
        pl.col("_before").is_null() | (pl.col(delivery) < pl.col("_before"))
    )
    return joined.filter(~leaves).drop("leaves", "_before")


def _clear_changes(registry: Registry, gone: pl.DataFrame) -> None:
    """Take these records out of the files of changes that lie ready for agencies."""
    for path, agency, _ in registry.shelf.changes():
        mine = set(gone.filter(pl.col("agency") == agency, pl.col("before").is_null())["record"].to_list())
        lines = list(csv.reader(StringIO(path.read_text("utf-8"))))
        left = [line for line in lines if not line or line[0] not in mine]
        if len(left) < len(lines):
            text = StringIO()
            csv.writer(text, lineterminator="\n").writerows(left)
            registry.shelf.hand_back(agency, path.name, text.getvalue())
