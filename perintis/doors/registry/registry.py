"""One pilot's registry: its settings, its files and its tables, and the first steps of an extract on its way in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from perintis.doors.registry.extracts import ExtractRows, read_extract
from perintis.doors.registry.models import DeliveryRow, PersonKeyRow, VersionRow
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, Shelf
from perintis.doors.settings import Settings, read_settings
from perintis.doors.store.database import Database
from perintis.doors.store.disclosing import keep_terms, note_file
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_disclosure import REFUSED, FileDisclosureRow
from perintis.doors.store.upgrading import open_database
from perintis.rules.agreement import Disclosure
from perintis.rules.linkage.reading import given
from perintis.rules.registry.columns import column_faults
from perintis.rules.registry.rows import LINE, CheckedRows, check_rows, wrong_month
from perintis.rules.registry.settings import PERIOD, RECORD, RegistrySettings, read_registry_settings
from perintis.words.errors import BadInput, NotFound, PerintisError


@dataclass(frozen=True, slots=True)
class Announced:
    """An extract as its agency announced it."""

    reference: str
    agency: str
    period: str
    file_name: str
    sha256: str
    row_count: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Taken, or not taken: with a fault that the agency has to mend, or because it was delivered before."""

    rows: int = 0
    fault: str | None = None
    duplicate_of: str | None = None


class Registry:
    """The registry of one pilot; use `open_registry`."""

    def __init__(self, settings: Settings, pilot: str, database: Database) -> None:
        path = settings.pilots / "pilots" / pilot.replace("-", "_") / "registry.yaml"
        if not path.is_file():
            raise NotFound(f"pilot {pilot} keeps no registry; {path} is missing")
        self.pilot = pilot
        self.home = settings
        self.database = database
        self.shelf = Shelf(settings, pilot, database)
        self.settings: RegistrySettings = read_registry_settings(path.read_text("utf-8"), str(path))

    def receive(self, announced: Announced, disclosed: Sequence[Disclosure] = ()) -> Receipt:
        """Checks checksum, columns, row count and month, and takes the extract once. Faults are told, not raised.

        `disclosed` is what the agency discloses by it. That is recorded when the extract is taken, and also where it
        was received and goes back with a fault: whoever has a file has been shown what is in it.
        """
        receipt = self._receive(announced, disclosed)
        self.shelf.clear_left(announced.file_name, announced.sha256)
        return receipt

    def _receive(self, announced: Announced, disclosed: Sequence[Disclosure]) -> Receipt:
        earlier = self._delivery_or_none(announced.sha256)
        if earlier is not None and earlier["reference"] != announced.reference:
            return Receipt(duplicate_of=str(earlier["reference"]))
        if self.settings.source(announced.agency) is None:  # nothing is read that nobody may deliver
            told = f"{announced.agency} delivers no extract to this registry; correct the agency"
            return Receipt(fault=f"{announced.file_name}: {told}")
        try:
            rows = self._read(announced.file_name, announced.sha256)
        except PerintisError as error:
            if self.shelf.has(announced.sha256, EXTRACT):
                self._note_refused(announced, announced.row_count, disclosed)
            return Receipt(fault=str(error))
        fault = next(self._faults(announced, rows), None)
        if fault is not None:
            self._note_refused(announced, rows.count, disclosed)
            return Receipt(rows.count, fault=f"{announced.file_name}: {fault}")
        if earlier is None:
            self._take(announced, rows.count, disclosed)
        return Receipt(rows.count)

    def _faults(self, announced: Announced, rows: ExtractRows) -> Iterator[str]:
        source = self.settings.sources[announced.agency]
        yield from column_faults(rows.columns, source)
        if set(announced.columns) - set(rows.columns):
            yield "the columns are not those that were announced; announce the extract again"
        if rows.count != announced.row_count:
            told = f"the file has {rows.count:,} rows and {announced.row_count:,} were announced"
            yield f"{told}; it may have been cut off: deliver it again"
        if other := wrong_month(rows.rows, source, announced.period):
            yield f"the extract is of {other}, and {announced.period} was announced; deliver the right month"

    def _take(self, announced: Announced, rows: int, disclosed: Sequence[Disclosure]) -> None:
        at = now()
        values = {
            "pilot": self.pilot, "reference": announced.reference, "agency": announced.agency,
            "period": announced.period, "digest": announced.sha256, "received": at, "rows": rows,
        }  # fmt: skip
        keep_terms(self.database, disclosed)
        try:
            with self.database.write() as connection:
                connection.execute(insert(DeliveryRow).values(values))
                note_file(
                    connection, self.pilot, "extract", disclosed, records=rows, at=at, reference=announced.reference
                )
        except IntegrityError:  # taken meanwhile by the same case in another process
            return

    def _note_refused(self, announced: Announced, rows: int, disclosed: Sequence[Disclosure]) -> None:
        """Note an extract that was received and not taken; the same file under the same reference once."""
        reason = f"not taken (file {announced.sha256[:12]})"
        about = {"pilot": self.pilot, "what": REFUSED, "reference": announced.reference, "reason": reason}
        noted = select(FileDisclosureRow.id).filter_by(**about).limit(1)
        keep_terms(self.database, disclosed)
        with self.database.write() as connection:
            if connection.execute(noted).first() is None:
                note_file(
                    connection, self.pilot, REFUSED, disclosed, records=rows, at=now(), reference=announced.reference,
                    reason=reason,
                )  # fmt: skip

    def validate(self, digest: str, name: str) -> CheckedRows:
        """Checks an extract row by row; structural rejects are among the rejected."""
        delivery = self.delivery(digest)
        rows = self._read(name, digest)
        checked = check_rows(rows.rows, str(delivery["agency"]), self.settings, str(delivery["period"]))
        return CheckedRows(
            checked.accepted, pl.concat([checked.rejected, rows.rejected]).sort(LINE, "column"), checked.set_aside
        )

    def hand_back_rejects(self, digest: str, checked: CheckedRows) -> str:
        """Writes the rejected rows and values for the agency: line, column, reason; returns the file's name."""
        delivery = self.delivery(digest)
        name = f"rejects-{self.pilot}-{delivery['reference']}-{digest[:8]}.csv".replace("/", "-")
        told = pl.concat(
            [
                checked.rejected.with_columns(what=pl.lit("row not taken")),
                checked.set_aside.with_columns(what=pl.lit("value left out")),
            ]
        )
        self.shelf.hand_back(str(delivery["agency"]), name, told.sort(LINE, "column").write_csv())
        return name

    def standardise(self, digest: str, name: str) -> tuple[CheckedRows, int]:
        """Keeps the accepted rows in the registry's form; returns them and how many values were written otherwise."""
        delivery = self.delivery(digest)
        checked = self.validate(digest, name)
        self.shelf.put(digest, ACCEPTED, checked.accepted)
        counts = {"accepted": checked.accepted.height, "rejected": checked.rejected_rows}
        counts["set_aside"] = checked.set_aside.height
        with self.database.write() as connection:
            connection.execute(update(DeliveryRow).where(DeliveryRow.id == delivery["id"]).values(counts))
        return checked, self._written_otherwise(digest, name, checked.accepted)

    def _written_otherwise(self, digest: str, name: str, accepted: pl.DataFrame) -> int:
        source = self.settings.sources[str(self.delivery(digest)["agency"])]
        raw = self._read(name, digest).rows.join(accepted.select(LINE), on=LINE, how="semi")
        return sum(
            given(was) != value
            for column, filled in source.columns.items()
            if filled.fills not in (RECORD, PERIOD)
            for was, value in zip(raw[column].to_list(), accepted[filled.fills].to_list(), strict=True)
            if value is not None
        )

    def _read(self, name: str, digest: str) -> ExtractRows:
        with self.shelf.taken(name, digest) as path:
            return read_extract(path, name)

    def delivery(self, digest: str) -> dict[str, Any]:
        """A delivery that was taken, by its checksum, or NotFound."""
        found = self._delivery_or_none(digest)
        if found is None:
            raise NotFound(f"no extract with the checksum {digest[:8]} was taken")
        return found

    def _delivery_or_none(self, digest: str) -> dict[str, Any] | None:
        wanted = select(DeliveryRow.__table__).where(DeliveryRow.pilot == self.pilot, DeliveryRow.digest == digest)
        with self.database.read() as connection:
            row = connection.execute(wanted).mappings().first()
        return None if row is None else dict(row)

    def leaving(self) -> frozenset[tuple[str, str]]:
        """The records of persons who were erased, while they are not yet taken out of all files."""
        wanted = select(PersonKeyRow.leaving).where(PersonKeyRow.pilot == self.pilot, PersonKeyRow.leaving.is_not(None))
        with self.database.read() as connection:
            told = [json.loads(text) for text in connection.execute(wanted).scalars() if text]
        return frozenset(
            (agency, record) for one in told for agency, record, before in one["records"] if before is None
        )

    def standardised(self) -> list[dict[str, Any]]:
        """The deliveries whose rows have been taken, oldest first; `version` where they were published."""
        wanted = (
            select(DeliveryRow.__table__, VersionRow.number.label("version"))
            .outerjoin(VersionRow, VersionRow.delivery_id == DeliveryRow.id)
            .where(DeliveryRow.pilot == self.pilot, DeliveryRow.accepted.is_not(None))
            .order_by(DeliveryRow.id)
        )
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]


def records_of(registry: Registry, deliveries: list[dict[str, Any]]) -> pl.DataFrame:
    """The present records of these deliveries: agency, record, delivery, and the fields, null where not delivered.

    Where an agency delivers a record again, the later delivery counts.
    """
    fields = list(registry.settings.fields)
    empty = pl.DataFrame(schema={"agency": pl.String, RECORD: pl.String, "delivery": pl.Int64,
                                 **dict.fromkeys(fields, pl.String)})  # fmt: skip
    parts = [empty]
    for delivery in sorted(deliveries, key=lambda d: int(d["id"])):
        accepted = registry.shelf.get(str(delivery["digest"]), ACCEPTED)
        known = set(accepted.columns)
        number = pl.lit(int(delivery["id"]), pl.Int64).alias("delivery")
        values = ((pl.col(f) if f in known else pl.lit(None)).cast(pl.String).alias(f) for f in fields)
        parts.append(accepted.select(pl.lit(delivery["agency"]).alias("agency"), RECORD, number, *values))
    together = _without(pl.concat(parts), registry.leaving())
    return together.unique(["agency", RECORD], keep="last", maintain_order=True).sort("agency", RECORD)


def _without(records: pl.DataFrame, refs: frozenset[tuple[str, str]]) -> pl.DataFrame:
    """The records without these, each given by agency and number."""
    if not refs:
        return records
    left = pl.DataFrame(sorted(refs), schema={"agency": pl.String, RECORD: pl.String}, orient="row")
    return records.join(left, on=["agency", RECORD], how="anti", maintain_order="left")


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


@contextmanager
def open_registry(pilot: str, settings: Settings | None = None) -> Iterator[Registry]:
    """The registry of a pilot, in the store of these settings or of the environment."""
    settings = settings or read_settings()
    database = open_database(settings)
    try:
        registry = Registry(settings, pilot, database)
        _tidy(registry)
        yield registry
    finally:
        database.close()


def _tidy(registry: Registry) -> None:
    """Finish what a program that died left half done, and remove what agencies have answered."""
    from perintis.doors.registry.erasing import finish  # late, for it needs the registry

    registry.shelf.clear_leftovers()
    finish(registry)
    clear_adopted(registry)


def clear_adopted(registry: Registry) -> None:
    """Remove the files of changes of versions that every agency has adopted: the case of the delivery is closed."""
    files = list(registry.shelf.changes())
    if not files:
        return
    wanted = (
        select(VersionRow.number)
        .join(DeliveryRow, DeliveryRow.id == VersionRow.delivery_id)
        .join(CaseRow, and_(CaseRow.pilot == VersionRow.pilot, CaseRow.reference == DeliveryRow.reference))
        .where(VersionRow.pilot == registry.pilot, CaseRow.closed.is_not(None), CaseRow.rehearsal.is_(None))
    )
    with registry.database.read() as connection:
        adopted = {str(number) for number in connection.execute(wanted).scalars()}
    for path, _, version in files:
        if version in adopted:
            path.unlink(missing_ok=True)


def pilot_of(key: str) -> str:
    """The pilot in the key of a step: store/pilot/case/step/visit."""
    parts = key.split("/")
    if len(parts) < 4:
        raise BadInput("this key names no pilot; call the step through a run")
    return parts[-4]
