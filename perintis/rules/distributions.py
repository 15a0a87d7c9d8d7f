"""How long something takes: distributions that turn one number between 0 and 1 into one value.

Sampling goes through the inverse of the distribution function, so the same draw gives a comparable value in two
processes: a case that is slow in one is slow in the other. That is what makes a comparison of rehearsals sharp.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Sampler = Callable[[float], float]
"""A draw strictly between 0 and 1 in, a value out."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)


class Lognormal(BaseModel):
    """Half of all values lie below `median`, nine in ten below `p90`."""

    model_config = STRICT
    median: Positive
    p90: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.p90 < self.median:
            raise ValueError("p90 must not be below the median")
        return self


class Triangular(BaseModel):
    """Values from `low` to `high`, most often near `mode`."""

    model_config = STRICT
    low: NotNegative
    mode: NotNegative
    high: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (self.low <= self.mode <= self.high and self.low < self.high):
            raise ValueError("low, mode and high must follow each other")
        return self


class Uniform(BaseModel):
    """Any value from `low` to `high` is as likely as any other."""

    model_config = STRICT
    low: NotNegative
    high: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError("high must not be below low")
        return self


class Distribution(BaseModel):
    """Exactly one of the five shapes; `exponential` is its mean. A bare number in a file is a constant."""

    model_config = STRICT
    constant: NotNegative | None = None
    exponential: Positive | None = None
    lognormal: Lognormal | None = None
    triangular: Triangular | None = None
    uniform: Uniform | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, given: object) -> object:
        return {"constant": given} if isinstance(given, (int, float)) else given

    @model_validator(mode="after")
    def _one(self) -> Self:
        exactly_one(self)
        return self

    def sampler(self) -> Sampler:
        """The inverse of the distribution function."""
        if self.constant is not None:
            value = float(self.constant)
            return lambda u: value
        if self.exponential is not None:
            mean = self.exponential
            return lambda u: -mean * math.log(u)
        if self.lognormal is not None:
            return _lognormal(self.lognormal)
        if self.triangular is not None:
            return _triangular(self.triangular)
        assert self.uniform is not None
        low, width = self.uniform.low, self.uniform.high - self.uniform.low
        return lambda u: low + u * width


def _lognormal(shape: Lognormal) -> Sampler:
    mu = math.log(shape.median)
    sigma = (math.log(shape.p90) - mu) / _Z90
    inverse, exp = _NORMAL.inv_cdf, math.exp
    return lambda u: exp(mu + sigma * inverse(u))


def _triangular(shape: Triangular) -> Sampler:
    low, mode, high = shape.low, shape.mode, shape.high
    turn = (mode - low) / (high - low)

    def sample(u: float) -> float:
        if u < turn:
            return low + math.sqrt(u * (high - low) * (mode - low))
        return high - math.sqrt((1 - u) * (high - low) * (high - mode))

    return sample


def exactly_one(model: BaseModel) -> str:
    """The name of the one field of `model` that is given; ValueError where none or several are."""
    given = [name for name in type(model).model_fields if getattr(model, name) is not None]
    if len(given) != 1:
        names = ", ".join(type(model).model_fields)
        raise ValueError(f"give exactly one of {names}")
    return given[0]
