"""The files with records of many persons in which one person was, or may have been: names of fields, never a value."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from perintis.doors.store.models_disclosure import DisclosureTermRow, FileDisclosureRow
from perintis.doors.store.models_vault import ActRow

EXPORT = "export-identifiable"
"""The act of an export with identities."""


def files_given(
    connection: Connection,
    pilot: str,
    references: Collection[str],
    *,
    viewers: Collection[str] = (),
    since: datetime | None = None,
) -> list[dict[str, Any]]:
    """The extracts with these references, and the views of the registry that these agencies were given since then."""
    f, t = FileDisclosureRow, DisclosureTermRow
    views = and_(f.what == "view", t.receives.in_(sorted(viewers)), f.at >= since) if since and viewers else None
    extracts = f.reference.in_(sorted(references))
    wanted = (
        select(f.at, f.what, f.reference, f.records, f.reason, t.discloses, t.receives, t.fields, t.purpose,
               t.agreement, t.article)
        .join(t, t.id == f.term_id)
        .where(f.pilot == pilot, extracts if views is None else or_(extracts, views))
        .order_by(f.at, f.id)
    )  # fmt: skip
    return [
        {**row, "fields": row["fields"].split(","), "purpose": _words(row["purpose"])}
        for row in connection.execute(wanted).mappings()
    ]


def exports_with_identities(connection: Connection, pilot: str, since: datetime) -> list[dict[str, Any]]:
    """The exports of a pilot, made since then, with references and officers in place of pseudonyms: when, who, why."""
    wanted = (
        select(ActRow.at, ActRow.officer, ActRow.reason)
        .where(ActRow.pilot == pilot, ActRow.act == EXPORT, ActRow.at >= since)
        .order_by(ActRow.id)
    )
    return [dict(row) for row in connection.execute(wanted).mappings()]


def _words(stored: Any) -> Any:
    """A text in both languages, or in one."""
    return json.loads(stored) if isinstance(stored, str) and stored[:1] in ('"', "{") else stored
