"""The tables of the registry. A row holds from one version up to, but not with, another; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from perintis.doors.store.models import Base

_PRESENT = "until_version IS NULL"


class DeliveryRow(Base):
    """One delivered extract: whose, of which month, and what became of it; no value of anybody.

    Deliveries are numbered as they were taken; where one agency delivers a record again, the later delivery counts.
    """

    __tablename__ = "registry_deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    reference: Mapped[str]
    agency: Mapped[str]
    period: Mapped[str]
    digest: Mapped[str]
    received: Mapped[datetime]
    rows: Mapped[int]
    accepted: Mapped[int | None]
    rejected: Mapped[int | None]
    set_aside: Mapped[int | None]
    linked: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("pilot", "digest"),)  # the same extract is taken once


class VersionRow(Base):
    """One published version. A delivery makes one version, however often publishing it is tried."""

    __tablename__ = "registry_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    number: Mapped[int] = mapped_column(Integer)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("registry_deliveries.id"))
    published: Mapped[datetime]
    persons: Mapped[int]
    records: Mapped[int]
    duplicates: Mapped[int]
    conflicts: Mapped[int]
    resolved: Mapped[int]

    __table_args__ = (UniqueConstraint("pilot", "number"), UniqueConstraint("delivery_id"))


class LinkRow(Base):
    """Which person a record belongs to, and by what it was linked."""

    __tablename__ = "registry_links"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    agency: Mapped[str]
    record: Mapped[str]
    person: Mapped[str]
    rule: Mapped[str]
    from_version: Mapped[int] = mapped_column(Integer)
    until_version: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("pilot", "agency", "record", "from_version"),
        Index("ix_registry_links_present", "pilot", "person", sqlite_where=text(_PRESENT),
              postgresql_where=text(_PRESENT)),
    )  # fmt: skip


class PersonKeyRow(Base):
    """The key of a person's values, wrapped with that master key, and what was decided of the person's data.

    Erasing empties `sealed`. `leaving` says which records and extracts are still to be taken out of files beside the
    database (JSON, by numbers and checksums); it is emptied when that is done.
    """

    __tablename__ = "registry_persons"
    pilot: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    master: Mapped[str]
    sealed: Mapped[str | None] = mapped_column(Text)
    erased: Mapped[datetime | None]
    held: Mapped[datetime | None]
    restricted: Mapped[datetime | None]
    leaving: Mapped[str | None] = mapped_column(Text)


class ExtractKeyRow(Base):
    """A key of the files of one delivered extract. Its files are sealed anew with the next generation of the key."""

    __tablename__ = "registry_extract_keys"
    pilot: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    master: Mapped[str]
    sealed: Mapped[str] = mapped_column(Text)


class AttributeRow(Base):
    """A value of a person, sealed with the person's key: from which agency's record, and by which rule it survives."""

    __tablename__ = "registry_attributes"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    person: Mapped[str]
    field: Mapped[str]
    value: Mapped[str] = mapped_column(Text)
    agency: Mapped[str]
    record: Mapped[str]
    rule: Mapped[str] = mapped_column(Text)
    from_version: Mapped[int] = mapped_column(Integer)
    until_version: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("pilot", "person", "field", "from_version"),
        Index("ix_registry_attributes_present", "pilot", "person", sqlite_where=text(_PRESENT),
              postgresql_where=text(_PRESENT)),
    )  # fmt: skip


class ClerkRow(Base):
    """What two officers decided about two records; it holds for every later version."""

    __tablename__ = "registry_decisions"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    left_agency: Mapped[str]
    left_record: Mapped[str]
    right_agency: Mapped[str]
    right_record: Mapped[str]
    same: Mapped[bool] = mapped_column(Boolean)
    reviewed_by: Mapped[str]
    confirmed_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint(
            "pilot", "left_agency", "left_record", "right_agency", "right_record", "version",
            name="uq_registry_decisions_pair",
        ),
    )  # fmt: skip


class RegistryAccessRow(Base):
    """Who looked at personal values of the registry, and why; never which values."""

    __tablename__ = "registry_accesses"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    at: Mapped[datetime]
    what: Mapped[str]
    agency: Mapped[str | None]
    fields: Mapped[str] = mapped_column(Text)
    rows: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
