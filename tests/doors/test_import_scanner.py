"""The fast scanner and the XML parser give the same tables from the same text, whatever the text."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from perintis.doors.importers.gzip_stream import open_log
from perintis.doors.importers.xes import XesReader
from perintis.doors.importers.xes_scan import NotSimple, SimpleScanner, XesBatch, merged
from perintis.words.errors import BadInput
from tests.doors.import_kit import XES_HEAD, XES_TAIL, event, trace, xes

KEYS = frozenset({"concept:name", "time:timestamp", "org:group"})

letters = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
space = st.sampled_from(["", " ", "\n", "\t\n ", "\r\n"])
tags = st.sampled_from(["string", "date", "int", "float", "boolean", "id"])
keys = st.sampled_from([*sorted(KEYS), "amount", "a&b"])


@st.composite
def attributes(draw: st.DrawFn) -> str:
    """Mostly plain ones; some nested, some with odd quotes, odd spaces, references or their parts in other order."""
    tag, key, value = draw(tags), quoteattr(draw(keys)), draw(letters)
    form = draw(st.integers(0, 11))
    quoted = quoteattr(value)
    if form == 0:
        return f"<{tag} value={quoted} key={key}/>"
    if form == 1:
        return f"<{tag} key={key} value={quoted}><string key='concept:name' value='nested'/></{tag}>"
    if form == 2:
        return f"<list key={key}><string key='org:group' value={quoted}/></list>"
    if form == 3:
        return f"<!-- <event/> --><{tag} key={key} value={quoted}/>"
    if form == 4:
        return f'<{tag} key={key} value="&#{draw(st.sampled_from([9, 10, 65, 8364]))};&amp;&#x41;"/>'
    if form == 5:
        return f'<{tag} key={key} value="two\nlines\tand a tab"/>'
    return f"<{tag} key={key} value={quoted}{draw(space)}/>"


elements = st.lists(st.tuples(attributes(), space).map("".join), max_size=4).map("".join)
events = st.tuples(st.just("<event>"), space, elements, st.just("</event>"), space).map("".join)
traces = st.tuples(
    st.just("<trace>"), space, elements, st.lists(events, max_size=4).map("".join), elements, st.just("</trace>"), space
).map("".join)  # fmt: skip
logs = st.lists(traces, max_size=6).map("".join).map(lambda inside: f"{XES_HEAD}{inside}{XES_TAIL}")


def read(text: bytes, *, simple: bool, block: int = 1 << 20) -> XesBatch | str:
    """All batches as one, or the message of the refusal without its line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.xes"
        path.write_bytes(text)
        try:
            with open_log(path) as stream:
                return merged(list(XesReader(stream, "log.xes", KEYS, simple=simple, block=block).batches()))
        except BadInput as error:
            return str(error).partition(" near line")[0]


def assert_equal(one: XesBatch | str, other: XesBatch | str) -> None:
    """Equal batches, or equal refusals."""
    if isinstance(one, str) or isinstance(other, str):
        assert one == other
        return
    assert_frame_equal(one.traces, other.traces)
    assert_frame_equal(one.events, other.events)
    order = ["trace", "eid"]
    assert_frame_equal(
        one.attributes.sort(order, maintain_order=True), other.attributes.sort(order, maintain_order=True)
    )


@given(logs, st.sampled_from([64, 300, 1 << 20]))
@settings(max_examples=100, deadline=None)
def test_scanned_equals_parsed(text: str, block: int) -> None:
    """For any log, cut into blocks anywhere."""
    assert_equal(read(text.encode(), simple=True, block=block), read(text.encode(), simple=False))


@given(logs, st.integers(0, 5000), st.sampled_from([b"", b"<", b"&", b'"', b"\x00", b"\xff", b"</trace>", b"<!--"]))
@settings(max_examples=100, deadline=None)
def test_damage_is_found_by_both(text: str, place: int, damage: bytes) -> None:
    """A byte gone or something strange put in: both refuse, or both read the same."""
    content = text.encode()
    at = place % len(content)
    content = content[:at] + damage + content[at + (not damage) :]
    assert_equal(read(content, simple=True), read(content, simple=False))


def test_plain_text_is_scanned_without_the_parser() -> None:
    """What other tools write is plain: this is what makes the import fast."""
    text = trace("A", event("check &amp; sign", "2024-03-01T00:00Z", "string org:group=Police"), channel="desk")
    batch = SimpleScanner(KEYS).scan(text.encode(), traces_before=7)
    assert batch.traces.rows() == [(8,)]
    assert batch.events.rows() == [(8, 1)]
    assert batch.attributes.rows() == [
        (8, None, "concept:name", "string", "A"),
        (8, None, "channel", "string", "desk"),
        (8, 0, "concept:name", "string", "check & sign"),
        (8, 0, "time:timestamp", "date", "2024-03-01T00:00Z"),
        (8, 0, "org:group", "string", "Police"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<trace></trace>",
        "<trace><event></event></trace>",
        trace("A", "<event><string key='concept:name' value='x'/></event>"),
        trace("A", '<event><string key="k" value="v"><int key="n" value="1"/></string></event>'),
        trace("A", '<!-- x --><event><string key="k" value="v"/></event>'),
        trace("A", '<event><string key="k" value="a<b"/></event>'),
        trace("A", '<event><string key="k" value="a\nb"/></event>'),
        trace("A", '<event><string key="k" value="a\x02b"/></event>'),
        trace("A", '<event><string key="k" value="&nbsp;"/></event>'),
        trace("A", '<event><string key="k" value="&#2;"/></event>'),
        '<trace><string key="k" value="v"/><event><string key="k" value="v"/></trace></event>',
        '<trace><string key="k" value="v"/></trace><string key="k" value="v"/>',
        trace("A") + trace("B").replace("</trace>", ""),
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(text: str) -> None:
    """The scanner never guesses."""
    with pytest.raises(NotSimple):
        SimpleScanner(KEYS).scan(text.encode(), traces_before=0)


def test_batches_do_not_grow_with_the_log() -> None:
    """Both ways hand traces over as they come."""
    many = xes(*(trace(f"C{n}", *(event(f"s{i}", "2024-03-01T00:00Z") for i in range(10))) for n in range(9000)))
    for simple in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "log.xes"
            path.write_text(many)
            with open_log(path) as stream:
                sizes = [b.events.height for b in XesReader(stream, "log.xes", KEYS, simple=simple).batches()]
        assert sum(sizes) == 90_000
        assert max(sizes) < 50_000


def test_progress_is_told_in_bytes_of_the_file(tmp_path: Path) -> None:
    """It ends at the size of the file."""
    path = tmp_path / "log.xes"
    path.write_text(xes(trace("A", event("x", "2024-03-01T00:00Z"))))
    told: list[tuple[int, int]] = []
    with open_log(path, lambda done, size: told.append((done, size))) as stream:
        list(XesReader(stream, "log.xes", KEYS).batches())
    assert told[-1] == (path.stat().st_size, path.stat().st_size)


def test_merged_batches_keep_attributes_with_their_events() -> None:
    """The rows of the events move, and the attributes with them."""
    one = SimpleScanner(KEYS).scan(trace("A", event("x", "1"), event("y", "2")).encode(), 0)
    two = SimpleScanner(KEYS).scan(trace("B", event("z", "3")).encode(), 1)
    both = merged([one, two])
    names = both.attributes.filter((pl.col("key") == "concept:name") & pl.col("eid").is_not_null())
    assert names.select("trace", "eid", "value").rows() == [(1, 0, "x"), (1, 1, "y"), (2, 2, "z")]
