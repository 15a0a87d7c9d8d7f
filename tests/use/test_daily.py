"""The daily series equals, on each day, the estimate and the clustered errors of the cases matured by then."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from perintis.rules.statistics.case_values import CaseValues
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
