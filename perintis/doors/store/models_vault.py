"""The tables of the vault: wrapped keys, anchors, and acts that concern the store as a whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from perintis.doors.store.models import Base


class VaultRow(Base):
    """The data key and the salt of one case, wrapped with that master key. Erasing a case empties `sealed`."""

    __tablename__ = "vault"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    master: Mapped[str]
    sealed: Mapped[str | None] = mapped_column(Text)
    erased: Mapped[datetime | None]
    held: Mapped[datetime | None]


class SecretRow(Base):
    """A secret of the store as a whole, wrapped: the root of pseudonyms, the key of messages not yet taken in."""

    __tablename__ = "vault_secrets"
    name: Mapped[str] = mapped_column(primary_key=True)
    master: Mapped[str]
    sealed: Mapped[str] = mapped_column(Text)


class AnchorRow(Base):
    """One line that was written to an anchor file: which file, and the hash of the line.

    `records` is how many records beside the events it covers, where it says something of them.
    """

    __tablename__ = "anchors"
    id: Mapped[int] = mapped_column(primary_key=True)
    file: Mapped[str]
    line: Mapped[str]
    at: Mapped[datetime]
    cases: Mapped[int] = mapped_column(Integer)
    records: Mapped[int | None]


class ActRow(Base):
    """Something done with personal data that concerns no single case: an export with identities, a new key."""

    __tablename__ = "vault_acts"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    act: Mapped[str]
    officer: Mapped[str]
    pilot: Mapped[str | None]
    reason: Mapped[str] = mapped_column(Text)
