"""Formulas written for many repetitions at once give what the product gives for one."""

from __future__ import annotations

import numpy as np
import pytest

from perintis.rules.statistics.effect import Effect, Units
from perintis.rules.statistics.grouped import Clustering, standard_error
from simulations import s11_peeking_with_offices as peeking


def test_the_clustered_errors_of_the_peeking_check_are_those_of_the_product() -> None:
    """Last day of one repetition: cases of one office and day given their mean, so that sums agree."""
    offices, per_day = 10, peeking.PER_DAY // 10
    sums = peeking.day_office_means(np.random.default_rng(3), 1, offices, 0.05, own=0.3)
    estimate, _, by_office, largest = (part[0, -1] for part in peeking.errors(sums, 1.0))
    grid = np.indices((2, offices, peeking.DAYS, per_day)).reshape(4, -1)
    cohort, office, day = grid[0], grid[1] + offices * grid[0], grid[2]
    value = sums[0, grid[0], grid[1], grid[2]] / per_day
    pilot = cohort == 1
    means = [value[pilot == side].mean() for side in (False, True)]
    psi = np.where(pilot, 1.0, -1.0) * (value - np.where(pilot, means[1], means[0])) / pilot.sum()
    names = tuple(map(str, range(len(pilot))))
    units = Units(names, pilot, office, day, names[: 2 * offices], names[: peeking.DAYS])
    effect = Effect("x", means[1] - means[0], psi, np.ones(len(pilot), bool), units, means[1], means[0], "day")
    assert estimate == pytest.approx(effect.estimate)
    assert by_office == pytest.approx(standard_error(effect, Clustering.OFFICE))
    assert largest == pytest.approx(standard_error(effect, Clustering.BOTH))
