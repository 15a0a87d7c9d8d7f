"""S-13: the whole rule at three looks: how often it says scale, adjust and stop, by what is true.

The rule is the product's own (`perintis.rules.verdict.conditions`), its bounds and t correction too. Offices are drawn
with their cases, errors and respondents; at each look an office's mean is that of its cases so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import expit, ndtr, stdtr

from perintis.rules.power.detectable import Cohort
from perintis.rules.power.simulate import SimulatedMetric, answers, draw
from perintis.rules.sequential.looks import t_bound
from perintis.rules.sequential.spending import bounds
from perintis.rules.verdict.conditions import WORDS, Guardrails, Primaries, Word, conditions, words
from simulations.check import FULL, Check, Figure, Floats, Whole, in_parts, rate
from simulations.lognormal import TAU, lead_times, office_shifts, restricted_mean, restricted_variances

OFFICES, LOOKS = 12, (80, 120, 160)
"""Offices a cohort, and cases of each office by look."""

DF = 2.0 * OFFICES - 2

LEVEL = (0.0, 0.025)
"""How often a pilot that does nothing may be scaled."""
ICC = 0.0175
WORTHWHILE = 0.08 * restricted_mean()
ERRORS, ERROR_OFFICES, ERROR_MARGIN = 0.10, 0.10, 0.03
INDEX, INDEX_OFFICES, INDEX_MARGIN, ANSWERING = 12.0, 1.3, 2.5, 0.5
"""Errors: share and spread of offices (logit). Index of satisfaction: spreads of respondents and offices, in points."""


@dataclass(frozen=True)
class Truth:
    """What is true: lead times times `factor`, errors and the index of satisfaction plus so much; the shares of the
    three words in the reference table."""

    name: str
    factor: float
    errors: float = 0.0
    index: float = 0.0
    reference: tuple[float, float, float] = (0.0, 0.0, 0.0)


TRUTHS = (
    Truth("no effect", 1.0, reference=(0.011, 0.543, 0.446)),
    Truth("4 % faster", 0.96, reference=(0.050, 0.745, 0.205)),
    Truth("8 % faster, just worthwhile", 0.92, reference=(0.174, 0.767, 0.059)),
    Truth("15 % faster", 0.85, reference=(0.548, 0.446, 0.005)),
    Truth("20 % faster", 0.80, reference=(0.714, 0.281, 0.004)),
    Truth("20 % faster, errors +6 points", 0.80, errors=0.06, reference=(0.0, 0.004, 0.996)),
    Truth("20 % faster, satisfaction -5", 0.80, index=-5.0, reference=(0.0, 0.0, 1.0)),
    Truth("10 % slower", 1.10, reference=(0.0, 0.071, 0.929)),
)


def run(repetitions: int, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Each truth judged by the rule; every share within five points of the reference and of what the planner says.

    The control takes cases for the sample.
    """
    found, planner = [], planned(int(rng.integers(1 << 30)))
    for truth in TRUTHS:
        said = verdicts(rng, repetitions, truth)
        gap = float((said == WORDS.index(Word.SCALE)).mean()) - planner[truth.name]
        error = sqrt(0.25 / repetitions)
        found.append(Figure(f"{truth.name}: scale, less what is planned", gap, error, *_gap(error)))
        for word, reference in zip((Word.SCALE, Word.ADJUST, Word.STOP), truth.reference, strict=True):
            accepted = LEVEL if truth is TRUTHS[0] and word is Word.SCALE else _around(reference)
            found.append(rate(f"{truth.name}: {word.value}", said == WORDS.index(word), accepted, reference))
    wrong = verdicts(rng, repetitions, TRUTHS[0], of_cases=True)
    name = f"{TRUTHS[0].name}, error of cases"
    found.append(rate(f"{name}: adjust", wrong == WORDS.index(Word.ADJUST), _around(0.543), control=True))
    found.append(rate(f"{name}: scale", wrong == WORDS.index(Word.SCALE), LEVEL, control=True, weak=True))
    return tuple(found)


def planned(seed: int) -> dict[str, float]:
    """What `perintis.rules.power` promises for the same pilots: how often *scale*, by the name of the truth."""
    between, every = restricted_variances(ICC)
    answering = LOOKS[-1] * ANSWERING
    spread = INDEX**2 + INDEX_OFFICES**2
    errors = ERRORS * (1 - ERRORS)
    error_offices = (ERROR_OFFICES * errors) ** 2
    metrics = (
        SimulatedMetric("lead", Cohort(OFFICES, LOOKS[-1], sqrt(every), between / every), worthwhile=WORTHWHILE),
        SimulatedMetric(
            "errors", Cohort(OFFICES, LOOKS[-1], sqrt(errors), error_offices / errors), margin=ERROR_MARGIN
        ),
        SimulatedMetric(
            "index", Cohort(OFFICES, answering, sqrt(spread), INDEX_OFFICES**2 / spread), margin=INDEX_MARGIN
        ),
    )
    cases = [n / LOOKS[-1] for n in LOOKS]
    drawn = draw(metrics, cases, 10_000, seed)
    inside = bounds(fractions(), final=True)

    def promised(truth: Truth) -> float:
        faster = restricted_mean() - restricted_mean(truth.factor)
        return answers(metrics, drawn, (faster, -truth.errors, truth.index), cases, inside).scale

    return {truth.name: promised(truth) for truth in TRUTHS}


def _gap(error: float) -> tuple[float, float]:
    """Within five points, and three times what fewer than FULL repetitions add to the error."""
    slack = 3 * max(0.0, error - sqrt(0.25 / FULL))
    return -0.05 - slack, 0.05 + slack


def _around(reference: float) -> tuple[float, float]:
    """Within five points; within half a point of a share that is to be nothing or all."""
    within = 0.005 if reference in (0.0, 1.0) else 0.05
    return max(0.0, reference - within), min(1.0, reference + within)


def verdicts(rng: np.random.Generator, repetitions: int, truth: Truth, of_cases: bool = False) -> Whole:
    """The last word of each repetition, as its place in WORDS."""
    lead = np.concatenate([times(rng, size, truth.factor) for size in in_parts(repetitions, 250)], axis=1)
    index = office_means(rng, repetitions, INDEX_OFFICES, INDEX, truth.index, ANSWERING)
    errors = error_shares(rng, repetitions, truth.errors)
    inside = bounds(fractions(), final=True)
    said = np.full(repetitions, WORDS.index(Word.CONTINUE))
    for look, bound in enumerate(inside):
        alone = [sqrt(2 * restricted_variances(ICC)[1] / (OFFICES * LOOKS[look]))] * repetitions if of_cases else None
        faster, error = _difference(-lead[look], None if alone is None else np.array(alone))
        fewer, error_fewer = _difference(-errors[look])
        better, error_better = _difference(index[look])
        wide, plain = t_bound(bound, DF), t_bound(1.959963984540054, DF)
        primaries = Primaries(
            effect=faster[:, None],
            low=(faster - wide * error)[:, None],
            high=(faster + wide * error)[:, None],
            p=_p(faster, error)[:, None],
            worthwhile=np.array([WORTHWHILE]),
        )
        effects, spreads = np.column_stack([fewer, better]), np.column_stack([error_fewer, error_better])
        margins = np.array([ERROR_MARGIN, INDEX_MARGIN])
        guardrails = Guardrails(effect=effects, p=_p(effects, spreads), low=effects - plain * spreads, margin=margins)
        held = conditions(primaries, guardrails, 2 * float(ndtr(-bound)))
        now = words(held, may_scale=True, final=look == len(LOOKS) - 1)
        said = np.where(said == WORDS.index(Word.CONTINUE), now, said)
    return said


def _p(effect: Floats, error: Floats) -> Floats:
    """Two-sided p of a t statistic with the degrees of freedom of the offices."""
    return np.asarray(2 * stdtr(DF, -np.abs(effect / error)), dtype=np.float64)


def fractions() -> tuple[float, ...]:
    """Information at each look over that at the last: offices stay the same, so it grows more slowly than cases."""
    between, every = restricted_variances(ICC)
    variances = [between + (every - between) / n for n in LOOKS]
    return tuple(variances[-1] / variance for variance in variances)


def times(rng: np.random.Generator, size: int, factor: float) -> Floats:
    """Office means of min(T, tau) at each look, shape (looks, size, 2, OFFICES), pilot last."""
    shift, left = office_shifts(rng, (size, 2, OFFICES, 1), ICC)
    sides = [
        lead_times(rng, (size, OFFICES, LOOKS[-1]), f, office=shift[:, k], spread=left)
        for k, f in enumerate((1.0, factor))
    ]
    y = np.minimum(np.stack(sides, axis=1), TAU)
    return np.stack([y[..., :n].mean(axis=3) for n in LOOKS])


def office_means(
    rng: np.random.Generator, repetitions: int, between: float, within: float, effect: float, answering: float
) -> Floats:
    """Office means at each look, shape (looks, repetitions, 2, OFFICES), pilot last; `answering` of all cases count."""
    new = np.diff([0, *LOOKS]) * answering
    noise = rng.standard_normal((len(LOOKS), repetitions, 2, OFFICES)) * within * np.sqrt(new)[:, None, None, None]
    means = noise.cumsum(axis=0) / new.cumsum()[:, None, None, None]
    found: Floats = means + between * rng.standard_normal((repetitions, 2, OFFICES))
    found[:, :, 1] += effect
    return found


def error_shares(rng: np.random.Generator, repetitions: int, more: float) -> Floats:
    """Shares of cases with an error by office at each look, of the same shape."""
    share = np.array([ERRORS, ERRORS + more])[:, None]
    office = expit(np.log(share / (1 - share)) + ERROR_OFFICES * rng.standard_normal((repetitions, 2, OFFICES)))
    new = np.diff([0, *LOOKS])
    counts = rng.binomial(new[:, None, None, None], office[None])
    found: Floats = counts.cumsum(axis=0) / new.cumsum()[:, None, None, None]
    return found


def _difference(means: Floats, error: Floats | None = None) -> tuple[Floats, Floats]:
    """Pilot minus baseline of office means (repetitions, 2, OFFICES) and its error from the offices.

    With offices of equal size this is what `perintis.rules.statistics.grouped` gives (CR2).
    """
    estimate = means[:, 1].mean(axis=1) - means[:, 0].mean(axis=1)
    own = np.sqrt(means.var(axis=2, ddof=1).sum(axis=1) / OFFICES)
    return estimate, own if error is None else error


CHECK = Check("S-13", "The whole rule: how often scale, adjust and stop, by what is true", run, 3000, short=250)
