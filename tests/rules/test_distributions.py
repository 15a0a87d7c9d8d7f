"""A distribution turns a draw between 0 and 1 into a value; its quantiles are the ones that were asked for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from perintis.rules.distributions import Distribution

MIDDLE, NINE_IN_TEN = 0.5, 0.9


@pytest.mark.parametrize(
    ("written", "draw", "value"),
    [
        (7, 0.3, 7),
        ({"constant": 7}, 0.9, 7),
        ({"exponential": 10}, 1 / math.e, 10),
        ({"lognormal": {"median": 20, "p90": 45}}, MIDDLE, 20),
        ({"lognormal": {"median": 20, "p90": 45}}, NINE_IN_TEN, 45),
        ({"lognormal": {"median": 20, "p90": 20}}, 0.99, 20),
        ({"uniform": {"low": 2, "high": 6}}, 0.25, 3),
        ({"triangular": {"low": 0, "mode": 1, "high": 2}}, MIDDLE, 1),
        ({"triangular": {"low": 0, "mode": 0, "high": 10}}, 0.75, 5),
    ],
)
def test_quantiles_are_those_that_were_asked_for(written: Any, draw: float, value: float) -> None:
    """The median of a lognormal is its median, its ninetieth percentile its p90, and so on."""
    assert Distribution.model_validate(written).sampler()(draw) == pytest.approx(value)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"constant": 1, "exponential": 2},
        {"lognormal": {"median": 20, "p90": 10}},
        {"triangular": {"low": 3, "mode": 2, "high": 4}},
        {"uniform": {"low": 3, "high": 2}},
        {"exponential": 0},
        -1,
        True,
        {"weibull": 1},
    ],
)
def test_what_is_no_distribution_is_refused(written: Any) -> None:
    """Exactly one shape, with parameters in order and none of them negative."""
    with pytest.raises(ValidationError):
        Distribution.model_validate(written)
