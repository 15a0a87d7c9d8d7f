"""S-6: offices start one after the other and effects grow. Two-way fixed effects answer another question."""

from __future__ import annotations

import numpy as np

from perintis.rules.designs.group_time import Average, averaged, group_times, jackknife_error, weights_for
from perintis.rules.designs.office_periods import NEVER, Pattern
from perintis.rules.designs.stepped_wedge import fit_exposure
from simulations.check import Check, Figure, Floats, Whole, mean, near, rate

SEQUENCES, EACH, PERIODS = 6, 3, 7
TREND, OFFICE, CELL, CASES = -0.03, 0.20, 0.06, 30
CONSTANT, GROWTH = -0.15, -0.05
WITHIN = 0.9**2
T_CRITICAL = 2.1199
"""Student's t, 18 - 2 degrees of freedom."""

PERIOD = np.arange(PERIODS, dtype=np.int64)
EXPOSURE_TARGET = GROWTH * (SEQUENCES + 1) / 2
"""Growing effects averaged over the times since the start, each alike."""

SIMPLE_TARGET = GROWTH * 8 / 3
"""Growing effects averaged over all cells with the pilot."""

WITH_CONTROLS_TARGET = GROWTH * 7 / 3
"""The same without the last period, in which every office has started."""


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """18 offices in six steps over seven periods, everything getting faster by itself by .03 a period (log scale).

    The exposure-time model takes a tenth of a second a fit and gets a tenth of the repetitions, the error that leaves
    out one office at a time a quarter.
    """
    few = max(repetitions // 10, 5)
    constant = np.array([_estimates(*draw(rng, CONSTANT, 0.0)) for _ in range(repetitions)])
    judged = np.array([_with_error(*draw(rng, CONSTANT, 0.0)) for _ in range(max(repetitions // 4, 5))])
    growing = np.array([_estimates(*draw(rng, 0.0, GROWTH)) for _ in range(repetitions)])
    never = np.array([_estimates(*draw(rng, 0.0, GROWTH, never=6)) for _ in range(repetitions)])
    model = np.array([_exposure_model(*draw(rng, CONSTANT, 0.0)) for _ in range(few)])
    model_growing = np.array([_exposure_model(*draw(rng, 0.0, GROWTH)) for _ in range(few)])
    covered, covered_model = (abs(row[:, 0] - CONSTANT) <= T_CRITICAL * row[:, 1] for row in (judged, model))
    same, simple = near(CONSTANT, 0.005), near(SIMPLE_TARGET, 0.006)
    return (
        mean("constant: with minus without the pilot", constant[:, 1], same, -0.229, control=True),
        mean("constant: two-way fixed effects", constant[:, 2], same, -0.15),
        mean("constant: group-time effects", constant[:, 0], same, -0.15),
        mean("constant: exposure-time model", model[:, 0], same, -0.15),
        rate("constant: coverage of group-time effects", covered, (0.93, 0.99)),
        rate("constant: coverage of the exposure-time model", covered_model, (0.92, 0.98)),
        mean("growing, truth -.133: two-way fixed effects", growing[:, 2], simple, -0.025, control=True),
        mean("growing, with controls -.117: group-time", growing[:, 0], near(WITH_CONTROLS_TARGET, 0.006), -0.117),
        mean("growing, by exposure -.175: exposure-time model", model_growing[:, 0], near(EXPOSURE_TARGET, 0.008)),
        mean("growing, 6 never start, -.133: group-time", never[:, 0], simple, -0.1325),
    )  # fmt: skip


def draw(rng: np.random.Generator, constant: float, growth: float, never: int = 0) -> tuple[Floats, Whole]:
    """Means of offices by period and the period in which each starts."""
    group = np.concatenate([np.repeat(np.arange(1, SEQUENCES + 1), EACH), np.full(never, NEVER)])
    exposure = np.maximum(PERIOD[None, :] - group[:, None] + 1, 0)
    effect = constant * (exposure > 0) + growth * exposure
    size = (len(group), PERIODS)
    noise = CELL * rng.standard_normal(size) + np.sqrt(WITHIN / CASES) * rng.standard_normal(size)
    return OFFICE * rng.standard_normal((len(group), 1)) + TREND * PERIOD + effect + noise, group


def _estimates(means: Floats, group: Whole) -> tuple[float, ...]:
    """The average of group-time effects; the naive difference; two-way fixed effects."""
    treated = PERIOD[None, :] >= group[:, None]
    unused = np.zeros(means.shape, dtype=bool)
    times = group_times(means, PERIOD, group, unused)
    overall = averaged(times.found, weights_for(times.found, group, Average.SIMPLE), means)
    naive = float(means[treated].mean() - means[~treated].mean())
    two_way = two_way_fixed_effects(means, treated.astype(np.float64))
    return overall.estimate, naive, two_way


def _with_error(means: Floats, group: Whole) -> tuple[float, float]:
    """The average of group-time effects with the error that the product takes for groups of three offices."""
    unused = np.zeros(means.shape, dtype=bool)
    times = group_times(means, PERIOD, group, unused)
    overall = averaged(times.found, weights_for(times.found, group, Average.SIMPLE), means)
    left_out = jackknife_error(means, PERIOD, group, unused, Average.SIMPLE, False)
    return overall.estimate, max(overall.error, left_out or 0.0)


def _exposure_model(means: Floats, group: Whole) -> tuple[float, float]:
    """The average over exposure times of the mixed model, and its error."""
    patterns = [Pattern(int(start), np.zeros(PERIODS, dtype=bool)) for start in group]
    fit = fit_exposure(means, np.full(means.shape, float(CASES)), PERIOD, patterns, WITHIN)
    if fit is None:
        raise AssertionError("the exposure model was not determined")
    return fit.estimate, fit.error


def two_way_fixed_effects(means: Floats, treated: Floats) -> float:
    """The coefficient of treatment beside indicators of offices and periods: the wrong way."""

    def without(cells: Floats) -> Floats:
        found: Floats = cells - cells.mean(axis=1, keepdims=True) - cells.mean(axis=0, keepdims=True) + cells.mean()
        return found

    left = without(treated)
    return float((left * means).sum() / (left * left).sum())


CHECK = Check(
    "S-6", "Offices that start in turn, effects that grow: two-way fixed effects mislead", run, 2000, short=40
)
