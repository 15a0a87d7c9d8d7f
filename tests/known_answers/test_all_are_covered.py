"""Every known answer has a test that reproduces it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

R_DATA = "known_answers/test_data_from_r.py"
REPRODUCED = {
    "S1": "rules/statistics/test_restricted_mean.py", "S2": "rules/statistics/test_restricted_mean.py",
    "S3": R_DATA, "S4": R_DATA, "S5": "rules/statistics/test_restricted_mean.py",
    "S6": "known_answers/test_rossi.py",
    "P1": "rules/statistics/test_proportions.py", "P2": "rules/statistics/test_proportions.py",
    "P3": "rules/statistics/test_proportions.py", "P4": "rules/statistics/test_proportions.py",
    "P5": "rules/statistics/test_contingency.py", "P6": "rules/statistics/test_contingency.py",
    "R1": "rules/statistics/test_ranks.py", "R3": "rules/statistics/test_ranks.py",
    "B1": "rules/statistics/test_e_values.py", "M1": "rules/statistics/test_multiplicity.py",
    "G1": "rules/statistics/test_ratios.py", "G2": "rules/sequential/test_always_valid.py",
    "Q1": "rules/sequential/test_mixtures.py", "Q2": "rules/sequential/test_mixtures.py",
    "Q3": "rules/sequential/test_mixtures.py", "Q4": "rules/sequential/test_spending.py",
    "Q5": "rules/sequential/test_spending.py", "W1": "rules/statistics/test_ratios.py",
    "E1": "rules/statistics/test_e_values.py", "C2": "rules/designs/test_prais_winsten.py",
    "D1": "rules/designs/test_comparison_offices.py", "D2": "rules/designs/test_comparison_offices.py",
    "D4": R_DATA, "D5": "known_answers/test_california.py",
    "O1": "rules/designs/test_parallel_cohorts.py", "O3": "rules/statistics/test_rate_ratios.py",
    "I1": "rules/statistics/test_satisfaction_index.py", "I2": "rules/statistics/test_satisfaction_index.py",
    "T1": "rules/test_calendar.py", "X2": "known_answers/test_patients.py", "X3": "rules/process/test_earth_mover.py",
    "X4": "rules/statistics/test_queue_rules.py", "X5": "rules/designs/test_stepped_wedge.py",
}  # fmt: skip
NOT_HERE = {}


def test_each_test_that_is_named_exists(repository: Path) -> None:
    """No answer is claimed by a file that is gone."""
    missing = {name for name in REPRODUCED.values() if not (repository / "tests" / name).is_file()}
    assert not missing


def test_no_known_answer_is_forgotten(repository: Path) -> None:
    """The list of the method's reference file, where that is at hand."""
    file = repository.parent / "shared" / "known_answers.json"
    if not file.is_file():
        pytest.skip("needs ../shared/known_answers.json, which does not ship with the product")
    listed = {case["id"] for case in json.loads(file.read_text("utf-8"))["cases"]}
    assert listed == REPRODUCED.keys()
