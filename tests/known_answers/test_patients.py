"""X2: the log `patients` of bupaR's package eventdataR (MIT, an artificial log), from its file to its figures.

`patients.csv.gz` holds its columns patient, handling, registration_type and time. Counts are those of the package's
documentation; the means were computed from the log itself (`throughput_time`, `processing_time` and `idle_time` of
bupaR, in days).
"""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from perintis.rules.metrics import LEAD_TIME, TOUCH_TIME, WAITING_TIME, Calendars, Metric, View, measure
from perintis.words.tables import DataSet, Grade
from tests.doors.import_kit import Imported, import_bytes

FILE = Path(__file__).with_name("patients.csv.gz")


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The log as `baseline import` reads it."""
    return import_bytes(
        tmp_path_factory.mktemp("patients"), "patients.csv", gzip.decompress(FILE.read_bytes()), case="patient",
        activity="handling", timestamp="time", lifecycle="registration_type", closed={"last_event": True},
    )  # fmt: skip


def test_its_counts(patients: Imported) -> None:
    """500 patients, 5,442 events of 2,721 activities of 7 kinds, in 7 orders."""
    orders = patients.steps.sort("case", "started", maintain_order=True).group_by("case").agg("step")
    assert patients.rejects == []
    assert patients.read.events == 5_442
    assert (patients.cases.height, patients.steps.height) == (500, 2_721)
    assert patients.steps["step"].n_unique() == 7
    assert orders["step"].n_unique() == 7


@pytest.mark.parametrize(
    ("metric", "mean", "median"),
    [(LEAD_TIME, 6.6763, 6.0855), (TOUCH_TIME, 1.1562, None), (WAITING_TIME, 5.5201, None)],
)
def test_its_times(patients: Imported, metric: Metric, mean: float, median: float | None) -> None:
    """Throughput, processing and idle time, to 5e-5 days."""
    until = patients.cases["closed"].max()
    assert isinstance(until, datetime)
    data = DataSet("patients", patients.cases, patients.steps, until, Grade.MEASURED)
    found = measure(metric, View(data, Calendars()))
    assert isinstance(found, pl.DataFrame)
    values = found["value"]
    assert values.mean() == pytest.approx(mean, abs=5e-5)
    if median is not None:
        assert values.median() == pytest.approx(median, abs=5e-5)
