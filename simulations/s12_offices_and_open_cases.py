"""S-12: restricted means where offices differ: the sum of influence values by office carries the error."""

from __future__ import annotations

import numpy as np

from perintis.rules.statistics.clusters import Clustering
from simulations.check import TYPE_ONE, Check, Figure, rate
from simulations.cohorts import judged, rmst_effect, units_of
from simulations.lognormal import TAU, lead_times, office_shifts
from simulations.s01_open_cases import INTAKE_DAYS

OFFICES, CASES, ICC = 15, 50, 0.05


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """15 + 15 offices with 50 cases each that came in over 90 days; no effect."""
    units = units_of((CASES,) * (2 * OFFICES), OFFICES)
    alarms = []
    for _ in range(repetitions):
        shifts, left = office_shifts(rng, (2 * OFFICES,), ICC)
        took = lead_times(rng, (len(units),), office=shifts[units.office], spread=left)
        watched = rng.uniform(0, INTAKE_DAYS, len(units))
        effect = rmst_effect(np.minimum(took, watched), took <= watched, units, TAU)
        alarms.append([judged(effect, by).p < 0.05 for by in (Clustering.NONE, Clustering.OFFICE)])
    cases, offices = np.array(alarms).T
    return (
        rate("false alarms, error of cases", cases, TYPE_ONE, 0.269, control=True),
        rate("false alarms, error of offices", offices, TYPE_ONE, 0.050),
    )


CHECK = Check("S-12", "Open cases in offices that differ: the error must come from offices", run, 10000)
