"""The public satisfaction index (IKM) from a satisfaction survey (SKM) of nine elements, each answered 1 to 4.

Source: Regulation of the Minister for Administrative Reform (PermenPAN-RB) 14/2017. Every element has the weight 1/9
exactly: with the printed 0.11 a perfect survey would reach 99.0 only. The index of a respondent is 25 times the mean of
the nine answers, that of a cohort the mean over its respondents. A respondent who left an element out has no index; the
answers that were given still count for the means by element.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.multiplicity import benjamini_hochberg
from perintis.rules.statistics.proportions import Interval, wilson
from perintis.rules.statistics.ranks import Faster, brunner_munzel
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats, Units, Whole

ELEMENTS = {
    "U1": "Requirements",
    "U2": "System, mechanism and procedure",
    "U3": "Time to completion",
    "U4": "Fees",
    "U5": "Product specification and type of service",
    "U6": "Competence of staff",
    "U7": "Conduct of staff",
    "U8": "Handling of complaints, suggestions and input",
    "U9": "Facilities",
}
CATEGORIES = {"A": Decimal("88.31"), "B": Decimal("76.61"), "C": Decimal("65.00")}
"""The lowest index, rounded half up to two decimals, of each category; below them all is D."""

LOWEST, HIGHEST = 1, 4
METRIC, UNIT = "satisfaction", "points"
RESAMPLES = 2_000
FEWEST = 2
FEWEST_OFFICES = 4
CENT = Decimal("0.01")


@dataclass(frozen=True, eq=False)
class Satisfaction:
    """The index of one cohort: exact, unrounded; `psi` has one influence value a complete respondent.

    `incomplete` respondents left at least one element out. `elements` are means from 1 to 4, by code, over all who
    answered that element; None where nobody did.
    """

    index: float
    category: str
    respondents: int
    incomplete: int
    elements: dict[str, float | None]
    psi: Floats


@dataclass(frozen=True, eq=False)
class AllAsked:
    """The index that all who were asked would have, if silent people are like those who answered in their group.

    `psi` has one influence value for everybody asked.
    """

    index: float
    category: str
    response: float
    psi: Floats


@dataclass(frozen=True)
class ElementCompared:
    """One element in both cohorts. `p_adjusted` by Benjamini and Hochberg over the elements that could be tested.

    `better` is P(a pilot answer is higher) + P(tie) / 2; it and the p-values are None with the `reason` where there
    are too few answers.
    """

    code: str
    baseline: float | None
    pilot: float | None
    better: float | None
    p_adjusted: float | None
    differs: bool | None
    reason: str | None = None


def category(index: float | Fraction) -> str:
    """A, B, C or D, from the index rounded half up to two decimals. Noise beyond the tenth decimal is cut off first."""
    if isinstance(index, Fraction):
        exact = Decimal(index.numerator) / Decimal(index.denominator)
    else:
        exact = Decimal(repr(round(float(index), 10)))
    rounded = exact.quantize(CENT, rounding=ROUND_HALF_UP)
    return next((name for name, least in CATEGORIES.items() if rounded >= least), "D")


def scores(answers: Floats) -> Floats:
    """The index of every respondent, NaN where an element was left out. `answers`: (respondents, 9), NaN missing."""
    given = ~np.isnan(answers)
    if answers.ndim != 2 or answers.shape[1] != len(ELEMENTS):
        raise BadInput(f"a satisfaction survey has {len(ELEMENTS)} elements, {', '.join(ELEMENTS)}: give all of them")
    whole = np.where(given, answers, LOWEST)
    wrong = np.argwhere((whole < LOWEST) | (whole > HIGHEST) | (whole != np.round(whole)))
    if len(wrong):
        row, column = wrong[0]
        raise BadInput(f"row {row + 1}, {list(ELEMENTS)[column]}: an answer is a whole number from 1 to 4")
    found: Floats = np.where(given.all(axis=1), whole.sum(axis=1) * 100 / (len(ELEMENTS) * HIGHEST), np.nan)
    return found


def satisfaction(answers: Floats) -> Satisfaction | NoEstimate:
    """The index of one cohort from its respondents' answers, shape (respondents, 9), NaN where one is missing."""
    each = scores(answers)
    complete = ~np.isnan(each)
    n = int(complete.sum())
    if n < FEWEST:
        return NoEstimate(f"{n} respondents answered all {len(ELEMENTS)} elements; {FEWEST} are needed")
    exact = Fraction(25 * int(answers[complete].sum()), len(ELEMENTS) * n)
    index = float(exact)
    means = {code: _mean(answers[:, k]) for k, code in enumerate(ELEMENTS)}
    return Satisfaction(index, category(exact), n, len(each) - n, means, (each[complete] - index) / n)


def case_index(answers: Floats, units: Units) -> CaseValues:
    """The index as a metric of cases: `answers` has one row a case, all NaN where nobody answered."""
    each = scores(answers)
    used = ~np.isnan(each)
    silent = np.isnan(answers).all(axis=1)
    left_out = (("no answer", int(silent.sum())), ("an element was left out", int((~used & ~silent).sum())))
    return CaseValues(METRIC, UNIT, each, used, units, left_out=tuple(part for part in left_out if part[1]))


def response_rate(answered: int, asked: int) -> Interval | NoEstimate:
    """The share of those asked who answered, with Wilson's interval."""
    return NoEstimate("nobody was asked") if asked == 0 else wilson(answered, asked)


def index_of_all_asked(each: Floats, group: Whole) -> AllAsked | NoEstimate:
    """The index weighted by the inverse of the response rate of each group (office, outcome, kind of case).

    `each` holds the score of everybody asked, NaN for those without one; `group` numbers their groups from 0. Source:
    Little 1986 (weighting-class adjustment).
    """
    answered = ~np.isnan(each)
    place = np.unique(group, return_inverse=True)[1].astype(np.int64)
    if answered.sum() < FEWEST:
        return NoEstimate(f"{int(answered.sum())} complete respondents; {FEWEST} are needed")
    asked = np.bincount(place).astype(np.float64)
    replies = np.bincount(place[answered], minlength=len(asked)).astype(np.float64)
    if silent := int((replies == 0).sum()):
        return NoEstimate(f"nobody answered in {silent} of {len(asked)} groups", "coarser groups")
    n = len(each)
    means = np.bincount(place[answered], weights=each[answered], minlength=len(asked)) / replies
    index = float((asked * means).sum() / n)
    psi = (means[place] - index) / n
    psi[answered] += (each[answered] - means[place[answered]]) * (asked / replies)[place[answered]] / n
    return AllAsked(index, category(index), float(answered.mean()), psi)


def category_chances(
    each: Floats, seed: int, office: Whole | None = None, resamples: int = RESAMPLES
) -> dict[str, float] | NoEstimate:
    """How often each category comes out when offices (or respondents, without offices) are drawn anew.

    `each` holds the scores of the respondents; NaN is left out. `office` numbers their offices; respondents without
    one stand for themselves.
    """
    known = ~np.isnan(each)
    values = each[known]
    if len(values) < FEWEST:
        return NoEstimate(f"{len(values)} complete respondents; {FEWEST} are needed")
    sums, sizes = values, np.ones(len(values))
    if office is not None and (office[known] != NOWHERE).any():
        place = _places(office[known])
        sums = np.bincount(place, weights=values).astype(np.float64)
        sizes = np.bincount(place).astype(np.float64)
        if len(sizes) < FEWEST_OFFICES:
            return NoEstimate(f"{len(sizes)} offices; {FEWEST_OFFICES} are needed to draw them anew")
    random = np.random.default_rng(seed)
    means = np.array([_drawn_mean(sums, sizes, random) for _ in range(resamples)])
    rounded = np.floor(means * 100 + 0.5 + 1e-8) / 100
    least = np.array([float(bound) for bound in CATEGORIES.values()])
    place = (rounded[:, None] < least[None, :] - 1e-9).sum(axis=1)
    shares = np.bincount(place, minlength=len(CATEGORIES) + 1) / resamples
    return dict(zip((*CATEGORIES, "D"), (float(share) for share in shares), strict=True))


def compare_elements(pilot: Floats, baseline: Floats, level: float = 0.10) -> tuple[ElementCompared, ...]:
    """Every element in both cohorts, by Brunner-Munzel; `level` is the share of false findings (BH)."""
    found = [_element(code, _answers(pilot, k), _answers(baseline, k)) for k, code in enumerate(ELEMENTS)]
    tested = [k for k, (_, p) in enumerate(found) if p is not None]
    adjusted = benjamini_hochberg([p for _, p in found if p is not None])
    result = [element for element, _ in found]
    for k, p in zip(tested, adjusted, strict=True):
        e = result[k]
        result[k] = ElementCompared(e.code, e.baseline, e.pilot, e.better, float(p), bool(p <= level))
    return tuple(result)


def _element(code: str, pilot: Floats, baseline: Floats) -> tuple[ElementCompared, float | None]:
    means = _mean(baseline), _mean(pilot)
    compared = brunner_munzel(-pilot, -baseline)
    if isinstance(compared, Faster) and compared.p is not None:
        return ElementCompared(code, *means, compared.probability, None, None), compared.p
    return ElementCompared(code, *means, None, None, None, compared.reason), None


def _answers(answers: Floats, k: int) -> Floats:
    found: Floats = answers[~np.isnan(answers[:, k]), k]
    return found


def _mean(answers: Floats) -> float | None:
    given = answers[~np.isnan(answers)]
    return float(given.mean()) if len(given) else None


def _places(office: Whole) -> Whole:
    """Offices numbered without gaps; each respondent without one gets a number of their own."""
    alone = np.where(office == NOWHERE, office.max() + 1 + np.arange(len(office)), office)
    return np.unique(alone, return_inverse=True)[1].astype(np.int64)


def _drawn_mean(sums: Floats, sizes: Floats, random: np.random.Generator) -> float:
    drawn = random.integers(0, len(sums), len(sums))
    return float(sums[drawn].sum() / sizes[drawn].sum())
