"""Real logs, imported: published counts come out, in either format, with their local days."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from perintis.doors.baseline_manifest import BaselineManifest
from perintis.doors.baselines import import_baseline, load_baseline
from perintis.doors.exporters import export
from perintis.doors.importers.instants import local_days
from perintis.doors.importers.mapping import OUR_EXPORT, build_mapping, load_mapping
from perintis.doors.importers.read import read_log
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet
from tests.doors.import_kit import import_file

Fines = tuple[Path, BaselineManifest]


@pytest.fixture(scope="module")
def fines(shared_data: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Fines:
    """The road fines as a baseline, and the home it is in."""
    home = tmp_path_factory.mktemp("fines")
    mapping = load_mapping(repository / "samples" / "road_fines.map.yaml")
    log = shared_data / "eventlogs" / "road_fines.xes.gz"
    return home, import_baseline(home, "fast-track", log, "fines", mapping)


def days(data: DataSet) -> pl.Series:
    """Days from opening to closing; null for open cases."""
    return (data.cases["closed"] - data.cases["opened"]).dt.total_seconds() / 86_400


def test_receipt_is_the_same_in_both_formats(shared_data: Path, tmp_path: Path) -> None:
    """1,434 cases, 8,577 events, 27 activities; XES and CSV give equal tables and digests."""
    xes = import_file(shared_data / "eventlogs" / "receipt.xes.gz", tmp_path)
    table = import_file(shared_data / "eventlogs" / "receipt.csv.gz", tmp_path)
    assert (xes.cases.height, xes.steps.height, xes.steps["step"].n_unique()) == (1434, 8577, 27)
    assert xes.read.rejected == table.read.rejected == 0
    assert_frame_equal(xes.cases, table.cases)
    assert_frame_equal(xes.steps, table.steps)
    assert xes.read.tables == table.read.tables


def test_receipt_scanned_equals_parsed(shared_data: Path, tmp_path: Path) -> None:
    """The fast way is taken for this file and changes nothing."""
    log = shared_data / "eventlogs" / "receipt.xes.gz"
    scanned, parsed = (import_file(log, tmp_path, simple=simple) for simple in (True, False))
    assert scanned.read == parsed.read


def test_receipt_by_channel(shared_data: Path, repository: Path, tmp_path: Path) -> None:
    """Internet 1,250 cases, desk 109, post 53, e-mail 21."""
    mapping = load_mapping(repository / "samples" / "receipt.map.yaml")
    import_baseline(tmp_path, "fast-track", shared_data / "eventlogs" / "receipt.xes.gz", "receipt", mapping)
    counts = {c: load_baseline(tmp_path, f"receipt:{c}").cases.height for c in ("Internet", "Desk", "Post", "e-mail")}
    assert counts == {"Internet": 1250, "Desk": 109, "Post": 53, "e-mail": 21}


def test_a_log_with_start_and_end(shared_data: Path, tmp_path: Path) -> None:
    """1,266 cases, 8,109 events, interleaved in the file."""
    log = import_file(shared_data / "eventlogs" / "interval.csv", tmp_path)
    assert (log.cases.height, log.steps.height, log.read.rejected) == (1266, 8109, 0)
    assert log.steps["started"].null_count() == 0
    assert log.steps["case"].rle_id().n_unique() == 1266


def test_road_fines_counts_and_local_days(fines: Fines) -> None:
    """150,370 cases, 561,470 events, 11 activities; every time is a local midnight at +01:00 or +02:00."""
    home, manifest = fines
    assert (manifest.cases, manifest.events, manifest.rejected) == (150_370, 561_470, 0)
    assert (manifest.resolution, manifest.offsets) == ("day", (60, 120))
    assert (manifest.first.date(), manifest.observed_until.date()) == (date(2000, 1, 1), date(2013, 6, 18))
    data = load_baseline(home, "fines")
    assert data.steps["step"].n_unique() == 11
    first = data.cases.filter(pl.col("case") == "A1").select(day=local_days("opened", "opened_offset"))
    assert first.item() == date(2006, 7, 24)


def test_road_fines_before_and_after(fines: Fines) -> None:
    """One year each: from creating to sending a fine 83 days, then 49; the cohorts meet at the local day."""
    home, _ = fines
    before, after = load_baseline(home, "fines:before"), load_baseline(home, "fines:after")
    assert (days(before).median(), days(after).median()) == (83.0, 49.0)
    local = [data.cases.select(day=local_days("opened", "opened_offset"))["day"] for data in (before, after)]
    assert (local[0].max(), local[1].min()) == (date(2010, 8, 12), date(2010, 8, 13))


def test_road_fines_notified_in_time(shared_data: Path, repository: Path, tmp_path: Path) -> None:
    """Of those notified, within 90 days 46.0 and 75.1 %, within 150 days 96.0 and 95.8 %."""
    base = load_mapping(repository / "samples" / "road_fines.map.yaml").model_dump(exclude_unset=True)
    shares = []
    for limit in (90, 150):
        notified = {"closed": {"activities": ["Insert Fine Notification"]}, "due": {"days": limit}}
        log = shared_data / "eventlogs" / "road_fines.xes.gz"
        import_baseline(tmp_path, "fast-track", log, f"by-{limit}", build_mapping(base | notified))
        for cohort in ("before", "after"):
            cases = load_baseline(tmp_path, f"by-{limit}:{cohort}").cases.drop_nulls("closed")
            shares.append(round(100 * float((cases["closed"] <= cases["due"]).sum()) / cases.height, 1))
    assert shares == [46.0, 75.1, 96.0, 95.8]


def test_road_fines_come_back_from_our_own_export(fines: Fines, tmp_path: Path) -> None:
    """A year of fines, exported as XES and read again, gives equal tables."""
    data = load_baseline(fines[0], "fines:after")
    export(data, tmp_path / "after.xes")
    read_log(tmp_path / "after.xes", OUR_EXPORT, tmp_path)
    assert_frame_equal(pl.read_parquet(tmp_path / "cases.parquet"), data.cases)
    assert_frame_equal(pl.read_parquet(tmp_path / "steps.parquet"), data.steps)


def test_road_fines_are_imported_in_less_than_200_megabytes(shared_data: Path, tmp_path: Path) -> None:
    """Of the whole process, start and libraries included."""
    program = (
        "import sys; from pathlib import Path;"
        "from perintis.doors.baselines import import_baseline; from perintis.doors.importers.mapping import Mapping;"
        "import_baseline(Path(sys.argv[2]), 'p', Path(sys.argv[1]), 'fines', Mapping());"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    log = shared_data / "eventlogs" / "road_fines.xes.gz"
    done = subprocess.run(
        [sys.executable, "-c", program, str(log), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 200 * 1024


def test_a_truncated_real_log_is_refused(shared_data: Path, tmp_path: Path) -> None:
    """Half of the file would have given half of the cases."""
    whole = (shared_data / "eventlogs" / "receipt.xes.gz").read_bytes()
    (tmp_path / "half.xes.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match=r"half\.xes\.gz: the gzip file is cut off"):
        import_file(tmp_path / "half.xes.gz", tmp_path)


def test_h2b_sample_by_fiscal_year(repository: Path, tmp_path: Path) -> None:
    """From received to decided, 2014 to 2016: median 14 to 67 days, 90th percentile 28 to 92."""
    samples = repository / "samples"
    manifest = import_baseline(
        tmp_path, "fast-track", samples / "h2b.csv.gz", "h2b", load_mapping(samples / "h2b.map.yaml")
    )
    assert (manifest.cases, manifest.rejected, manifest.open_cases) == (46_302, 0, 136)
    years = [load_baseline(tmp_path, f"h2b:{year}") for year in (2014, 2016)]
    assert [days(year).median() for year in years] == [14, 67]
    assert [days(year).quantile(0.9, "higher") for year in years] == [28, 92]
    assert not years[0].has_steps


def test_the_sample_is_the_h2b_part_of_the_source(repository: Path, shared_data: Path, tmp_path: Path) -> None:
    """Filtering the whole file on its program gives the same tables as the sample."""
    mapping = load_mapping(repository / "samples" / "h2b.map.yaml").model_dump(exclude_unset=True)
    whole = import_file(
        shared_data / "immigration" / "h2_cases.csv.gz", tmp_path, **mapping, only={"program": ["H-2B"]}
    )
    sample = import_file(repository / "samples" / "h2b.csv.gz", tmp_path, **mapping)
    assert_frame_equal(whole.cases, sample.cases)
    assert whole.read.filtered == 79_376 - 46_302
    with gzip.open(repository / "samples" / "h2b.csv.gz", "rt") as lines:
        assert sum(1 for _ in lines) == 46_303
