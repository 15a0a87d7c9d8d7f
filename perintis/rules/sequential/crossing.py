"""How likely a trial is to cross its bounds at each look, by recursive numerical integration.

At look k the standardised effect Z_k is watched through S_k = Z_k * sqrt(t_k), which moves like Brownian motion: over
information t it gains a normal amount with mean `drift` * t and variance t. The density of S among trials still running
is carried from look to look with Gauss-Legendre nodes.
Source: Armitage, McPherson and Rowe 1969; Jennison and Turnbull 2000, chapter 19.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_GAIN = 1e-4
"""The least information between two looks that the integration resolves, as a fraction of what is planned."""

FAR = 9.0
"""Where a bound is wider than this many standard errors, the density beyond it is below 1e-18 and is left out."""


@dataclass(frozen=True, eq=False)
class Running:
    """The density of S among trials still running at information `at`: `mass` (density times weight) at `nodes`."""

    at: float
    nodes: Floats
    mass: Floats

    def above(self, s: float, information: float, drift: float = 0.0) -> float:
        """The chance to run on until `information` and have S above `s` there."""
        return float(self.mass @ ndtr((self.nodes - s + drift * self._gain(information)) / self._spread(information)))

    def below(self, s: float, information: float, drift: float = 0.0) -> float:
        """The chance to run on until `information` and have S below `s` there."""
        return float(self.mass @ ndtr((s - self.nodes - drift * self._gain(information)) / self._spread(information)))

    def on_to(self, information: float, bound: float, drift: float = 0.0) -> Running:
        """Those whose |Z| stays inside `bound` at `information`."""
        root, gain, spread = math.sqrt(information), self._gain(information), self._spread(information)
        middle = float(self.nodes.mean()) + drift * gain
        low = max(-bound * root, float(self.nodes[0]) + drift * gain - FAR * spread)
        high = min(bound * root, float(self.nodes[-1]) + drift * gain + FAR * spread)
        if high <= low:
            return Running(information, np.array([middle]), np.zeros(1))
        nodes, weights = _between(low, high, spread)
        steps = (nodes[:, None] - self.nodes[None, :] - drift * gain) / spread
        density = np.exp(-0.5 * steps * steps) @ self.mass / (spread * math.sqrt(2 * math.pi))
        return Running(information, nodes, density * weights)

    def _gain(self, information: float) -> float:
        return information - self.at

    def _spread(self, information: float) -> float:
        return math.sqrt(information - self.at)


def start(at: float = 0.0, s: float = 0.0) -> Running:
    """A trial at its beginning, or one that stands at `s` after information `at`."""
    return Running(at, np.array([s]), np.ones(1))


def run_on(
    information: Sequence[float], bounds: Sequence[float], drift: float = 0.0, begin: Running | None = None
) -> Running:
    """The trials still running after all these looks with |Z| inside `bounds`."""
    running = begin or start()
    for at, bound in zip(information, bounds, strict=True):
        running = running.on_to(at, bound, drift)
    return running


def exits(
    information: Sequence[float], bounds: Sequence[float], drift: float = 0.0, begin: Running | None = None
) -> tuple[tuple[float, float], ...]:
    """For each look the chance to stop there: (above the upper bound, below the lower one)."""
    running, found = begin or start(), []
    for at, bound in zip(information, bounds, strict=True):
        edge = bound * math.sqrt(at)
        found.append((running.above(edge, at, drift), running.below(-edge, at, drift)))
        running = running.on_to(at, bound, drift)
    return tuple(found)


def bound_for(running: Running, information: float, chance: float) -> float:
    """The two-sided bound on |Z| at `information` that exactly `chance` of all trials would cross there, no effect."""
    low, high, root = 0.0, 60.0, math.sqrt(information)
    for _ in range(46):  # to 1e-12; both sides are alike without an effect
        middle = (low + high) / 2
        if 2 * running.above(middle * root, information) > chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _between(low: float, high: float, spread: float) -> tuple[Floats, Floats]:
    """Nodes and weights on [low, high], dense enough for a normal kernel of that spread."""
    wanted = 24 + 3 * (high - low) / spread
    nodes, weights = _legendre(min(1536, 32 * math.ceil(wanted / 32)))
    half = (high - low) / 2
    return low + half * (nodes + 1), weights * half


@cache
def _legendre(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights
