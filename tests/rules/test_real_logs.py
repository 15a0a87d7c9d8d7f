"""Published and hand-checked figures of real logs come out of the metrics and the comparison."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from perintis.rules.comparison import Comparison, compare
from perintis.rules.figures import Figures
from perintis.rules.metrics import LEAD_TIME, SERVICE_LEVEL_MET
from perintis.words.tables import DataSet, Grade
from tests.rules.small_tables import CASE_TYPES, STEP_TYPES

CHANNELS = ("Internet", "Desk", "Post", "e-mail")


def as_data_set(name: str, cases: pl.DataFrame, read: datetime, **about: str) -> DataSet:
    """A data set of cases without steps; columns that are absent are null."""
    missing = [pl.lit(None, dtype=kind).alias(key) for key, kind in CASE_TYPES.items() if key not in cases.columns]
    return DataSet(name, cases.with_columns(missing), pl.DataFrame(schema=STEP_TYPES), read, Grade.MEASURED, **about)


@pytest.fixture(scope="module")
def receipt(shared_data: Path) -> pl.DataFrame:
    """One row a case of the environmental permits of a Dutch municipality, doi 10.4121/uuid:a07386a5."""
    log = pl.read_csv(shared_data / "eventlogs" / "receipt.csv.gz")
    times = ["case:startdate", "case:enddate", "case:deadline", "time:timestamp"]
    log = log.with_columns(
        pl.coalesce(
            pl.col(name).str.to_datetime(pattern, time_zone="UTC", time_unit="us", strict=False)
            for pattern in ("%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%:z")
        ).alias(name)
        for name in times
    )
    return log.group_by(pl.col("case:concept:name").alias("case")).agg(
        pl.col("case:channel", *times[:3]).first(),
        pl.col("time:timestamp").min().alias("first"),
        pl.col("time:timestamp").max().alias("last"),
    )


def by_channel(comparison: Comparison, metric: str) -> dict[str, Figures]:
    found = {g.value: next(m.a for m in g.metrics if m.metric.name == metric) for g in comparison.groups}
    return {name: figures for name in CHANNELS if isinstance(figures := found[name], Figures)}


def test_receipt_span_of_events_by_channel(receipt: pl.DataFrame) -> None:
    """Median days from first to last event: Internet 0.02, desk 0.78, post 4.06, e-mail 0.02."""
    cases = receipt.rename({"first": "opened", "last": "closed"})
    data = as_data_set("receipt", cases, datetime(2012, 1, 24, tzinfo=UTC))
    found = by_channel(compare(data, data, by="case:channel", metrics=[LEAD_TIME], resamples=200), "lead_time")
    assert {name: f.cases for name, f in found.items()} == {"Internet": 1250, "Desk": 109, "Post": 53, "e-mail": 21}
    medians = [round(f.statistics["median"].value or 0, 2) for f in found.values()]
    assert medians == [0.02, 0.78, 4.06, 0.02]
    assert found["e-mail"].statistics["median"].reason == "21 cases; 30 are needed for an interval"


def test_receipt_finished_by_the_deadline(receipt: pl.DataFrame) -> None:
    """75.0, 64.2, 67.9 and 61.9 % count the 105 open cases as in time; once the deadline has passed they are late.

    Ours speaks of cases whose deadline had passed when the log ended, and counts those still open as late.
    """
    cases = receipt.rename({"case:startdate": "opened", "case:enddate": "closed", "case:deadline": "due"})
    shares = cases.group_by("case:channel").agg((pl.col("closed") <= pl.col("due")).fill_null(True).mean())
    naive = dict(shares.iter_rows())
    assert [round(100 * naive[name], 1) for name in CHANNELS] == [75.0, 64.2, 67.9, 61.9]

    data = as_data_set("receipt", cases, datetime(2012, 1, 24, tzinfo=UTC))
    found = by_channel(compare(data, data, by="case:channel", metrics=[SERVICE_LEVEL_MET]), "service_level_met")
    met = [round(100 * (f.statistics["mean"].value or 0), 1) for f in found.values()]
    assert met == [69.7, 63.0, 67.3, 61.9]
    assert [f.used for f in found.values()] == [1160, 108, 52, 21]


def test_h2b_days_from_received_to_decided(shared_data: Path) -> None:
    """FY2014 to FY2016: median 14 to 67 days, 90th percentile 28 to 92, and a warning that the clock changed.

    Source: US Department of Labor, H-2B disclosure files.
    """
    file = shared_data / "immigration" / "h2_cases.csv.gz"
    day = pl.col("received", "decided").str.to_datetime("%Y-%m-%d", time_zone="UTC", time_unit="us")
    cases = pl.read_csv(file).filter(program="H-2B").with_columns(day)
    cases = cases.rename({"case_number": "case", "received": "opened", "decided": "closed"})
    year = {
        fy: as_data_set(
            f"H-2B {fy}",
            cases.filter(fy=fy).select("case", "opened", "closed", outcome="status"),
            datetime(fy, 12, 31, tzinfo=UTC),
            clock=clock,
        )
        for fy, clock in ((2014, "registration received to decided"), (2016, "application received to decided"))
    }
    result = compare(year[2014], year[2016])
    lead = result.metric("lead_time")
    assert isinstance(lead.a, Figures)
    assert isinstance(lead.b, Figures)
    assert [f.statistics["median"].value for f in (lead.a, lead.b)] == [14, 67]
    assert [f.statistics["p90"].value for f in (lead.a, lead.b)] == [28, 92]
    gap = lead.difference["median"]
    assert gap.value == 53
    assert gap.low is not None
    assert gap.low > 45
    assert result.warnings[0].code == "different_clocks"
