"""Recognises a file that this program exported, by what stands before its first case.

So the same figures come out again, and a rehearsal stays one: a simulated log that comes back as a baseline may not
pass for a measured one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.sax.saxutils import unescape

from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.mapping import OUR_EXPORT
from perintis.words.tables import Grade

HEAD = 1 << 16
SIMULATED = b"perintis:simulated"
LOG_MARK = b"perintis:observed_until"
_LOG_VALUE = re.compile(r'key="perintis:(clock|observed_until)" value="([^"]*)"')


def own_mapping(path: Path) -> dict[str, Any]:
    """What to say of the columns of an XES that this program exported; of a rehearsal in any format, its grade.

    Empty for every other file. Raises BadInput where the file cannot be opened.
    """
    with open_log(path) as stream:
        head = stream.read(HEAD).partition(b"<trace>")[0]
    marked: dict[str, Any] = {"grade": Grade.REHEARSAL} if SIMULATED in head else {}
    if LOG_MARK not in head:
        return marked
    said = {key: unescape(value, {"&quot;": '"'}) for key, value in _LOG_VALUE.findall(head.decode("utf-8", "replace"))}
    return OUR_EXPORT.model_dump(mode="json", exclude_unset=True) | said | marked
