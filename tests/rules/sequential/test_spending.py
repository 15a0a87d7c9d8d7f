"""Formal looks: bounds from spent level, whatever information there is when they are taken."""

from __future__ import annotations

import pytest

from perintis.rules.sequential.crossing import exits
from perintis.rules.sequential.spending import (
    Spending,
    bounds,
    look_bound,
    obrien_fleming_constant,
    pocock_constant,
    spent,
    type_one_error,
)
from perintis.words.errors import BadInput

OBF, POCOCK = Spending.OBRIEN_FLEMING, Spending.POCOCK


# Lan and DeMets 1983; Jennison and Turnbull 2000. Two-sided .05.
@pytest.mark.parametrize(
    ("fractions", "spending", "expected"),
    [
        ((0.2, 0.4, 0.6, 0.8, 1.0), OBF, (4.8769, 3.3569, 2.6803, 2.2898, 2.0310)),
        ((0.5, 0.75, 1.0), OBF, (2.9626, 2.3590, 2.0141)),
        ((0.5, 1.0), OBF, (2.9626, 1.9686)),
        ((0.2, 0.4, 0.6, 0.8, 1.0), POCOCK, (2.4380, 2.4268, 2.4102, 2.3966, 2.3860)),
    ],
)
def test_bounds_of_lan_and_demets(
    fractions: tuple[float, ...], spending: Spending, expected: tuple[float, ...]
) -> None:
    """The published bounds come out to half a thousandth."""
    assert bounds(fractions, spending=spending) == pytest.approx(expected, abs=5e-4)


def test_the_classic_constants() -> None:
    """Five looks: Pocock's constant 2.413, O'Brien and Fleming's 2.040."""
    assert pocock_constant(5) == pytest.approx(2.413, abs=5e-4)
    assert obrien_fleming_constant(5) == pytest.approx(2.040, abs=5e-4)


# Armitage, McPherson and Rowe 1969.
@pytest.mark.parametrize(
    ("looks", "error"), [(1, 0.05), (2, 0.083), (3, 0.107), (5, 0.142), (10, 0.193), (20, 0.248), (50, 0.32)]
)
def test_looking_again_and_again_at_1_96(looks: int, error: float) -> None:
    """The chance of at least one false alarm grows with every look."""
    assert type_one_error(looks) == pytest.approx(error, abs=6e-4)


@pytest.mark.parametrize("fractions", [(1.0,), (0.31, 0.58, 1.0), (0.05, 0.5, 0.51, 0.9, 1.0)])
@pytest.mark.parametrize("spending", [OBF, POCOCK])
def test_the_whole_level_is_spent_and_no_more(fractions: tuple[float, ...], spending: Spending) -> None:
    """Without an effect the looks together stop in exactly 5 % of trials."""
    crossed = exits(fractions, bounds(fractions, spending=spending))
    assert sum(up + down for up, down in crossed) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize(("planned", "last"), [("less information than planned", 0.86), ("more", 1.27)])
def test_the_last_look_spends_what_is_left(planned: str, last: float) -> None:
    """Under-running and over-running change the last bound, not the level."""
    before = (0.4, 0.7)
    inside = (*bounds(before), look_bound(before, last, final=True))
    assert sum(up + down for up, down in exits((*before, last), inside)) == pytest.approx(0.05, abs=1e-9), planned


def test_the_planned_last_bound_is_wrong_when_more_information_came() -> None:
    """Over-running makes the last bound stricter: looks that share less information cost more."""
    planned, actual = look_bound((0.4, 0.7), 1.0, final=True), look_bound((0.4, 0.7), 1.6, final=True)
    assert actual > planned + 0.003


def test_spending_starts_at_nothing_and_ends_at_the_level() -> None:
    """O'Brien-Fleming spends almost nothing early, Pocock evenly."""
    assert [round(spent(t, spending=OBF), 5) for t in (0.2, 0.5, 1.0, 1.3)] == [0.0, 0.00305, 0.05, 0.05]
    assert spent(0.5, spending=POCOCK) == pytest.approx(0.0310, abs=5e-5)


def test_a_look_without_new_information_is_refused() -> None:
    """One sentence that says which fractions do not grow and what to do."""
    with pytest.raises(BadInput, match=r"0\.5 comes after 0\.5; wait for more cases"):
        look_bound((0.5,), 0.5, final=False)
    with pytest.raises(BadInput, match="needs some information"):
        bounds((0.0, 1.0))


def test_nothing_is_left_after_the_whole_information() -> None:
    """A look after fraction 1 has nothing to spend."""
    with pytest.raises(BadInput, match="nothing of the level is left"):
        look_bound((0.5, 1.0), 1.2, final=True)


def test_looks_close_together_stay_exact() -> None:
    """Twenty looks a thousandth apart still spend exactly the level."""
    fractions = (*(0.5 + k / 1000 for k in range(20)), 1.0)
    assert sum(up + down for up, down in exits(fractions, bounds(fractions))) == pytest.approx(0.05, abs=1e-7)
