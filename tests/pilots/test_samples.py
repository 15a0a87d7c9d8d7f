"""The sample files: a thousand applications that can be made again, and the faults that the other file promises."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from perintis.faces.testing.made_up import applications_csv
from perintis.words.errors import BadInput
from pilots.fast_track import PILOT
from pilots.fast_track.application import Application


def faults(row: dict[str, str]) -> set[str]:
    """The fields that an application may not be taken in with."""
    try:
        Application.model_validate({name: cell for name, cell in row.items() if cell})
    except ValidationError as error:
        return {str(e["loc"][0]) for e in error.errors(include_input=False)}
    return set()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_sample_can_be_made_again(repository: Path) -> None:
    """As samples/README.md says, to the last character."""
    shipped = (repository / "samples" / "applications.csv").read_text("utf-8")
    assert shipped == applications_csv(PILOT, count=1000, seed=2026, first=100_001)


def test_a_thousand_applications_are_good(repository: Path) -> None:
    """Every row is an application, and no reference occurs twice."""
    sample = rows(repository / "samples" / "applications.csv")
    assert [faults(row) for row in sample] == [set()] * 1000
    assert len({row["reference"] for row in sample}) == 1000


def test_the_bad_sample_has_the_faults_that_it_is_said_to_have(repository: Path) -> None:
    """By line of the file, the header being the first; the repeated reference in line 6 shows only beside line 2."""
    bad = rows(repository / "samples" / "applications_bad.csv")
    found = {line: faults(row) for line, row in enumerate(bad, start=2)}
    assert {line: fields for line, fields in found.items() if fields} == {
        3: {"sponsor_nik"},
        4: {"date_of_birth"},
        5: {"office"},
        7: {"category"},
        8: {"employer", "occupation"},
        9: {"sponsor_nik"},
        10: {"reference"},
        11: {"citizenship", "documents"},
    }
    assert bad[0]["reference"] == bad[4]["reference"]
    assert bad[0] != bad[4]


def test_a_pilot_that_makes_nothing_up_says_so() -> None:
    """Not every pilot can be tried with made-up applications."""
    with pytest.raises(BadInput, match="does not say how to make up an application"):
        applications_csv(replace(PILOT, made_up=None), count=1, seed=1)
