"""S-4: offices are the sample. A test over cases cries wolf; t over offices, CR2 and permutation do not."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.special import ndtr, stdtr

from perintis.rules.statistics.clusters import Clustering
from perintis.rules.statistics.effect import Effect, NoEstimate
from perintis.rules.statistics.grouped import bias_reduced, cells, standard_error
from perintis.rules.statistics.office_tests import office_means, office_t, permutation, smallest_p
from simulations.check import COVERAGE, TYPE_ONE, Check, Figure, Floats, exact, flags, rate
from simulations.cohorts import judged, mean_effect, units_of

ICC, CASES = 0.05, 200


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """No effect with 5, 8, 10 and 12 offices a cohort, and with 6 of unequal size; 3 against 3 cannot be judged."""
    five = _equal(rng, repetitions, 5)
    eight = _equal(rng, repetitions, 8)
    ten = _equal(rng, repetitions, 10)
    twelve = _equal(rng, repetitions, 12)
    unequal = np.array([_tests(draw(rng, uneven_sizes(rng, 12), 6)) for _ in range(repetitions)])
    names = ("error of cases", "CR1 with z", "CR2 with t", "t of office means", "permutation", "the product's interval")
    wrong = (True, True, False, False, False, False)
    five_known = (0.546, 0.110, 0.058, None, 0.056, None)
    found = [
        rate(
            f"5 offices a cohort: {name}",
            five[:, k],
            (0.0, 0.062) if k == 2 else TYPE_ONE,
            five_known[k],
            control=wrong[k],
            weak=k == 1,
        )
        for k, name in enumerate(names)
    ]
    found += [
        rate("10 offices a cohort: error of cases", ten[:, 0], TYPE_ONE, 0.546, control=True),
        rate("10 offices a cohort: t of office means", ten[:, 3], TYPE_ONE, 0.039),
        rate("8 offices a cohort: the product's interval", eight[:, 5], TYPE_ONE),
        rate("12 offices a cohort: coverage of the product's interval", flags(twelve[:, 5] == 0), COVERAGE),
        rate(
            "6 offices of unequal size: CR2 with t of 2G - 2", unequal[:, 2], TYPE_ONE, 0.078, control=True, weak=True
        ),
        rate("6 offices of unequal size: t of office means", unequal[:, 3], TYPE_ONE, 0.050),
        rate("6 offices of unequal size: the product's interval", unequal[:, 5], TYPE_ONE),
        exact("3 against 3 offices: the smallest p of a permutation", smallest_p(3, 3), (0.0999, 0.1001), 0.10),
    ]
    return tuple(found)


def uneven_sizes(rng: np.random.Generator, offices: int, variation: float = 0.8) -> tuple[int, ...]:
    """Cases of each office, with that coefficient of variation around CASES."""
    shape = 1 / variation**2
    return tuple(int(n) for n in np.maximum(5, rng.gamma(shape, CASES / shape, offices)))


def draw(rng: np.random.Generator, sizes: tuple[int, ...], pilot_offices: int) -> Effect:
    """An outcome with spread 1 and intra-office correlation ICC, and no effect."""
    units = units_of(sizes, pilot_offices)
    office = sqrt(ICC) * rng.standard_normal(len(sizes))
    return mean_effect(office[units.office] + sqrt(1 - ICC) * rng.standard_normal(len(units)), units)


def _equal(rng: np.random.Generator, repetitions: int, offices: int) -> Floats:
    return np.array([_tests(draw(rng, (CASES,) * (2 * offices), offices)) for _ in range(repetitions)])


def _tests(effect: Effect) -> tuple[bool, ...]:
    """Whether each of the six finds an effect at .05.

    The permutation by itself is asked for with at most 6 offices a cohort, the product's interval not with 10, where
    each needs 184,756 permutations.
    """
    table = cells(effect, effect.units.office)
    df = float(sum(table.per_cohort) - 2)
    means = office_means(effect, table)
    student = office_t(means)
    shuffled = permutation(means) if df <= 10 else student
    if isinstance(student, NoEstimate) or isinstance(shuffled, NoEstimate):
        raise AssertionError("too few offices were drawn")  # noqa: TRY004 - a value, not a type, is wrong
    size = abs(effect.estimate)
    reduced = bias_reduced(table)[0]
    return (
        2 * float(ndtr(-size / standard_error(effect, Clustering.NONE))) < 0.05,
        2 * float(ndtr(-size / standard_error(effect, Clustering.OFFICE))) < 0.05,
        2 * float(stdtr(df, -size / sqrt(reduced))) < 0.05,
        student.p < 0.05,
        shuffled.p < 0.05,
        df != 18 and judged(effect).p < 0.05,
    )


CHECK = Check("S-4", "Offices are the sample: a test over cases cries wolf", run, 4000, short=100)
