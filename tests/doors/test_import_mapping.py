"""A mapping says which column means what; what is misspelt or contradicts itself is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from perintis.doors.importers.mapping import (
    EXAMPLE,
    Closing,
    Cohort,
    Due,
    Mapping,
    build_mapping,
    load_mapping,
)
from perintis.words.errors import BadInput


def test_short_forms_mean_a_column() -> None:
    """`cohort: fy` and `closed: decided` name a column; `closed: last event` is a rule."""
    mapping = build_mapping({"cohort": "fy", "closed": "decided", "due": "deadline", "only": {"fy": [2014, 2016]}})
    assert mapping.cohort == Cohort(column="fy")
    assert mapping.closed == Closing(column="decided")
    assert mapping.due == Due(column="deadline")
    assert mapping.only == {"fy": ("2014", "2016")}
    assert build_mapping({"closed": "last event"}).closed == Closing(last_event=True)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"activty": "task"}, "mapping: activty: .*known keys: layout, case, activity"),
        ({"timezone": "Jakarta"}, "timezone: not a time zone; write it like Asia/Jakarta"),
        ({"cohort": {}}, "cohort: give either a column or a date `before`"),
        ({"closed": {"column": "a", "last_event": True}}, "closed: give one of"),
        ({"due": {"days": 0}}, "due.days"),
        ({"observed_until": "2016-10-01T00:00:00"}, "observed_until: give it with an offset"),
        ({"separator": "::"}, "separator"),
        (["case"], "expected keys and columns"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(values: object, says: str) -> None:
    """One sentence that says which key and why."""
    with pytest.raises(BadInput, match=says):
        build_mapping(values)


def test_a_yaml_file_is_a_mapping(tmp_path: Path) -> None:
    """The example that an error message shows is a valid one."""
    path = tmp_path / "m.yaml"
    path.write_text(EXAMPLE)
    mapping = load_mapping(path)
    assert (mapping.activity, mapping.closed) == ("task", Closing(activities=("Decision sent",)))
    path.write_text("case: [")
    with pytest.raises(BadInput, match=r"m\.yaml line 1: this is not YAML"):
        load_mapping(path)
    path.write_text("observed_until: 2016-02-30")
    with pytest.raises(BadInput, match=r"m\.yaml line 1: '2016-02-30' is not a day of the calendar"):
        load_mapping(path)
    with pytest.raises(BadInput, match=r"none\.yaml: there is no such file; --guess proposes"):
        load_mapping(tmp_path / "none.yaml")


def test_what_is_recorded_of_a_mapping_is_what_was_said() -> None:
    """Defaults are left out, so that a later version with more keys gives the same hash."""
    assert Mapping().as_recorded() == {}
    assert build_mapping({"cohort": {"before": "2010-08-13"}}).as_recorded() == {"cohort": {"before": "2010-08-13"}}


@pytest.mark.parametrize("name", ["h2b", "receipt", "road_fines"])
def test_the_sample_mappings_are_valid(repository: Path, name: str) -> None:
    """They load, and say in words what starts and stops the clock."""
    assert load_mapping(repository / "samples" / f"{name}.map.yaml").clock
