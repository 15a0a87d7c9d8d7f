"""The satisfaction index of PermenPAN-RB 14/2017 and its categories."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from perintis.rules.statistics.effect import NoEstimate, Units
from perintis.rules.statistics.proportions import Interval
from perintis.rules.statistics.satisfaction import (
    ELEMENTS,
    AllAsked,
    Satisfaction,
    case_index,
    category,
    category_chances,
    compare_elements,
    index_of_all_asked,
    response_rate,
    satisfaction,
    scores,
)
from perintis.words.errors import BadInput

COUNTS_4321 = (
    (18, 11, 0, 0), (14, 15, 0, 0), (15, 12, 2, 0), (29, 0, 0, 0), (15, 14, 0, 0), (18, 11, 0, 0), (19, 10, 0, 0),
    (18, 11, 0, 0), (28, 1, 0, 0),
)  # fmt: skip
"""How often 29 respondents answered 4, 3, 2, 1, by element: a worked example of PermenPAN-RB 14/2017."""

EXAMPLE = np.array([np.repeat([4.0, 3, 2, 1], counts) for counts in COUNTS_4321]).T


def index_of(answers: np.ndarray) -> Satisfaction:
    found = satisfaction(answers)
    assert isinstance(found, Satisfaction)
    return found


def answers_of(random: np.random.Generator, n: int, high: float) -> np.ndarray:
    """Respondents whose nine answers go together."""
    mood = random.normal(high, 0.5, n)[:, None] + random.normal(0, 0.5, (n, 9))
    return np.clip(np.round(mood), 1, 4)


def test_worked_example() -> None:
    """29 respondents, a sum of 955: 91.4751 with the weight 1/9, category A. With 0.11 it would be 90.56."""
    found = index_of(EXAMPLE)
    assert EXAMPLE.sum(axis=0).tolist() == [105, 101, 100, 116, 102, 105, 106, 105, 115]
    assert found.index == pytest.approx(91.4751, abs=5e-5)
    assert (found.category, found.respondents, found.incomplete) == ("A", 29, 0)
    assert found.elements["U4"] == 4.0
    assert 25 * 0.11 * EXAMPLE.sum() / 29 == pytest.approx(90.5603, abs=5e-5)


def test_a_perfect_survey_reaches_one_hundred() -> None:
    """And the worst one 25."""
    assert index_of(np.full((5, 9), 4.0)).index == 100.0
    assert index_of(np.full((5, 9), 1.0)).index == 25.0


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (88.304, "B"), (88.305, "A"), (88.31, "A"), (76.604, "C"), (76.605, "B"), (65.00, "C"), (64.994, "D"),
        (64.995, "C"),
    ],
)  # fmt: skip
def test_category_edges(index: float, expected: str) -> None:
    """Rounded half up to two decimals first: A from 88.31, B from 76.61, C from 65.00."""
    assert category(index) == expected
    assert category(Fraction(str(index))) == expected


def test_the_error_is_that_of_respondents_not_of_answers() -> None:
    """Nine answers of one person go together: treating them as independent makes the error far too small."""
    answers = answers_of(np.random.default_rng(1), 200, 3.0)
    found = index_of(answers)
    by_person = np.sqrt((found.psi**2).sum())
    assert by_person == pytest.approx(scores(answers).std() / np.sqrt(200))
    assert found.psi.sum() == pytest.approx(0, abs=1e-10)
    assert by_person > 1.5 * 25 * answers.std() / np.sqrt(1800)


def test_a_missing_element_is_never_a_zero() -> None:
    """Who left an element out has no index and is counted; the answers given count for the means by element."""
    answers = EXAMPLE.copy()
    answers[0, 3] = np.nan
    found = index_of(answers)
    assert (found.respondents, found.incomplete) == (28, 1)
    assert found.index == pytest.approx(index_of(EXAMPLE[1:]).index)
    assert found.elements["U1"] == pytest.approx(105 / 29)
    assert found.elements["U4"] == 4.0
    nobody = answers.copy()
    nobody[:, 3] = np.nan
    assert satisfaction(nobody) == NoEstimate("0 respondents answered all 9 elements; 2 are needed")
    assert satisfaction(EXAMPLE[:1]) == NoEstimate("1 respondents answered all 9 elements; 2 are needed")


def test_answers_outside_the_scale_are_refused() -> None:
    """One sentence with row and element."""
    wrong = EXAMPLE.copy()
    wrong[4, 2] = 5
    with pytest.raises(BadInput, match="row 5, U3: an answer is a whole number from 1 to 4"):
        scores(wrong)
    with pytest.raises(BadInput, match="has 9 elements"):
        scores(EXAMPLE[:, :8])


def test_index_as_a_metric_of_cases() -> None:
    """Cases without an answer and incomplete ones are left out with their reason; the difference is that of indexes."""
    answers = EXAMPLE.copy()
    answers[0], answers[1, 0] = np.nan, np.nan
    nowhere = np.full(29, -1, dtype=np.int64)
    units = Units(tuple(map(str, range(29))), np.arange(29) % 2 == 0, nowhere, nowhere)
    found = case_index(answers, units)
    assert found.left_out == (("no answer", 1), ("an element was left out", 1))
    assert int(found.used.sum()) == 27
    pilot = index_of(answers[::2]).index
    assert found.difference().pilot == pytest.approx(pilot)
    assert found.difference().psi.sum() == pytest.approx(0, abs=1e-10)


def test_chances_of_the_categories() -> None:
    """An index near an edge may be in either category; the same seed says the same, and the order does not matter."""
    near = index_of(EXAMPLE)
    chances = category_chances(scores(EXAMPLE), seed=3)
    assert isinstance(chances, dict)
    assert sum(chances.values()) == pytest.approx(1)
    assert chances["A"] > 0.9 > 0.05 > chances["B"] > 0
    assert category_chances(scores(EXAMPLE), seed=3) == chances
    assert near.category == max(chances, key=lambda name: chances[name])


def test_offices_make_the_category_less_certain() -> None:
    """Drawing whole offices spreads more than drawing respondents where offices differ."""
    random = np.random.default_rng(8)
    office = np.repeat(np.arange(8), 50)
    answers = np.clip(answers_of(random, 400, 3.1) + (office % 2)[:, None] - 0.5, 1, 4).round()
    each = scores(answers)
    alone, together = category_chances(each, 1), category_chances(each, 1, office)
    assert isinstance(alone, dict)
    assert isinstance(together, dict)
    assert max(together.values()) < max(alone.values())
    few = category_chances(each, 1, office % 3)
    assert few == NoEstimate("3 offices; 4 are needed to draw them anew")
    assert isinstance(category_chances(each[:1], 1), NoEstimate)


def test_elements_that_differ_are_found() -> None:
    """Only the element that was made better is found, and swapping the cohorts turns it around."""
    random = np.random.default_rng(12)
    pilot, baseline = answers_of(random, 150, 2.9), answers_of(random, 150, 2.9)
    pilot[:, 2] = np.clip(pilot[:, 2] + 1, 1, 4)
    found = compare_elements(pilot, baseline)
    assert [e.code for e in found if e.differs] == ["U3"]
    assert found[2].better is not None
    assert found[2].better > 0.6
    back = compare_elements(baseline, pilot)[2]
    assert back.better == pytest.approx(1 - found[2].better)


def test_an_element_that_nobody_answered_has_a_reason() -> None:
    """It is greyed, and the others are still compared."""
    pilot, baseline = EXAMPLE.copy(), EXAMPLE[::-1].copy()
    pilot[:, 0] = np.nan
    found = compare_elements(pilot, baseline)
    assert (found[0].pilot, found[0].differs) == (None, None)
    assert found[0].reason == "0 cases in the pilot; 2 are needed"
    assert found[3].reason == "all values are equal: no interval can be given"
    assert found[1].differs is False


def test_response_rate() -> None:
    """The share of those asked who answered, with its interval; nobody asked is no rate of zero."""
    found = response_rate(81, 263)
    assert isinstance(found, Interval)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert response_rate(0, 0) == NoEstimate("nobody was asked")
    assert len(ELEMENTS) == 9


def test_silent_groups_are_weighted_up() -> None:
    """Refused applicants are less content and answer less: the plain index flatters, the weighted one is right."""
    random = np.random.default_rng(21)
    off = []
    for _ in range(200):
        refused = (random.random(1_000) < 0.5).astype(np.int64)
        each = np.where(refused, 60.0, 90.0) + random.normal(0, 8, 1_000)
        each[random.random(1_000) > np.where(refused, 0.2, 0.6)] = np.nan
        found = index_of_all_asked(each, refused)
        assert isinstance(found, AllAsked)
        assert np.nanmean(each) > 78  # 82.5 on average
        assert found.psi.sum() == pytest.approx(0, abs=1e-9)
        off.append((found.index - 75) / np.sqrt((found.psi**2).sum()))
    assert np.mean(off) == pytest.approx(0, abs=0.25)
    assert np.std(off) == pytest.approx(1, abs=0.15)


def test_one_group_is_the_plain_index() -> None:
    """Without groups nothing changes; a group in which nobody answered cannot be weighted up."""
    each = scores(EXAMPLE)
    found = index_of_all_asked(each, np.zeros(29, dtype=np.int64))
    assert isinstance(found, AllAsked)
    assert found.index == pytest.approx(index_of(EXAMPLE).index)
    each[0] = np.nan
    assert index_of_all_asked(each, np.arange(29)) == NoEstimate("nobody answered in 1 of 29 groups", "coarser groups")
    assert isinstance(index_of_all_asked(np.full(5, np.nan), np.zeros(5, dtype=np.int64)), NoEstimate)
