"""Rows of an extract: which are taken, which go back, and of which only a value is left out."""

from __future__ import annotations

import polars as pl
import pytest

from perintis.rules.registry.rows import CheckedRows, check_rows, wrong_month
from perintis.rules.registry.settings import RegistrySettings, read_registry_settings

SETTINGS = read_registry_settings("""
pilot: trial
rejected_at_most: 0.1
link_at: 0.9
review_at: 0.2
codes:
  countries: {IDN: [Indonesia], NLD: [Belanda, Netherlands]}
fields:
  full_name: {kind: name, concept: name, definition: d, exchanged_as: text, linked_as: full name, reason: r}
  born: {kind: date, concept: date, definition: d, exchanged_as: ISO 8601, linked_as: date of birth, reason: r}
  nik: {kind: nik, concept: number, definition: d, exchanged_as: text, linked_as: identity number (NIK), reason: r}
  country: {kind: code, codes: countries, concept: c, definition: d, exchanged_as: text, reason: r}
sources:
  imigrasi:
    columns:
      nomor: {fills: record, required: true}
      bulan: {fills: period, required: true}
      nama: {fills: full_name, required: true}
      lahir: {fills: born, required: true, date_order: day first}
      nik: {fills: nik}
      negara: {fills: country}
""")
GOOD = {"nomor": "A1", "bulan": "2026-03", "nama": "Ir. Budi Santoso", "lahir": "03/04/1990", "nik": "3174010304909001",
        "negara": "Belanda"}  # fmt: skip


def check(*changes: dict[str, str | None], settings: RegistrySettings = SETTINGS) -> CheckedRows:
    """A file of one good row for each change, with that change, numbered from line 2."""
    rows = [{**GOOD, "nomor": f"A{n}", **change} for n, change in enumerate(changes, start=1)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(GOOD, pl.String), orient="row")
    return check_rows(frame.with_row_index("line", 2).cast({"line": pl.Int64}), "imigrasi", settings, "2026-03")


def told(faults: pl.DataFrame) -> list[tuple[int, str, str]]:
    return list(faults.iter_rows())


def test_a_good_row_comes_in_the_form_of_the_data_standard() -> None:
    """Names in capitals without titles, dates as ISO 8601, countries by their code."""
    checked = check({})
    assert checked.rejected_rows == 0
    assert checked.accepted.drop("line").row(0, named=True) == {
        "record": "A1", "full_name": "BUDI SANTOSO", "born": "1990-04-03", "nik": "3174010304909001", "country": "NLD",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"nama": None}, "nama", "is empty"),
        ({"lahir": "31/02/1990"}, "lahir", "has no such day"),
        ({"lahir": "04/23/1990"}, "lahir", "another order than this column is agreed to have"),
        ({"nik": "3,17401E+15"}, "nik", "rounded by a spreadsheet"),
        ({"nik": "3.17401E+15"}, "nik", "scientific notation"),
        ({"bulan": "2026-02"}, "bulan", "is of another month than the extract, which is of 2026-03"),
        ({"nomor": "A1"}, "nomor", "has the number of an earlier row"),
    ],
)
def test_a_row_that_cannot_be_used_goes_back(change: dict[str, str | None], column: str, reason: str) -> None:
    """Line, column and reason; the good row beside it is taken."""
    checked = check({}, change)
    [(line, where, why)] = told(checked.rejected)
    assert (line, where) == (3, column)
    assert reason in why
    assert checked.accepted["record"].to_list() == ["A1"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"nik": "123"}, "16 digits"), ({"negara": "Atlantis"}, "is not in the table of countries")],
)
def test_a_value_that_is_not_required_is_left_out_alone(change: dict[str, str | None], reason: str) -> None:
    """The row is taken without it, and the agency is told."""
    checked = check(change)
    assert checked.rejected_rows == 0
    [(line, _, why)] = told(checked.set_aside)
    assert line == 2
    assert reason in why


def test_a_missing_value_that_is_not_required_is_no_fault() -> None:
    """Not everybody has a NIK."""
    checked = check({"nik": None})
    assert (checked.rejected_rows, checked.set_aside.height) == (0, 0)


def test_no_reason_repeats_a_value() -> None:
    """A file of rejects tells where to look and nothing of the person."""
    checked = check({"lahir": "31/02/1990", "nik": "9876543210123456", "nama": "12345"})
    text = f"{told(checked.rejected)} {told(checked.set_aside)}"
    assert not any(value in text for value in ("1990", "9876543210123456", "12345"))


@pytest.mark.parametrize(
    ("orders", "reason"),
    [(["03/04/1990", "25/04/1990"], None), (["03/04/1990", "25/04/1990", "04/25/1990"], "can be read two ways")],
)
def test_mixed_date_orders_are_told_where_no_order_was_agreed(orders: list[str], reason: str | None) -> None:
    """One order in the column reads every date; two orders leave the ambiguous ones unread."""
    text = SETTINGS.model_dump_json().replace('"date_order":"day first"', '"date_order":null')
    checked = check(*({"lahir": order} for order in orders), settings=RegistrySettings.model_validate_json(text))
    assert [why.startswith(reason) for *_, why in told(checked.rejected)] == ([True] if reason else [])


def test_an_extract_of_another_month_is_known_by_most_of_its_rows() -> None:
    """One stray row is a bad row; most rows are another month's extract."""
    source = SETTINGS.sources["imigrasi"]

    def months(*found: str) -> pl.DataFrame:
        return pl.DataFrame({"bulan": found})

    assert wrong_month(months("2026-02", "2026-02", "2026-03"), source, "2026-03") == "2026-02"
    assert wrong_month(months("2026-02", "2026-03", "2026-03"), source, "2026-03") is None
    assert wrong_month(months("2026-03-01", "2026-03-01"), source, "2026-03") is None  # as a spreadsheet writes a month
