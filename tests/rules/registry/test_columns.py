"""An extract with other columns than agreed is told column by column, with the name that seems to be meant."""

from __future__ import annotations

import pytest

from perintis.rules.registry.columns import NO_HEADER, agreed, column_faults, nearest
from perintis.rules.registry.settings import Column, Source

SOURCE = Source(
    columns={
        "no_register": Column(fills="record"),
        "periode": Column(fills="period"),
        "nama_lengkap": Column(fills="full_name"),
        "tanggal_lahir": Column(fills="date_of_birth"),
    }
)
AGREED = ["no_register", "periode", "nama_lengkap", "tanggal_lahir"]


def test_the_agreed_columns_in_any_order_have_no_fault() -> None:
    """Order says nothing; spaces around a name do not matter."""
    assert list(column_faults([" tanggal_lahir", *AGREED[:3]], SOURCE)) == []


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (AGREED[:3], "the column 'tanggal_lahir' is missing; add it"),
        ([*AGREED[:3], "Tanggal Lahir"], "'Tanggal Lahir' seems to be meant: rename it to 'tanggal_lahir'"),
        ([*AGREED[:2], "nama_lengkp", "tanggal_lahir"], "'nama_lengkp' seems to be meant"),
        ([*AGREED, "agama"], "the column number 5 (E in a spreadsheet) was not agreed; leave it out"),
        ([*AGREED, "nama_lengkap2"], "the column 'nama_lengkap2' was not agreed; leave it out"),
        ([*AGREED, "nama_lengkap 3171014508900001"], "the column number 5 (E in a spreadsheet) was not agreed"),
        ([*AGREED, "Budi Santoso", "Budi Santoso"], "the column number 5 (E in a spreadsheet) is there twice"),
        ([*AGREED, "periode"], "the column 'periode' is there twice"),
    ],
)
def test_a_fault_is_one_sentence_that_says_what_to_do(columns: list[str], told: str) -> None:
    """Missing, renamed, not agreed, twice."""
    faults = list(column_faults(columns, SOURCE))
    assert told in faults[0]
    assert len(faults) == 1 or columns[-1] == columns[-2]
    assert not any("Budi" in fault or "3171" in fault for fault in faults)


def test_two_renamed_columns_are_not_taken_for_the_same() -> None:
    """Each unknown name is proposed once."""
    faults = list(column_faults(["no_register", "periode", "nama lengkap", "tanggal lahir"], SOURCE))
    assert [("nama lengkap" in f, "tanggal lahir" in f) for f in faults] == [(True, False), (False, True)]


def test_nothing_alike_is_no_proposal() -> None:
    """A guess that far would mislead."""
    assert nearest("nik", ["pemberi_kerja"]) is None


def test_a_file_without_a_header_repeats_nobody() -> None:
    """Its first row is a person's; the sentence must not hold their name."""
    assert list(column_faults(["A1", "2026-03", "Budi Santoso", "1990-04-03"], SOURCE)) == [NO_HEADER]
    by_chance = Source(columns={**SOURCE.columns, "sex": Column(fills="sex"), "nik": Column(fills="nik")} | {
        f"field_{n}": Column(fills=f"f{n}") for n in range(3)})  # fmt: skip
    assert list(column_faults(["A1", "2026-03", "Alex", "Niki", "1990-04-03"], by_chance)) == [NO_HEADER]


def test_only_agreed_columns_are_announced() -> None:
    """What stands above another column may be a person's name."""
    assert agreed([*AGREED, "Budi Santoso"], SOURCE) == AGREED
