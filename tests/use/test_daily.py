"""The daily series equals, on each day, the estimate and the clustered errors of the cases matured by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from perintis.rules.sequential.always_valid import band
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.clusters import Clustering, standard_error
from perintis.rules.statistics.effect import Units
from perintis.use.evaluation.daily import day_series

START = date(2026, 1, 1)
DAYS = tuple((START + timedelta(days=k)).isoformat() for k in range(30))


def made_up(seed: int = 3, cases: int = 400) -> tuple[np.ndarray, Units]:
    random = np.random.default_rng(seed)
    pilot, office, day = random.random(cases) < 0.5, random.integers(0, 6, cases), random.integers(0, 30, cases)
    y = random.normal(10, 2, cases) - pilot + random.normal(0, 1, 6)[office]
    names = tuple(f"c{k}" for k in range(cases))
    return y, Units(names, pilot, office, day, tuple("abcdef"), DAYS)


def ripe(units: Units) -> np.ndarray:
    """Ten days after opening."""
    return units.day + START.toordinal() + 10


def squares(psi: np.ndarray, group: np.ndarray) -> float:
    return float(sum(psi[group == g].sum() ** 2 for g in np.unique(group)))


def test_each_day_has_the_estimate_and_the_largest_error_of_the_cases_matured_by_then() -> None:
    """Written out: for day k, cases opened at least ten days before; errors by office, by day, by both."""
    y, units = made_up()
    used = np.ones(len(units), dtype=bool)

    series = day_series(y, used, units, ripe(units), START + timedelta(days=60))

    assert [d.day for d in series][-1] == START + timedelta(days=39)
    for seen in series[5::6]:
        matured = units.day <= (seen.day - START).days - 10
        effect = CaseValues("m", "days", y, matured, units).difference()
        office, day = units.office[matured], units.day[matured]
        psi = effect.psi[matured]
        g, d = len(np.unique(office)), len(np.unique(day))
        by_office, by_day = squares(psi, office) * g / (g - 1), squares(psi, day) * d / (d - 1)
        both = by_office + by_day - squares(psi, office * 100 + day)
        assert seen.estimate == pytest.approx(effect.estimate)
        assert seen.error == pytest.approx(max(by_office, by_day, both) ** 0.5)
        assert (seen.pilot, seen.baseline) == (effect.cases(True), effect.cases(False))


def test_a_case_that_is_not_matured_is_not_in_it() -> None:
    """Read on day 15 with a horizon of ten days, cases opened after day 5 do not count."""
    y, units = made_up()
    series = day_series(y, np.ones(len(units), dtype=bool), units, ripe(units), START + timedelta(days=15))

    assert series[-1].pilot + series[-1].baseline == int((units.day <= 5).sum())


def test_the_sign_turns_the_series() -> None:
    """Lower is better: the series of the opposite sign."""
    y, units = made_up()
    used = np.ones(len(units), dtype=bool)
    plain, turned = (day_series(y, used, units, ripe(units), START + timedelta(days=60), sign=s) for s in (1.0, -1.0))

    assert [d.estimate for d in turned] == pytest.approx([-d.estimate for d in plain])
    assert [d.error for d in turned] == pytest.approx([d.error for d in plain])


def ever_wrong(shock: float, *, by_office_alone: bool) -> float:
    """The share of 150 trials without effect whose band leaves zero out on some of 60 days.

    Ten cases a cohort and day in twelve offices of each; every day each cohort has a shock of its own.
    """
    days, each, offices = 60, 10, 12
    count = days * each * 2
    day, pilot = np.repeat(np.arange(days), each * 2), np.tile(np.repeat([False, True], each), days)
    names = tuple(map(str, range(count)))
    labels = tuple((START + timedelta(days=k)).isoformat() for k in range(days))
    wrong = 0
    for seed in range(150):
        random = np.random.default_rng(seed)
        office = random.integers(0, offices, count) + offices * pilot
        y = random.normal(0, 1, count) + shock * random.normal(0, 1, (days, 2))[day, pilot.astype(int)]
        units = Units(names, pilot, office, day, tuple(f"o{k:02}" for k in range(2 * offices)), labels)
        shown = day_series(y, np.ones(count, dtype=bool), units, day + START.toordinal(), START + timedelta(days=days))
        if by_office_alone:
            shown = [replace(d, error=office_error(y, units, d.day)) for d in shown]
        wrong += any(not d.low <= 0 <= d.high for d in band(shown, count).days)
    return wrong / 150


def office_error(y: np.ndarray, units: Units, day: date) -> float:
    effect = CaseValues("m", "days", y, units.day <= (day - START).days, units).difference()
    return standard_error(effect, Clustering.OFFICE)


def test_days_on_which_one_cohort_alone_does_badly_do_not_make_an_effect() -> None:
    """The largest of the three errors holds the level over all days; that by offices alone fails far too often."""
    assert ever_wrong(0.7, by_office_alone=False) <= 0.08
    assert ever_wrong(0.7, by_office_alone=True) > 0.25
