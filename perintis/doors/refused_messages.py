"""Why messages of agencies' systems were refused: by agency and reason, with one case for which it happened."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from perintis.doors.store.reading import Reader, micros

_CASE = re.compile(r"[^/]+/(?P<pilot>[^/]+)/(?P<case>\d+)/[^/]+/\d+")
"""The key of a request: store, pilot, case, step, visit."""


class Refused(NamedTuple):
    """Messages of one agency that were refused for one reason; `reference` is one of their cases, "" if unknown."""

    agency: str
    reason: str
    messages: int
    reference: str


def refused_messages(reader: Reader, since: datetime, agency: str | None = None) -> list[Refused]:
    """Messages received since then and refused, the most frequent reason first; never a value out of one."""
    only = "" if agency is None else "AND agency = ? "
    rows = reader.rows(
        f"SELECT agency, reason, count(*), min(key) FROM inbox WHERE status = 'refused' AND received >= ? {only}"
        "GROUP BY agency, reason ORDER BY count(*) DESC, agency, reason",
        (micros(since), *([] if agency is None else [agency])),
    )
    return [Refused(whose, reason, number, _reference(reader, key)) for whose, reason, number, key in rows]


def _reference(reader: Reader, key: str) -> str:
    found = _CASE.fullmatch(key)
    if found is None:
        return ""
    rows = reader.rows("SELECT reference FROM cases WHERE id = ? AND pilot = ?", (int(found["case"]), found["pilot"]))
    return str(rows[0][0]) if rows else ""
