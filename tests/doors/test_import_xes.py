"""XES: any conforming file, and what cannot be taken from it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perintis.words.errors import BadInput
from tests.doors.import_kit import XES_HEAD, event, import_bytes, import_text, trace, xes

SCANNED_OR_PARSED = pytest.mark.parametrize("simple", [True, False], ids=["scanned", "parsed"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@SCANNED_OR_PARSED
def test_traces_become_cases_and_events_become_steps(tmp_path: Path, simple: bool) -> None:
    """Agency, officer and offset come along; the file's order decides between equal times."""
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            trace(
                "A",
                event("check", "2024-03-01T00:00:00.000+07:00", "string org:group=Police", "string org:resource=7"),
                event("decide", "2024-03-01T00:00:00.000+07:00"),
                event("check", "2024-03-02T10:00:00Z"),
                channel="desk",
            ),
            trace("B", event("check", "2024-03-03T10:00:00")),
        ),
        simple=simple,
        timezone="Asia/Makassar",
        cohort="case:channel",
    )
    assert log.steps.select("case", "step", "visit", "agency", "officer", "offset").rows() == [
        ("A", "check", 1, "Police", "7", 420),
        ("A", "decide", 1, None, None, 420),
        ("A", "check", 2, None, None, 0),
        ("B", "check", 1, None, None, 480),
    ]
    assert log.case("opened") == [at("2024-02-29T17:00+00:00"), at("2024-03-03T02:00+00:00")]
    assert log.case("cohort") == ["desk", "unknown"]
    assert log.case("case:channel") == ["desk", None]


@SCANNED_OR_PARSED
def test_cohorts_split_on_the_local_day(tmp_path: Path, simple: bool) -> None:
    """A fine created at local midnight belongs to that day, though it is the day before in UTC."""
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            trace("A", event("create", "2010-08-12T00:00:00+02:00")),
            trace("B", event("create", "2010-08-13T00:00:00+02:00")),
            trace("C", event("create", "2011-08-13T00:00:00+02:00")),
        ),
        simple=simple,
        cohort={"before": "2010-08-13", "days": 365},
        due={"days": 1},
    )
    assert log.case("cohort") == ["before", "after", "other"]
    assert log.case("due")[0] == at("2010-08-13T23:59:59.999999+02:00")


@SCANNED_OR_PARSED
def test_days_until_due_are_local_days_though_summer_time_begins_or_ends(tmp_path: Path, simple: bool) -> None:
    """Due on the second local day: what happens at the first instant of the third is late, whatever the clocks did."""
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            trace("A", event("ask", "2010-03-27T00:00:00+01:00"), event("tell", "2010-03-29T00:00:00+02:00")),
            trace("B", event("ask", "2010-03-27T00:00:00+01:00"), event("tell", "2010-03-30T00:00:00+02:00")),
            trace("C", event("ask", "2010-10-30T00:00:00+02:00"), event("tell", "2010-11-01T23:30:00+01:00")),
            trace("D", event("ask", "2010-10-30T00:00:00+02:00"), event("tell", "2010-11-02T00:00:00+01:00")),
        ),
        simple=simple,
        closed={"activities": ["tell"]},
        due={"days": 2},
    )
    in_time = [closed <= due for closed, due in zip(log.case("closed"), log.case("due"), strict=True)]
    assert in_time == [True, False, True, False]


def test_attributes_of_traces_keep_their_types(tmp_path: Path) -> None:
    """string, int, float, boolean and date; where traces disagree, whole numbers become numbers, others text."""
    kinds = (
        '<int key="pages" value="3"/><float key="fee" value="2.5"/><boolean key="urgent" value="true"/>'
        '<date key="asked" value="2024-03-01T10:00:00+07:00"/><id key="uuid" value="x"/><int key="mixed" value="1"/>'
    )
    other = '<float key="pages" value="1.5"/><string key="mixed" value="one"/><int key="fee" value="x"/>'
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            f'<trace><string key="concept:name" value="A"/>{kinds}{event("x", "2024-03-01T00:00Z")}</trace>',
            f'<trace><string key="concept:name" value="B"/>{other}{event("x", "2024-03-01T00:00Z")}</trace>',
        ),
    )
    assert log.case("case:pages") == [3.0, 1.5]
    assert log.case("case:fee") == [2.5, None]
    assert log.rejects == [("2", "", "fee", "not a whole number")]
    assert log.case("case:urgent") == [True, None]
    assert log.case("case:asked") == [at("2024-03-01T10:00+07:00"), None]
    assert log.case("case:mixed") == ["1", "one"]


@SCANNED_OR_PARSED
def test_nested_attributes_lists_globals_prefixes_and_comments(tmp_path: Path, simple: bool) -> None:
    """Only what belongs to a trace or an event directly counts; a global is a declaration, not a value."""
    text = """<?xml version='1.0'?>
    <x:log xmlns:x="http://www.xes-standard.org/">
      <x:global scope="trace"><x:string key="channel" value="UNKNOWN"/></x:global>
      <x:global scope="event"><x:string key="org:group" value="UNKNOWN"/></x:global>
      <x:string key="concept:name" value="the log"><x:int key="concept:name" value="1"/></x:string>
      <!-- <trace><event/></trace> -->
      <x:trace>
        <x:string value="A &amp; B" key="concept:name"><x:string key="concept:name" value="nested"/></x:string>
        <x:list key="docs"><x:values><x:string key="channel" value="inside a list"/></x:values></x:list>
        <x:event>
          <x:string key='concept:name' value='check "it"'/>
          <x:container key="c"><x:string key="org:group" value="inside"/></x:container>
          <x:date key="time:timestamp" value="2024-03-01T10:00:00+07:00"/>
        </x:event>
      </x:trace>
    </x:log>"""
    log = import_text(tmp_path, "log.xes", text, simple=simple)
    assert log.case("case") == ["A & B"]
    assert log.column("step") == ['check "it"']
    assert log.column("agency") == [None]
    assert "case:channel" not in log.cases.columns


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read_as_declared(tmp_path: Path, encoding: str) -> None:
    """The XML declaration says how a file is written."""
    head = XES_HEAD.replace("UTF-8", encoding)
    text = xes(trace("Zoë", event("prüfen", "2024-03-01T00:00Z")), head=head)
    log = import_bytes(tmp_path, "log.xes", text.encode(encoding))
    assert (log.case("case"), log.column("step")) == (["Zoë"], ["prüfen"])


@SCANNED_OR_PARSED
def test_what_cannot_be_taken_is_named_by_trace_and_event(tmp_path: Path, simple: bool) -> None:
    """A trace without name or events, an event without name or time, a name used twice."""
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            trace("A", event("x", "2024-03-01T00:00Z"), event(None, "2024-03-01T00:00Z"), event("y", None)),
            trace(None, event("x", "2024-03-01T00:00Z")),
            trace("A", event("x", "2024-03-01T00:00Z")),
            trace("B", event("x", "2024-03-01T00:00Z"), event("x", "01.03.2024")),
            trace("C"),
        ),
        simple=simple,
    )
    assert sorted(log.rejects) == [
        ("1", "2", "concept:name", "missing"),
        ("1", "3", "time:timestamp", "missing"),
        ("2", "", "concept:name of the trace", "missing"),
        ("3", "", "concept:name of the trace", "an earlier trace has this case id"),
        ("4", "2", "time:timestamp", "not a date and time (ISO 8601; or give date_format)"),
        ("5", "", "opened", "no event and no opening date"),
    ]
    assert (log.case("case"), log.column("case")) == (["A", "B"], ["A", "B"])


@SCANNED_OR_PARSED
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (xes(trace("A", event("x", "2024-03-01T00:00Z")))[:-20], "not well-formed XML near line 3"),
        (xes(trace("A", event("x", "2024-03-01T00:00Z")) + "<oops>"), "not well-formed XML near line 4"),
        (xes(trace("A", "<event><string key='k' value='<'/></event>")), "not well-formed XML near line 3"),
        (xes(trace("A", event("x & y", "2024-03-01T00:00Z"))), "not well-formed XML near line 3"),
        (xes(trace("A", event("x\x01", "2024-03-01T00:00Z"))), "not well-formed XML near line 3"),
        (xes(), "no case in it"),
        ("<bpmn><trace></trace></bpmn>", "not an XES log"),
        ('<!DOCTYPE log [<!ENTITY a "aaaa">]>' + xes(trace("&a;"), head="<log>"), "declares XML entities"),
        ("plain text", "not well-formed XML near line 1"),
        ("", "the file is empty"),
    ],
)
def test_a_file_that_is_no_xes_is_refused(tmp_path: Path, text: str, says: str, simple: bool) -> None:
    """In one sentence, and whatever was read before the fault is not kept."""
    with pytest.raises(BadInput, match=says):
        import_text(tmp_path, "log.xes", text, simple=simple)


@pytest.mark.parametrize("cut", [100, 5_000, -9])
def test_a_truncated_gzip_is_an_error_never_a_shorter_log(tmp_path: Path, cut: int) -> None:
    """Also where the piece that is left would unpack to whole traces."""
    traces = (trace(f"C{n * 7919}", event(f"step {n * 104729 % 9973}", "2024-03-01T00:00Z")) for n in range(2000))
    with pytest.raises(BadInput, match="cut off"):
        import_bytes(tmp_path, "log.xes.gz", gzip.compress(xes(*traces).encode())[:cut])


def test_only_traces_that_fit_the_filter_are_taken(tmp_path: Path) -> None:
    """`only` looks at attributes of the trace and counts what it leaves out."""
    log = import_text(
        tmp_path,
        "log.xes",
        xes(
            trace("A", event("x", "2024-03-01T00:00Z"), program="H-2B"),
            trace("B", event("x", "2024-03-01T00:00Z"), program="H-2A"),
            trace("C", event("x", "2024-03-01T00:00Z")),
        ),
        only={"case:program": ["H-2B"]},
    )
    assert (log.case("case"), log.read.filtered, log.read.rejected) == (["A"], 2, 0)
