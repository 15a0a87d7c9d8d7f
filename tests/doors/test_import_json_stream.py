"""JSON read piece by piece: the items are those that a reader of the whole would give, wherever a piece ends."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perintis.doors.importers import json_stream
from perintis.doors.importers.gzip_stream import LogStream
from perintis.doors.importers.json_stream import JsonStream
from perintis.words.errors import BadInput

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
LOGS = st.dictionaries(st.text(max_size=4), VALUES, max_size=5)


def items(content: bytes, block: int, wanted: frozenset[str]) -> list[tuple[str, str | None, Any]]:
    """The items of a text that comes in pieces of so many bytes."""
    stream = LogStream(io.BufferedReader(io.BytesIO(content)), io.BytesIO(content), len(content), None)  # type: ignore[arg-type]
    reader = JsonStream(stream, "log.json")
    reader._blocks = stream.blocks(block)
    return list(reader.items(wanted))


@settings(max_examples=200, deadline=None)
@given(log=LOGS, block=st.integers(1, 9), indent=st.sampled_from((None, 2)), plain=st.booleans())
def test_items_do_not_depend_on_where_pieces_end(
    log: dict[str, Any], block: int, indent: int | None, plain: bool
) -> None:
    """Lists give (member, None, item), objects (member, key, item), and single values nothing."""
    content = json.dumps(log, indent=indent, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    expected = [
        (member, key, value)
        for member, inner in log.items()
        if isinstance(inner, list | dict)
        for key, value in (inner.items() if isinstance(inner, dict) else ((None, one) for one in inner))
    ]
    assert items(content, block, frozenset(log)) == expected


@pytest.mark.parametrize("block", [1, 7, 1 << 18])
def test_a_text_that_ends_too_early_is_an_error(block: int) -> None:
    """After any number of bytes."""
    whole = json.dumps({"a": [{"b": "c\u00e9", "n": -12.5e3}, True], "d": {"e": [None]}, "f": 1}).encode()
    for end in range(1, len(whole)):
        with pytest.raises(BadInput, match=r"log\.json: the file is cut off"):
            items(whole[:end], block, frozenset({"a"}))


@pytest.mark.parametrize(
    "text", ['{"a": [1 2]}', '{"a": [1,]}', "{1: [2]}", '{"a": [1]} 2', '["a"]', '{"a": nul}', "{,}"]
)
def test_what_is_not_json_is_refused(text: str) -> None:
    """And not called cut off."""
    with pytest.raises(BadInput, match=r"log\.json: not JSON of an event log"):
        items(text.encode(), 3, frozenset({"a"}))


def test_an_item_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Memory is bounded by the longest item."""
    monkeypatch.setattr(json_stream, "LONGEST_ITEM", 1000)
    with pytest.raises(BadInput, match="not JSON of an event log"):
        items(b'{"a": ["' + b"x" * 5000 + b'"]}', 100, frozenset({"a"}))
