"""The record of processing: what was disclosed, to whom, why, by which article. Names of fields, never a value.

Rows are only added; triggers in the migration refuse to change or remove one. A disclosure of a step names its event by
case and number: step, visit and time are the event's own. A file that holds many persons is no event of a case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from perintis.doors.store.models import Base

REFUSED = "extract not taken"
APPEND_ONLY = ("disclosure_terms", "disclosures", "file_disclosures")


class DisclosureTermRow(Base):
    """A term of an agreement as it was applied to certain fields. Its number follows from all the rest.

    `fields` are names parted by commas; `purpose`, `legal_basis` and `retention` are as in the agreement.
    """

    __tablename__ = "disclosure_terms"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    agreement: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    article: Mapped[str]
    discloses: Mapped[str]
    receives: Mapped[str]
    fields: Mapped[str] = mapped_column(Text)
    purpose: Mapped[Any] = mapped_column(JSON)
    legal_basis: Mapped[Any] = mapped_column(JSON)
    retention: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))


class DisclosureRow(Base):
    """One transfer of named fields: the event it belongs to, and the term that allowed it.

    No foreign keys: on PostgreSQL they would cost a run of automatic steps a fifth of its time. Both rows are written
    by the one function that writes events, and `perintis db verify` finds a disclosure that belongs to nothing.
    """

    __tablename__ = "disclosures"
    case_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    term_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

    __table_args__ = ({"sqlite_with_rowid": False},)


class FileDisclosureRow(Base):
    """One file with records of many persons that an agency delivered or was given, by one term of the agreement.

    `what`: an `extract` delivered to the lead (`reference` is its own), one that was received and went back with a
    fault (REFUSED), or a `view` of a registry. `records` counts the rows, each of which is about one person; of a file
    that could not be read it is what its agency announced.
    """

    __tablename__ = "file_disclosures"
    id: Mapped[int] = mapped_column(primary_key=True)
    pilot: Mapped[str]
    at: Mapped[datetime]
    what: Mapped[str]
    reference: Mapped[str | None]
    term_id: Mapped[int]
    records: Mapped[int]
    reason: Mapped[str | None] = mapped_column(Text)
