"""What stands for the disclosures of a case up to an event: anchored with the event, so that one that goes is missed.

Disclosures of steps are many, and written where time counts; so they are not chained one by one like other records,
but folded when the case is anchored, each with its event's number and the term of the agreement as it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection

from perintis.doors.store.database import one_of

LENGTH = 16
"""Hexadecimal digits."""
_TERMS = (
    "SELECT id, agreement, version, article, discloses, receives, fields, CAST(purpose AS TEXT), "
    "CAST(legal_basis AS TEXT), CAST(retention AS TEXT) FROM disclosure_terms"
)


def term_digests(connection: Connection) -> dict[int, bytes]:
    """By its number, what stands for each term that was applied; a few dozen."""
    return {row[0]: sha256(to_json(list(row))).digest() for row in connection.exec_driver_sql(_TERMS)}


def disclosures_of(connection: Connection, cases: Sequence[int]) -> dict[int, list[Any]]:
    """The disclosures of cases, as pairs of event and term in order."""
    found: dict[int, list[Any]] = {}
    rows = connection.exec_driver_sql(
        f"SELECT case_id, seq, term_id FROM disclosures WHERE {one_of(connection, 'case_id', cases)} "
        "ORDER BY case_id, seq, term_id"
    )
    for case, seq, term in rows:
        found.setdefault(case, []).append((seq, term))
    return found


def folded(disclosures: Sequence[Any], terms: Mapping[int, bytes], until: int) -> str:
    """What stands for the disclosures of a case up to event `until`; empty where there is none."""
    each = [b"%d/%d/%b" % (seq, term, terms.get(term, b"")) for seq, term in disclosures if seq <= until]
    return sha256(b"".join(each)).hexdigest()[:LENGTH] if each else ""
