"""A case can end in another way than the one that is waited for: paid before the fine was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from perintis.doors.importers.mapping import build_mapping
from perintis.words.errors import BadInput
from tests.doors.import_kit import import_text

LOG = """case:concept:name,concept:name,time:timestamp
a,create,2024-01-01T00:00:00Z
a,send,2024-01-05T00:00:00Z
a,pay,2024-01-09T00:00:00Z
b,create,2024-01-01T00:00:00Z
b,pay,2024-01-03T00:00:00Z
b,send,2024-01-06T00:00:00Z
c,create,2024-01-02T00:00:00Z
c,pay,2024-01-04T00:00:00Z
d,create,2024-01-02T00:00:00Z
"""


def test_whichever_end_comes_first_counts(tmp_path: Path) -> None:
    """a was sent and paid later; b and c were paid first; d is still open."""
    found = import_text(tmp_path, "log.csv", LOG, closed={"activities": ["send"]}, withdrawn=["pay"])

    assert found.case("outcome") == ["send", "withdrawn", "withdrawn", None]
    assert [None if at is None else at.day for at in found.case("closed")] == [5, 3, 4, None]


def test_the_activity_is_named_as_in_the_pilot_once_it_is_mapped(tmp_path: Path) -> None:
    """`withdrawn` names activities of the file, which may be called otherwise in the pilot."""
    found = import_text(
        tmp_path, "log.csv", LOG, closed={"activities": ["send"]}, withdrawn=["pay"], steps={"pay": "treasury.pay"}
    )

    assert found.case("outcome") == ["send", "withdrawn", "withdrawn", None]


def test_another_end_needs_the_end_that_is_waited_for() -> None:
    """Without closing activities there is nothing that the other end could come before."""
    with pytest.raises(BadInput, match="`withdrawn` names other ends than the activities of `closed`"):
        build_mapping({"withdrawn": ["pay"]})
