"""The chain over what is recorded beside the events: files given away, acts on personal data, looks at values."""

from __future__ import annotations

from sqlalchemy import LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from perintis.doors.store.models import Base


class ChainedRecordRow(Base):
    """One link of the chain: the table and the number of a record, and the hash over it and all before it.

    Links are numbered from 1 without a gap, in the order in which they were written; they are only added.
    """

    __tablename__ = "chained_records"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record: Mapped[str]
    number: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("record", "number"),)
