"""Sizes as a verdict says them: few digits, the unit beside, and never an exponent."""

from __future__ import annotations

import pytest

from perintis.rules.verdict.reasons import amount


@pytest.mark.parametrize(
    ("value", "metric", "said"),
    [
        (4.21, "lead_time", "4.2 days"),
        (0.997, "lead_time", "1 day"),
        (99.7, "lead_time", "100 days"),
        (999.7, "lead_time", "1,000 days"),
        (1234.0, "lead_time", "1,234 days"),
        (0.997, "error_rate", "100 percentage points"),
        (-0.0001, "error_rate", "-0.01 percentage points"),
    ],
)
def test_a_size_with_its_unit(value: float, metric: str, said: str) -> None:
    """Two digits, three from a hundred on; shares in percentage points."""
    assert amount(value, metric) == said
