"""S-1: the same process before and after; because many pilot cases are still open, the closed ones look faster."""

from __future__ import annotations

import numpy as np

from perintis.rules.statistics.clusters import Clustering
from perintis.rules.statistics.effect import Units
from simulations.check import TYPE_ONE, Check, Figure, Floats, mean, near, rate
from simulations.cohorts import judged, mean_effect, one_office_a_case, rmst_effect
from simulations.lognormal import TAU, lead_times, restricted_mean

CASES, INTAKE_DAYS = 300, 90.0


def snapshot(rng: np.random.Generator, size: int, factor: float = 1.0) -> tuple[Floats, Floats]:
    """Lead times of a pilot cohort and how long each case has been watched on day 90."""
    return lead_times(rng, (size,), factor), rng.uniform(0, INTAKE_DAYS, size)


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """300 finished baseline cases against 300 pilot cases that came in over the last 90 days."""
    units = one_office_a_case(CASES, CASES)
    truth = restricted_mean()
    rows = np.array([_one(rng, truth, units) for _ in range(repetitions)]).T
    closed, naive_change, naive_alarm, rmst_change, rmst_alarm, matured_alarm = rows
    unbiased = (-0.004, 0.004)
    return (
        mean("share of pilot cases closed", closed, near(0.69, 0.03), 0.69),
        mean("change seen in closed cases", naive_change, unbiased, -0.356, control=True),
        rate("false alarms of closed cases", naive_alarm, TYPE_ONE, 1.0, control=True),
        mean("change of the mean within tau", rmst_change, unbiased, 0.001),
        rate("false alarms of the mean within tau", rmst_alarm, TYPE_ONE, 0.052),
        rate("false alarms of matured cases", matured_alarm, TYPE_ONE, 0.0475),
    )


def _one(rng: np.random.Generator, truth: float, units: Units) -> tuple[float, ...]:
    """Share closed; change and false alarm of closed cases, of the mean within tau; false alarm of matured cases."""
    pilot, watched = snapshot(rng, CASES)
    before = lead_times(rng, (CASES,))
    done, old = pilot <= watched, watched >= TAU
    of_closed = mean_effect(np.concatenate([pilot[done], before]), one_office_a_case(int(done.sum()), CASES))
    seen, ended = np.concatenate([np.minimum(pilot, watched), before]), np.concatenate([done, before < np.inf])
    effect = rmst_effect(seen, ended, units, TAU)
    matured = np.minimum(np.concatenate([pilot[old], before]), TAU)
    of_matured = mean_effect(matured, one_office_a_case(int(old.sum()), CASES))
    alarms = [judged(each, Clustering.NONE).p < 0.05 for each in (of_closed, effect, of_matured)]
    return done.mean(), of_closed.estimate / before.mean(), alarms[0], effect.estimate / truth, alarms[1], alarms[2]


CHECK = Check("S-1", "Open cases: the closed ones look faster though nothing changed", run, 10000)
