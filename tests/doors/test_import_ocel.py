"""Object-centric logs: the same log in five formats gives the same tables, and nothing is dropped in silence."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from perintis.words.errors import BadInput
from tests.doors.import_kit import Imported, import_bytes, import_file
from tests.doors.ocel_kit import FORMATS, WITH_CHANGES

EVERY = pytest.mark.parametrize("name", FORMATS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def read(folder: Path, name: str, **mapping: Any) -> Imported:
    """The small log in one of its formats."""
    FORMATS[name](folder / name)
    return import_file(folder / name, folder, **({"object_type": "permit", "agency": "department"} | mapping))


@EVERY
def test_objects_of_one_type_are_the_cases(tmp_path: Path, name: str) -> None:
    """An event of two permits is a step of both; the officer is the object of that type; ties keep the file's order."""
    log = read(tmp_path, name, officer="officer")
    assert log.steps.select("case", "step", "agency", "officer", "completed").rows() == [
        ("P1", "check", "polri", "ani", at("2024-03-01T09:00+07:00")),
        ("P1", "hearing", "imigrasi", "budi", at("2024-03-02T09:00+07:00")),
        ("P1", "decide", None, None, at("2024-03-03T09:00+07:00")),
        ("P2", "hearing", "imigrasi", "budi", at("2024-03-02T09:00+07:00")),
        ("P2", "decide", None, None, at("2024-03-03T09:00+07:00")),
    ]
    assert (log.case("case"), log.read.rejected, set(log.case("opened_offset"))) == (["P1", "P2"], 0, {420})


@EVERY
def test_attributes_of_the_object_are_those_of_the_case(tmp_path: Path, name: str) -> None:
    """In their types; of one that changed the last value is taken, and a note says so."""
    log = read(tmp_path, name, opened="filed", cohort="channel")
    changes = name in WITH_CHANGES
    second = "internet" if changes else "post"
    assert log.case("case:channel") == log.case("cohort") == ["desk", second]
    assert log.case("case:pages") == [3, 4]
    assert log.case("case:fee") == [2.5, 1.0]
    assert log.case("case:urgent") == [True, False]
    assert log.case("case:filed") == log.case("opened") == [at("2024-02-28T09:00+07:00"), at("2024-02-29T09:00+07:00")]
    assert ("1 attributes of objects changed over time; the last value is taken" in log.read.notes) == changes


@EVERY
def test_events_that_do_not_belong_to_one_case_are_counted_in_notes(tmp_path: Path, name: str) -> None:
    """Those of several cases count for each; those of none are left out and named."""
    log = read(tmp_path, name)
    assert set(log.read.notes) >= {
        "1 events belong to several objects of type permit and count for each of them (1 steps more than events)",
        "1 events without an object of type permit are left out: audit 1",
    }


@EVERY
def test_without_a_type_the_types_are_listed(tmp_path: Path, name: str) -> None:
    """With how many objects each has; the same for one that is not there."""
    types = r"permit \(2\), officer \(2\), company \(1\)"
    with pytest.raises(BadInput, match=f"name the type of object that is the case as `object_type`; it has {types}"):
        read(tmp_path, name, object_type=None)
    with pytest.raises(BadInput, match=f"no object of type 'house'; it has {types}"):
        read(tmp_path, name, object_type="house")


@EVERY
def test_a_filter_keeps_objects(tmp_path: Path, name: str) -> None:
    """By their attributes; events of the others are not called events without an object."""
    log = read(tmp_path, name, only={"channel": "desk"})
    assert (log.case("case"), log.read.filtered) == (["P1"], 1)
    assert "1 events without an object of type permit are left out: audit 1" in log.read.notes


@EVERY
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    """At any place, and never as a shorter log."""
    FORMATS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    ends = (0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 2)
    for end in ends:
        with pytest.raises(BadInput, match=r"cut off|the file is empty|not an SQLite file"):
            import_bytes(tmp_path, name, whole[:end], object_type="permit")


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "log.sqlite"])
def test_packed_logs(tmp_path: Path, name: str) -> None:
    """Text formats may be packed with gzip."""
    FORMATS[name](tmp_path / name)
    packed = gzip.compress((tmp_path / name).read_bytes())
    assert import_bytes(tmp_path, f"{name}.gz", packed, object_type="permit").case("case") == ["P1", "P2"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("log.json", b"[1, 2]", "not JSON of an event log"),
        ("log.json", b'{"a": 1}', "not an OCEL log, for it has no objects"),
        ("log.json", b'{"objects": [{"type": "permit"}]}', "object 1 is not written as OCEL says, for it has no 'id'"),
        ("log.json", b'{"objects": [{"id": "a", "type": "t"}]} more', "not JSON of an event log"),
        ("log.json", b'{"objects": [{"id": "a", "type": "\xff"}]}', "not UTF-8"),
        ("log.json", b'{"objects": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}", "nested too deeply"),
        ("log.jsonocel", b'{"ocel:objects": {"a": {}}}', "object 1 is not written as OCEL says"),
        ("log.xml", b"<log><events/></log>", "not an OCEL log, for it has no objects"),
        ("log.xmlocel", b"<log><objects><object/></objects></log>", "object 1 is not written as OCEL says"),
        ("log.xml", b"no xml", "cut off, or not XML"),
        ("log.sqlite", b"SQLite format 3\0" + bytes(200), "damaged"),
        ("log.sqlite", b"something else", "not an SQLite file, or one with a password"),
    ],
)
def test_what_is_no_object_centric_log_is_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """In one sentence."""
    with pytest.raises(BadInput, match=says):
        import_bytes(tmp_path, name, content, object_type="t")


def test_another_database_is_refused(tmp_path: Path) -> None:
    """By the table that it lacks."""
    import sqlite3

    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE event (id)").connection.close()
    with pytest.raises(BadInput, match=r"not an OCEL 2\.0 log, for it has no table 'object'"):
        import_file(tmp_path / "other.sqlite", tmp_path, object_type="t")


def test_events_that_cannot_be_taken_are_rejected_by_their_number(tmp_path: Path) -> None:
    """Counted in the file from 1; an object without events is rejected as a case."""
    events = [("check", "2024-03-01T09:00:00Z"), ("", "2024-03-01T09:00:00Z"), ("decide", "soon")]
    log = {
        "objects": [{"id": "P1", "type": "permit"}, {"id": "P2", "type": "permit"}, {"id": "P1", "type": "permit"}],
        "events": [
            {"id": f"e{n}", "type": a, "time": t, "relationships": [{"objectId": "P1"}]}
            for n, (a, t) in enumerate(events)
        ],
    }
    read = import_bytes(tmp_path, "log.json", json.dumps(log).encode(), object_type="permit")
    assert sorted(read.rejects) == [
        ("2", "", "concept:name", "missing"),
        ("2", "", "opened", "no event and no opening date"),
        ("3", "", "object", "an earlier object of this type has this id"),
        ("3", "", "time:timestamp", "not a date and time (ISO 8601; or give date_format)"),
    ]


def test_an_attribute_that_does_not_fit_its_declared_type_is_reported(tmp_path: Path) -> None:
    """And null; one without a declaration that is written in several ways stays text."""
    types = [{"name": "permit", "attributes": [{"name": "pages", "type": "integer"}]}]
    values = [("P1", 3, 1), ("P2", "many", "x")]
    objects = [
        {
            "id": name,
            "type": "permit",
            "attributes": [{"name": "pages", "value": pages}, {"name": "floor", "value": floor}],
        }
        for name, pages, floor in values
    ]
    events = [{"type": "a", "time": "2024-03-01", "relationships": [{"objectId": name}]} for name, *_ in values]
    content = json.dumps({"objects": objects, "objectTypes": types, "events": events}).encode()
    log = import_bytes(tmp_path, "log.json", content, object_type="permit")
    assert (log.case("case:pages"), log.case("case:floor")) == ([3, None], ["1", "x"])
    assert log.rejects == [("2", "", "pages", "not a whole number")]


def test_many_cases_and_events_are_spooled(tmp_path: Path) -> None:
    """100,000 events of 6,000 cases, in less than 200 megabytes of the whole process, in the right cases."""
    objects = [{"id": f"P{n}", "type": "permit", "attributes": [{"name": "no", "value": n}]} for n in range(6000)]
    events = [
        {
            "type": f"task {n // 6000}",
            "time": f"2024-03-{n // 6000 + 1:02}T09:00:00Z",
            "relationships": [{"objectId": f"P{n % 6000}"}],
        }
        for n in range(100_000)
    ]
    (tmp_path / "log.json").write_text(json.dumps({"objects": objects, "events": events}))
    program = (
        "import sys; from pathlib import Path; import polars as pl;"
        "from perintis.doors.importers.mapping import build_mapping;"
        "from perintis.doors.importers.read import read_log;"
        "out = Path(sys.argv[2]);"
        "read = read_log(Path(sys.argv[1]), build_mapping({'object_type': 'permit'}), out);"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')));"
        "cases, steps = (pl.read_parquet(out / f'{name}.parquet') for name in ('cases', 'steps'));"
        "print(read.events, cases.height, (cases['case'] == 'P' + cases['case:no'].cast(str)).all(),"
        " steps.group_by('case').agg(pl.col('step').n_unique())['step'].min())"
    )
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "log.json"), str(tmp_path / "out")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    peak, told = done.stdout.splitlines()
    assert told == "100000 6000 True 16"
    assert int(peak) < 200 * 1024


def test_a_real_object_centric_log(shared_data: Path, tmp_path: Path) -> None:
    """353 issues with 1,798 events on GitHub; every event has one issue and one person."""
    path = shared_data / "eventlogs" / "github_issues.jsonocel"
    log = import_file(path, tmp_path, object_type="case:concept:name", officer="org:resource")
    assert (log.cases.height, log.read.events, log.read.rejected) == (353, 1798, 0)
    assert log.steps["officer"].n_unique() == 178
    with pytest.raises(BadInput, match=r"it has case:concept:name \(353\), org:resource \(178\), case:repo \(1\)"):
        import_file(path, tmp_path)


@EVERY
def test_a_damaged_byte_is_read_or_refused_but_never_a_crash(tmp_path: Path, name: str) -> None:
    """Fifteen damaged copies of each file."""
    FORMATS[name](tmp_path / "whole")
    whole, chance = (tmp_path / "whole").read_bytes(), random.Random(name)
    for _ in range(15):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] = chance.randrange(256)
        told = refusal(tmp_path, name, bytes(damaged))
        assert told is None or told.startswith(f"{name}: ")


@pytest.mark.parametrize("odd", [None, 1, [], {"a": 1}, "x"])
def test_a_value_of_another_kind_is_read_or_refused(tmp_path: Path, odd: Any) -> None:
    """Anywhere in a JSON log."""
    for name in ("log.json", "log.jsonocel"):
        FORMATS[name](tmp_path / "whole")
        whole = json.loads((tmp_path / "whole").read_text())
        for place in list(places(whole)):
            content = json.dumps(replaced(whole, place, odd)).encode()
            told = refusal(tmp_path, name, content)
            assert told is None or told.startswith(f"{name}: ")


def refusal(folder: Path, name: str, content: bytes) -> str | None:
    """Why a log was refused; None where it was taken."""
    try:
        import_bytes(folder, name, content, object_type="permit", agency="department", officer="officer")
    except BadInput as error:
        return str(error)
    return None


def places(value: Any, most: int = 2) -> Iterator[tuple[Any, ...]]:
    """Where values stand in a text, of long lists the first few."""
    if isinstance(value, dict | list):
        inner = list(value.items() if isinstance(value, dict) else enumerate(value))
        for key, one in inner if isinstance(value, dict) and len(inner) > most else inner[:most]:
            yield (key,)
            for place in places(one):
                yield (key, *place)


def replaced(value: Any, place: tuple[Any, ...], by: Any) -> Any:
    """The text with another value at one place."""
    key, *rest = place
    new = by if not rest else replaced(value[key], tuple(rest), by)
    if isinstance(value, dict):
        return value | {key: new}
    return [*value[:key], new, *value[key + 1 :]]
