"""A plain 95 % interval around a figure, for what no look adjusts."""

from __future__ import annotations

from perintis.rules.evaluation.parts import Between, Figure
from perintis.rules.sequential.looks import t_bound

Z95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def with_interval(value: float, error: float, df: float | None) -> Figure:
    """The figure with its t interval; normal where `df` is None."""
    half = t_bound(Z95, df) * error
    return Figure(value=value, interval=Between(low=value - half, high=value + half))
