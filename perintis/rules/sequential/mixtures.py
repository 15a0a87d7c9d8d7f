"""Bounds that hold at all times at once, from mixtures of supermartingales.

`s` is a sum of centred outcomes and `v` its intrinsic time (accumulated variance); a bound at level alpha is crossed at
any time at all with chance at most alpha. Source: Howard, Ramdas, McAuliffe and Sekhon 2021, "Time-uniform,
nonparametric, nonasymptotic confidence sequences", sections 3.2 and 5; their program confseq gives the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, log_ndtr

from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

_EDGE = 1e-12


def best_rho(v: float, alpha: float) -> float:
    """The parameter that makes the two-sided normal bound tightest at intrinsic time `v`."""
    budget = 2 * math.log(1 / alpha)
    return v / (budget + math.log(1 + budget))


def best_rho_one_sided(v: float, alpha: float) -> float:
    """The same for the one-sided bound."""
    return best_rho(v, 2 * alpha)


@dataclass(frozen=True)
class NormalMixture:
    """The two-sided normal mixture with parameter `rho`."""

    rho: float

    def log_mixture(self, s: float, v: float) -> float:
        """The logarithm of the mixture supermartingale at (s, v)."""
        total = v + self.rho
        return 0.5 * math.log(self.rho / total) + s * s / (2 * total)

    def bound(self, v: float, alpha: float) -> float:
        """The bound on |s| at intrinsic time `v`."""
        total = v + self.rho
        return math.sqrt(total * (math.log(total / self.rho) + 2 * math.log(1 / alpha)))


@dataclass(frozen=True)
class OneSidedNormalMixture:
    """The one-sided normal mixture: a bound on s from above only."""

    rho: float

    def log_mixture(self, s: float, v: float) -> float:
        """The logarithm of the mixture supermartingale at (s, v)."""
        total = v + self.rho
        return 0.5 * math.log(4 * self.rho / total) + s * s / (2 * total) + float(log_ndtr(s / math.sqrt(total)))

    def bound(self, v: float, alpha: float) -> float:
        """The bound on s at intrinsic time `v`."""
        return _first_above(lambda s: self.log_mixture(s, v), math.log(1 / alpha), math.sqrt(v + self.rho))


@dataclass(frozen=True)
class BetaBinomialMixture:
    """The two-sided mixture for outcomes that lie at most `g` below and `h` above their mean."""

    g: float
    h: float
    rho: float

    def log_mixture(self, s: float, v: float) -> float:
        """The logarithm of the mixture supermartingale at (s, v); v = g h times the number of outcomes."""
        g, h = self.g, self.h
        above, below = (v / h + s) / (g + h), (v / g - s) / (g + h)
        a, b = self._prior(g), self._prior(h)
        likelihood = v / (g * h) * math.log(g + h) - above * math.log(g) - below * math.log(h)
        return likelihood + float(betaln(b + above, a + below) - betaln(b, a))

    def bound(self, v: float, alpha: float) -> float:
        """The bound on s at intrinsic time `v`; v / g, the largest possible s, where no bound is smaller."""
        largest = v / self.g
        wanted = math.log(1 / alpha)
        if self.log_mixture(largest, v) <= wanted:
            return largest
        return _bisect(lambda s: self.log_mixture(s, v), wanted, 0.0, largest)

    def _prior(self, side: float) -> float:
        return max(self.rho - self.g * self.h, 1e-3 * self.g * self.h) / (side * (self.g + self.h))


def share_interval(
    successes: int, trials: int, alpha: float = 0.05, best_at: float | None = None
) -> tuple[float, float]:
    """The interval for a share that may be read after any case.

    It is tightest after `best_at` cases (a hundred where none is given). Each share that the cases do not refute at the
    level alpha is inside. Raises BadInput where the counts do not fit.
    """
    if trials <= 0 or not 0 <= successes <= trials:
        raise BadInput(f"{successes} of {trials} is no share; give counts with 0 <= successes <= trials and trials > 0")
    expected = best_at or 100

    def evidence(p: float) -> float:
        spread = p * (1 - p)
        mixture = BetaBinomialMixture(p, 1 - p, best_rho(expected * spread, alpha))
        return mixture.log_mixture(successes - trials * p, trials * spread)

    seen, wanted = successes / trials, math.log(1 / alpha)
    low = _refuted_from(evidence, wanted, seen, _EDGE)
    high = _refuted_from(evidence, wanted, seen, 1 - _EDGE)
    return (0.0 if low is None else low), (1.0 if high is None else high)


def share_intervals(
    successes: Floats, trials: Floats, alpha: float = 0.05, best_at: float = 100
) -> tuple[Floats, Floats]:
    """`share_interval` of many days at once; both of shape (days,), all with at least one case."""
    seen, wanted = successes / trials, math.log(1 / alpha)

    def evidence(p: Floats) -> Floats:
        g, h = p, 1 - p
        v, s = trials * g * h, successes - trials * p
        budget = 2 * math.log(1 / alpha)
        spare = np.maximum(best_at * g * h / (budget + math.log(1 + budget)) - g * h, 1e-3 * g * h)
        a, b = spare / g, spare / h
        likelihood = -(v / h + s) * np.log(g) - (v / g - s) * np.log(h)
        found: Floats = likelihood + betaln(b + v / h + s, a + v / g - s) - betaln(b, a)
        return found

    return _ends(evidence, wanted, seen, _EDGE), _ends(evidence, wanted, seen, 1 - _EDGE)


def _ends(evidence: Callable[[Floats], Floats], wanted: float, seen: Floats, edge: float) -> Floats:
    """By day, the first share from `seen` towards `edge` that is refuted; the edge of all shares where none is."""
    outside = np.full(len(seen), edge)
    certain = (np.abs(seen - edge) <= _EDGE) | (evidence(outside) < wanted)
    inside = np.clip(seen, _EDGE, 1 - _EDGE)
    for _ in range(60):
        middle = (inside + outside) / 2
        refuted = evidence(middle) >= wanted
        outside, inside = np.where(refuted, middle, outside), np.where(refuted, inside, middle)
    found: Floats = np.where(certain, round(edge), outside)
    return found


def _refuted_from(evidence: Callable[[float], float], wanted: float, seen: float, edge: float) -> float | None:
    """The first share from `seen` towards `edge` that is refuted; None where none is."""
    if abs(seen - edge) <= _EDGE or evidence(edge) < wanted:
        return None
    return _bisect(evidence, wanted, seen, edge)


def _first_above(value: Callable[[float], float], wanted: float, step: float) -> float:
    high = step
    while value(high) < wanted:
        high *= 2
    return _bisect(value, wanted, 0.0, high)


def _bisect(value: Callable[[float], float], wanted: float, below: float, above: float) -> float:
    """Where a function that grows from `below` to `above` reaches `wanted`; it must do so between the two."""
    for _ in range(100):
        middle = (below + above) / 2
        below, above = (middle, above) if value(middle) < wanted else (below, middle)
    return (below + above) / 2
