"""Exports open in other tools, and an exported XES comes back as the same two tables."""

from __future__ import annotations

import csv
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from perintis.doors.exporters import export
from perintis.doors.importers.mapping import OUR_EXPORT
from perintis.doors.importers.read import read_log
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet
from tests.rules.small_tables import data_set

XES = "{http://www.xes-standard.org/}"

SMALL = data_set(
    """
    case cohort office opened   closed   due     outcome case:channel
    A    to_be  Jaya   1/08:00  3/12:00  5/08:00 granted desk
    B    to_be  -      2/09:00  -        -       -       -
    """,
    """
    case step   visit agency officer ready   started completed outcome   cost keyed
    A    check  1     polri  p7      1/08:00 1/09:00 1/10:00   sent_back 2.5  nik+name
    A    check  2     polri  p8      2/08:00 -       2/10:00   completed -    -
    A    issue  1     imi    -       -       -       3/12:00   completed 10   -
    B    check  1     polri  -       2/09:00 2/10:00 -         -         -    -
    """,
)


def with_offsets(data: DataSet, minutes: int = 420) -> DataSet:
    """The data set as recorded at a place with this offset."""
    offset = pl.lit(minutes, dtype=pl.Int32)
    return replace(
        data,
        cases=data.cases.with_columns(opened_offset=offset),
        steps=data.steps.with_columns(offset=offset),
    )


def read_back(path: Path, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    folder.mkdir(exist_ok=True)
    assert read_log(path, OUR_EXPORT, folder).rejected == 0
    return pl.read_parquet(folder / "cases.parquet"), pl.read_parquet(folder / "steps.parquet")


@pytest.mark.parametrize("minutes", [420, 0, -210])
def test_an_exported_xes_comes_back_as_the_same_tables(tmp_path: Path, minutes: int) -> None:
    """Open cases, unfinished steps, sent back work, costs, offsets and all."""
    data = with_offsets(SMALL, minutes)
    assert export(data, tmp_path / "log.xes") == 2
    cases, steps = read_back(tmp_path / "log.xes", tmp_path / "back")
    assert_frame_equal(cases, data.cases)
    assert_frame_equal(steps, data.steps)


def test_an_independent_reader_finds_the_standard_keys(tmp_path: Path) -> None:
    """Events in order with lifecycle, agency, officer, cost and local time; every prefix used is declared."""
    export(with_offsets(SMALL), tmp_path / "log.xes")
    log = ElementTree.parse(tmp_path / "log.xes").getroot()
    assert log.tag == f"{XES}log"
    declared = {extension.get("prefix") for extension in log.iter(f"{XES}extension")}
    assert declared == {"concept", "time", "lifecycle", "org", "cost"}
    first = log.find(f"{XES}trace")
    assert first is not None
    events = [{a.get("key"): a.get("value") for a in event} for event in first.iter(f"{XES}event")]
    assert [(e["concept:name"], e["lifecycle:transition"]) for e in events] == [
        ("check", "schedule"),
        ("check", "start"),
        ("check", "complete"),
        ("check", "schedule"),
        ("check", "complete"),
        ("issue", "complete"),
    ]
    assert events[2]["time:timestamp"] == "2024-03-04T17:00:00.000000+07:00"
    assert (events[2]["org:group"], events[2]["org:resource"], events[2]["cost:total"]) == ("polri", "p7", "2.5")
    for trace in log.iter(f"{XES}trace"):
        assert {a.get("key") for a in trace} >= {"concept:name"}
        for event in trace.iter(f"{XES}event"):
            keys = {a.get("key") for a in event}
            assert keys >= {"concept:name", "concept:instance", "lifecycle:transition", "time:timestamp"}


def test_a_csv_has_a_row_a_step_with_the_attributes_of_its_case(tmp_path: Path) -> None:
    """The usual headers; local times with their offset; a null is an empty field."""
    export(with_offsets(SMALL), tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(r["case:concept:name"], r["concept:name"], r["visit"]) for r in rows] == [
        ("A", "check", "1"),
        ("A", "check", "2"),
        ("A", "issue", "1"),
        ("B", "check", "1"),
    ]
    assert rows[0]["time:timestamp"] == "2024-03-04T17:00:00.000000+07:00"
    assert (rows[0]["keyed"], rows[0]["cost:total"], rows[0]["case:channel"]) == ("nik name", "2.5", "desk")
    assert (rows[3]["time:timestamp"], rows[3]["case:perintis:closed"]) == ("", "")


def test_a_parquet_keeps_the_types(tmp_path: Path) -> None:
    """The same rows, instants in UTC with the offsets beside them."""
    export(with_offsets(SMALL), tmp_path / "log.parquet")
    table = pl.read_parquet(tmp_path / "log.parquet")
    assert table.height == 4
    assert table["time:timestamp"].dtype == pl.Datetime("us", "UTC")
    assert table["offset"].to_list() == [420] * 4
    assert table["keyed"].to_list()[0] == ["nik", "name"]


def test_an_extract_without_steps_is_exported_by_its_cases(tmp_path: Path) -> None:
    """One row a case, and traces without events that come back as cases."""
    data = with_offsets(replace(SMALL, steps=SMALL.steps.clear()))
    export(data, tmp_path / "log.csv")
    assert pl.read_csv(tmp_path / "log.csv")["case:concept:name"].to_list() == ["A", "B"]
    export(data, tmp_path / "log.xes")
    cases, steps = read_back(tmp_path / "log.xes", tmp_path / "back")
    assert_frame_equal(cases, data.cases)
    assert steps.height == 0


def test_an_unknown_ending_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """One sentence each; and nothing is left behind."""
    with pytest.raises(BadInput, match=r"log\.docx: cannot export .* \.csv, \.parquet, \.xes"):
        export(SMALL, tmp_path / "log.docx")
    with pytest.raises(BadInput, match="cannot be written"):
        export(SMALL, tmp_path / "nowhere" / "log.xes")
    assert list(tmp_path.iterdir()) == []


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda text: text.strip() and not any(ord(c) < 32 and c not in "\t\n\r" for c in text) and "\uffff" not in text
    and "\ufffe" not in text
)  # fmt: skip
moments = st.integers(0, 10**12).map(lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=n * 100))


@st.composite
def data_sets(draw: st.DrawFn) -> DataSet:
    """Any completed steps, in the order of time as an importer leaves them."""
    cases, steps = [], []
    for number in range(draw(st.integers(1, 4))):
        name = f"{number}{draw(words)}"
        visits: dict[str, int] = {}
        times = sorted(draw(st.lists(moments, min_size=1, max_size=5)))
        cases.append({"case": name, "cohort": "all", "opened": times[0], "closed": times[-1], "outcome": draw(words)})
        for time in times:
            step = draw(st.sampled_from(["a", "<b>", 'c "d" & e']))
            visits[step] = visits.get(step, 0) + 1
            row = {"case": name, "step": step, "visit": visits[step], "completed": time, "agency": draw(words)}
            keyed = draw(st.none() | st.lists(st.sampled_from(["nik", "name"]), max_size=2))
            steps.append(row | {"outcome": "completed", "cost": draw(st.none() | st.floats(0, 1e9)), "keyed": keyed})
    frames = (
        pl.DataFrame(rows, schema=table.schema)
        for rows, table in ((cases, SMALL.cases.drop("case:channel")), (steps, SMALL.steps))
    )
    return with_offsets(replace(SMALL, **dict(zip(("cases", "steps"), frames, strict=True))))


@given(data_sets())
@settings(max_examples=60, deadline=None)
def test_whatever_is_exported_comes_back(tmp_path_factory: pytest.TempPathFactory, data: DataSet) -> None:
    """Any text that XML can hold, any instant to the microsecond, any cost to the last bit."""
    folder = tmp_path_factory.mktemp("export")
    export(data, folder / "log.xes")
    cases, steps = read_back(folder / "log.xes", folder / "back")
    assert_frame_equal(cases, data.cases)
    assert_frame_equal(steps, data.steps, abs_tol=0, rel_tol=0)


def test_pm4py_reads_the_same_events(tmp_path: Path) -> None:
    """A process mining tool of its own, where one is at hand (PERINTIS_PM4PY names its Python)."""
    python = os.environ.get("PERINTIS_PM4PY")
    if not python:
        pytest.skip("needs an environment with pm4py; PERINTIS_PM4PY names its Python")
    export(with_offsets(SMALL), tmp_path / "log.xes")
    program = (
        "import pm4py, sys; log = pm4py.read_xes(sys.argv[1]); "
        "print('|'.join(log['concept:name'] + '/' + log['lifecycle:transition']))"
    )
    done = subprocess.run(
        [python, "-c", program, str(tmp_path / "log.xes")], capture_output=True, text=True, check=True
    )
    assert "check/schedule|check/start|check/complete" in done.stdout
