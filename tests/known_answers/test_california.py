"""Cigarette packs a head in 39 states, 1970 to 2000; California taxed tobacco from 1989 on (Proposition 99).

Data: Orzechowski and Walker, The Tax Burden on Tobacco, as used by Abadie, Diamond and Hainmueller 2010. Published
values: Arkhangelsky et al. 2021, table 1 (synthetic and plain difference in differences); Abadie et al. 2010.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from perintis.rules.designs.synthetic import placebos, plain_differences, synthetic_control, synthetic_differences

BEFORE = 19  # 1970 to 1988


@pytest.fixture(scope="module")
def packs() -> tuple[np.ndarray, np.ndarray]:
    table = pl.read_csv(Path(__file__).with_name("california_packs.csv"))
    assert table.shape == (39, 32)
    return table.drop("State").to_numpy(), (table["State"] == "California").to_numpy()


def test_the_three_estimates_for_california(packs: tuple[np.ndarray, np.ndarray]) -> None:
    """D5: -27.349 by plain differences, -15.604 by synthetic ones, about -19.5 by synthetic control."""
    assert plain_differences(*packs, BEFORE).estimate == pytest.approx(-27.349, abs=1e-3)
    assert synthetic_differences(*packs, BEFORE).estimate == pytest.approx(-15.604, abs=0.05)
    assert synthetic_control(*packs, BEFORE).estimate == pytest.approx(-19.5, abs=0.2)


def test_the_mix_of_states_is_the_published_one(packs: tuple[np.ndarray, np.ndarray]) -> None:
    """The last three years before the tax carry the weight; synthetic California is mostly Utah, Montana and Nevada."""
    found = synthetic_differences(*packs, BEFORE)
    assert found.periods[-3:] == pytest.approx([0.366, 0.206, 0.427], abs=0.002)  # 1986, 1987, 1988
    assert found.offices.sum() == pytest.approx(1)
    control = synthetic_control(*packs, BEFORE)
    table = pl.read_csv(Path(__file__).with_name("california_packs.csv"))
    states = [s for s in table["State"] if s != "California"]
    heaviest = [states[k] for k in np.argsort(-control.offices)[:3]]
    assert set(heaviest) == {"Utah", "Montana", "Nevada"}


def test_the_error_from_placebos_is_that_published(packs: tuple[np.ndarray, np.ndarray]) -> None:
    """Table 1 gives 8.4 (a draw of placebos); each of 38 states in California's place, one of them as far from nil."""
    found = np.array([one.estimate for one in placebos(*packs, BEFORE, seed=1)])
    assert len(found) == 38
    assert found.std() == pytest.approx(8.4, abs=1.2)
    assert int((np.abs(found) >= 15.6).sum()) == 1
