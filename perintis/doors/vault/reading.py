"""Opens the personal data of one case for a page that reads the store in plain SQL."""

from __future__ import annotations

import json
from typing import Any

from perintis.doors.store.reading import Reader
from perintis.doors.vault.keys import KeySource
from perintis.doors.vault.vault import APPLICATION, DECISION, NOTE, open_or_erased, unwrapped
from perintis.words.errors import NotAllowed

Payload = tuple[dict[str, Any], dict[str, Any] | None, str | None]


def payload(reader: Reader, case: int, source: KeySource) -> Payload:
    """The personal data of one case: application, decision and the note with which it ended.

    All are empty where the case was erased. Raises KeyMissing where the master key is not at hand, NotAllowed where the
    processing of the case is restricted.
    """
    rows = reader.rows(
        "SELECT v.master, v.sealed, p.application, p.decision, p.note, c.restricted FROM payloads p "
        "JOIN vault v ON v.case_id = p.case_id JOIN cases c ON c.id = p.case_id "
        "WHERE p.case_id = ? AND v.sealed IS NOT NULL",
        [case],
    )
    if not rows:
        return {}, None, None
    master, sealed, application, decision, note, restricted = rows[0]
    if restricted is not None:
        raise NotAllowed(f"the processing of case {case} is restricted; `perintis subject trace` shows what there is")
    store = reader.rows("SELECT name FROM store")[0][0]
    keys = unwrapped(source.read(), store, [(case, master, sealed)])
    told = [
        open_or_erased(keys, case, place, text)
        for place, text in ((APPLICATION, application), (DECISION, decision), (NOTE, note))
    ]
    return json.loads(told[0] or "{}"), None if told[1] is None else json.loads(told[1]), told[2]
