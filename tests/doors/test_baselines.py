"""Baselines: stored under a content hash, found by name and cohort, never half there, never changed unnoticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perintis.doors.baseline_manifest import BaselineManifest
from perintis.doors.baselines import (
    baseline_folder,
    find_baseline,
    import_baseline,
    list_baselines,
    load_baseline,
)
from perintis.doors.importers.mapping import build_mapping
from perintis.words.errors import BadInput, NotAllowed, NotFound
from perintis.words.tables import Grade
from tests.doors.import_kit import event, trace, xes

LOG = xes(
    trace(
        "A", event("check", "2024-03-01T08:00:00+07:00"), event("issue", "2024-03-04T09:00:00+07:00"), channel="desk"
    ),
    trace("B", event("check", "2024-03-05T08:00:00+07:00"), channel="post"),
)
MAPPING = {"closed": {"activities": ["issue"]}, "cohort": "case:channel"}


def keep(
    home: Path, name: str = "last-year", text: str = LOG, *, replace: bool = False, **more: object
) -> BaselineManifest:
    """Import a log from a file beside the home."""
    path = home.parent / "log.xes"
    path.write_text(text)
    return import_baseline(home, "fast-track", path, name, build_mapping({**MAPPING, **more}), replace=replace)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_manifest_tells_where_a_baseline_comes_from(home: Path) -> None:
    """Counts, period, how fine the times are, the offsets, the mapping and the clock."""
    manifest = keep(home)
    assert (manifest.cases, manifest.open_cases, manifest.events, manifest.steps, manifest.rejected) == (2, 1, 3, 3, 0)
    assert manifest.first == datetime(2024, 3, 1, 1, tzinfo=UTC)
    assert manifest.observed_until == datetime(2024, 3, 5, 1, tzinfo=UTC)
    assert (manifest.resolution, manifest.offsets) == ("minute", (420,))
    assert manifest.mapping == {"closed": {"activities": ["issue"]}, "cohort": {"column": "case:channel"}}
    assert manifest.clock == "from first event to last of the steps issue"
    assert manifest.source == "log.xes"
    written = json.loads((baseline_folder(home, manifest) / "manifest.json").read_text())
    assert written["hash"] == manifest.hash


def test_few_cases_or_a_short_time_are_a_short_sample(home: Path) -> None:
    """The grade caps what may be claimed, and says why; a mapping can lower it only."""
    manifest = keep(home)
    assert manifest.grade is Grade.SAMPLE
    assert "1 closed cases opened over 4 days" in manifest.grade_reason
    many = xes(*(trace(f"C{n}", event("issue", f"2024-0{1 + n % 3}-01T08:00:00Z"), channel="desk") for n in range(40)))
    assert keep(home, "many", many).grade is Grade.MEASURED
    assert keep(home, "said", many, grade="short sample").grade is Grade.SAMPLE
    assert keep(home, "few", grade="measured log").grade is Grade.SAMPLE


def test_the_same_content_again_changes_nothing(home: Path) -> None:
    """Importing twice gives the same baseline; only one folder is there and no left-over beside it."""
    first, second = keep(home), keep(home)
    assert first == second
    assert [path.name for path in (home / "baselines").iterdir()] == [first.hash]


def test_the_hash_depends_on_content_and_mapping_alone(home: Path, tmp_path: Path) -> None:
    """Not on the home, the name, the file's name, white space or the way it was read; but on every value."""
    other = tmp_path / "other" / "home"
    other.parent.mkdir()
    assert keep(home).hash == keep(other, "another", LOG.replace("><", ">\n  <")).hash
    assert keep(home, "a", LOG.replace("09:00", "09:01")).hash != keep(home).hash
    assert keep(home, "b", clock="from submission").hash != keep(home).hash


def test_the_hash_is_the_same_on_every_machine(home: Path) -> None:
    """A changed value here means that baselines of earlier versions would be taken for tampered ones."""
    assert keep(home).hash == "afe754180a64873db23a5b99aac9528bc9ebc08aeaffb1095b62eac416d21f6a"


def test_a_name_stands_for_one_content(home: Path) -> None:
    """Other content under a name is refused unless it replaces; the earlier one stays under its hash."""
    first = keep(home)
    changed = LOG.replace("check", "verify")
    with pytest.raises(NotAllowed, match="already stands for other content"):
        keep(home, text=changed)
    second = keep(home, text=changed, replace=True)
    assert [m.hash for m in list_baselines(home)] == [second.hash]
    assert find_baseline(home, first.hash[:12]).replaced_by == second.hash
    assert load_baseline(home, first.hash).steps["step"][0] == "check"


def test_one_content_has_one_name(home: Path) -> None:
    """A second name for the same content would look like a second baseline."""
    keep(home)
    with pytest.raises(NotAllowed, match="here already as 'last-year'"):
        keep(home, "again")


def test_baselines_are_listed_by_pilot_and_name(home: Path) -> None:
    """All of them, or those of one pilot."""
    keep(home, "b")
    keep(home, "a", LOG.replace("check", "verify"))
    assert [m.name for m in list_baselines(home)] == ["a", "b"]
    assert list_baselines(home, "other") == []
    assert list_baselines(home / "nowhere") == []


def test_a_baseline_is_loaded_whole_or_by_cohort(home: Path) -> None:
    """`name:cohort` keeps the cases of the cohort and their steps."""
    keep(home)
    whole, desk = load_baseline(home, "last-year"), load_baseline(home, "last-year:desk")
    assert (whole.cases.height, whole.steps.height) == (2, 3)
    assert (desk.name, desk.cases["case"].to_list(), desk.steps.height) == ("last-year:desk", ["A"], 2)
    assert desk.observed_until == whole.observed_until
    with pytest.raises(NotFound, match=r"no cohort 'phone' \(it has: desk, post\)"):
        load_baseline(home, "last-year:phone")
    with pytest.raises(NotFound, match=r"no baseline 'next-year' here \(known: last-year\)"):
        load_baseline(home, "next-year")


@pytest.mark.parametrize("name", ["cases.parquet", "steps.parquet"])
def test_changed_tables_are_found(home: Path, name: str) -> None:
    """Another table in its place, a table cut off, a table gone."""
    manifest = keep(home)
    other = keep(home, "other", LOG.replace("check", "verify").replace('"desk"', '"phone"'))
    table = baseline_folder(home, manifest) / name
    for content in ((baseline_folder(home, other) / name).read_bytes(), table.read_bytes()[:-20], None):
        table.unlink() if content is None else table.write_bytes(content)
        with pytest.raises(BadInput, match="'last-year' was changed after its import"):
            load_baseline(home, "last-year")


@pytest.mark.parametrize(
    ("key", "value"), [("observed_until", "2030-01-01T00:00:00Z"), ("grade", "measured log"), ("mapping", {})]
)
def test_a_changed_manifest_is_found(home: Path, key: str, value: object) -> None:
    """What a figure depends on is under the hash too."""
    path = baseline_folder(home, keep(home)) / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(BadInput, match="changed after its import"):
        load_baseline(home, "last-year")


def test_a_damaged_baseline_is_mended_by_importing_it_again(home: Path) -> None:
    """The same content takes the place of what was changed."""
    manifest = keep(home)
    (baseline_folder(home, manifest) / "cases.parquet").write_bytes(b"")
    keep(home)
    assert load_baseline(home, "last-year").cases.height == 2


def test_a_file_that_is_refused_leaves_nothing(home: Path) -> None:
    """Neither a baseline nor a half-written folder."""
    with pytest.raises(BadInput):
        keep(home, text=LOG[:-20])
    assert list((home / "baselines").iterdir()) == []
    with pytest.raises(BadInput, match="baseline name 'a:b'"):
        keep(home, "a:b")


def test_an_import_that_was_killed_is_not_a_baseline(home: Path) -> None:
    """Its folder is passed over, and swept away when it is a day old."""
    keep(home)
    left = home / "baselines" / ".importing-dead"
    left.mkdir()
    (left / "manifest.json").write_text("{")
    assert [m.name for m in list_baselines(home)] == ["last-year"]


def test_rejected_rows_lie_beside_the_tables(home: Path) -> None:
    """With their number, field and reason; the manifest has the counts."""
    manifest = keep(home, text=LOG.replace("2024-03-05T08", "soon"))
    rejects = (baseline_folder(home, manifest) / "rejects.csv").read_text().splitlines()
    assert rejects[0] == "row,event,field,reason"
    assert rejects[1].startswith("2,1,time:timestamp,not a date and time")
    assert (manifest.rejected, manifest.cases) == (2, 1)
    assert sum(manifest.reasons.values()) == 2


def test_a_baseline_knows_since_when_its_cases_were_followed(home: Path) -> None:
    """The day is part of its content and of the data set; it has an offset and lies before the reading."""
    plain = keep(home, "plain")
    since = keep(home, "since", observed_from="2024-03-03T00:00:00+07:00")
    assert since.hash != plain.hash
    assert load_baseline(home, "since").observed_from == datetime(2024, 3, 2, 17, tzinfo=UTC)
    assert load_baseline(home, "plain").observed_from is None
    with pytest.raises(BadInput, match="observed_from: give it with an offset"):
        build_mapping({"observed_from": "2024-03-03T00:00:00"})
    with pytest.raises(BadInput, match="`observed_from` has to lie before `observed_until`"):
        build_mapping({"observed_from": "2024-03-03T00:00:00+07:00", "observed_until": "2024-03-01T00:00:00+07:00"})


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ({"observed_until": "2024-03-02T00:00:00+07:00"}, "something happened on 2024-03-05, after it was read"),
        ({"observed_from": "2024-04-01T00:00:00+07:00"}, "nothing happened after observation began"),
        ({"observed_from": 2024}, "observed_from: not a date and time"),
        ({"observed_until": "2024"}, "observed_until: not a date and time"),
    ],
)
def test_a_window_that_the_rows_contradict_is_refused(home: Path, window: dict[str, object], told: str) -> None:
    """One sentence, and nothing is kept."""
    with pytest.raises(BadInput, match=told):
        keep(home, **window)
    assert list_baselines(home) == []
