"""Public records with known persons are linked without labels, at least as well as was promised."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from perintis.doors.linkage.linking import link_records
from perintis.rules.linkage.measures import Quality, pair_quality_of_clusters
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role

FEBRL = {
    "given_name": Role.GIVEN_NAME,
    "surname": Role.FAMILY_NAME,
    "date_of_birth": Role.DATE_OF_BIRTH,
    "street_number": Role.HOUSE_NUMBER,
    "address_1": Role.ADDRESS,
    "suburb": Role.PLACE,
    "postcode": Role.POSTCODE,
}
FAKE = {
    "first_name": Role.GIVEN_NAME,
    "surname": Role.FAMILY_NAME,
    "dob": Role.DATE_OF_BIRTH,
    "city": Role.PLACE,
    "email": Role.EMAIL,
}


def linked_quality(frame: pl.DataFrame, record: str, columns: dict[str, Role], person: pl.Expr) -> Quality:
    """Links one source with the defaults and compares its pairs with the truth."""
    linkage = Linkage(columns=tuple(LinkedColumn(name=n, role=r) for n, r in columns.items()), record_id=record)
    linked = link_records({"all": frame.select(record, *columns)}, linkage, threads=1)
    found = dict(linked.persons.select("record", "person").iter_rows())
    return pair_quality_of_clusters(found, dict(frame.select(record, person.alias("person")).iter_rows()))


@pytest.fixture(scope="module")
def records(shared_data: Path) -> Path:
    """The folder with the public records."""
    return shared_data / "linkage"


def test_febrl_1(records: Path) -> None:
    """500 persons with one duplicate each; without their identity number, which would make it easy."""
    frame = pl.read_csv(records / "febrl" / "dataset1.csv", infer_schema=False)
    frame = frame.rename({name: name.strip() for name in frame.columns}).with_columns(pl.all().str.strip_chars())
    quality = linked_quality(frame, "rec_id", FEBRL, pl.col("rec_id").str.split("-").list.get(1))
    assert (quality.f1 or 0) >= 0.97


def test_fake_1000(records: Path) -> None:
    """251 persons in 1,000 records with many errors and gaps, where Splink's own defaults find half of the pairs."""
    frame = pl.read_csv(records / "splink_fake_1000.csv", infer_schema=False)
    quality = linked_quality(frame, "unique_id", FAKE, pl.col("cluster"))
    assert (quality.precision or 0) >= 0.95
    assert (quality.f1 or 0) >= 0.90
