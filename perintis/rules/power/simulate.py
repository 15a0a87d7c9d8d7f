"""Thousands of pilots that never were: what the rule would say of each, at the registered looks.

Office means are drawn as they would come in: a lasting difference of the office, and chance that shrinks as its cases
accumulate. The rule that is asked is the one that judges the pilot (`perintis.rules.verdict.conditions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, stdtr, stdtrit

from perintis.rules.power.detectable import Cohort
from perintis.rules.sequential.looks import t_bound
from perintis.rules.verdict.conditions import WORDS, Guardrails, Primaries, Word, conditions, words

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats, Whole

ONE_SIDED = 0.975


@dataclass(frozen=True)
class SimulatedMetric:
    """A metric of the simulation: its cohorts' size, and what it needs (primary) or tolerates (guardrail)."""

    name: str
    cohort: Cohort
    worthwhile: float | None = None
    margin: float | None = None


@dataclass(frozen=True, eq=False)
class Draws:
    """Estimates without any effect, and their standard errors: shape (metrics, repetitions, looks)."""

    noise: Floats
    error: Floats


@dataclass(frozen=True)
class Answers:
    """How often the rule says what, and how much of the planned information it uses on average."""

    scale: float
    adjust: float
    stop: float
    information: float


def draw(metrics: Sequence[SimulatedMetric], fractions: Sequence[float], repetitions: int, seed: int) -> Draws:
    """Draw office means at each look. The same draws serve all truths, which only move the estimates."""
    random = np.random.default_rng(seed)
    shape = (len(metrics), repetitions, len(fractions))
    noise, error = np.empty(shape), np.empty(shape)
    for i, metric in enumerate(metrics):
        cohort = metric.cohort
        office = random.normal(0, cohort.between_sd, (repetitions, 2, cohort.clusters))
        total, before = np.zeros_like(office), 0.0
        for k, fraction in enumerate(fractions):
            cases = cohort.cases * fraction
            total += random.normal(0, cohort.within_sd * np.sqrt(cases - before), office.shape)
            before = cases
            mean = office + total / cases
            noise[i, :, k] = cohort.factor * (mean[:, 1].mean(axis=1) - mean[:, 0].mean(axis=1))
            spread = mean.var(axis=2, ddof=1).sum(axis=1) / cohort.clusters
            error[i, :, k] = cohort.factor * np.sqrt(spread)
    return Draws(noise, error)


def answers(
    metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], fractions: Sequence[float],
    bounds: Sequence[float], *, may_scale: bool = True,
) -> Answers:  # fmt: skip
    """What the rule says of pilots whose true effects are `truth`, one a metric, turned so that positive is better."""
    repetitions = drawn.noise.shape[1]
    said = np.zeros(repetitions, dtype=np.int64)
    used = np.ones(repetitions)
    going = np.ones(repetitions, dtype=bool)
    for k, (fraction, bound) in enumerate(zip(fractions, bounds, strict=True)):
        final = k == len(fractions) - 1
        said_now = _at_look(metrics, drawn, truth, k, bound, may_scale=may_scale, final=final)
        ends = going & (said_now != WORDS.index(Word.CONTINUE))
        said[ends], used[ends] = said_now[ends], fraction
        going &= ~ends
    share = np.bincount(said, minlength=len(WORDS)) / repetitions
    scale, adjust, stop = (float(share[WORDS.index(word)]) for word in (Word.SCALE, Word.ADJUST, Word.STOP))
    return Answers(scale, adjust, stop, float(used.mean()))


def _at_look(
    metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], look: int, bound: float, *,
    may_scale: bool, final: bool,
) -> Whole:  # fmt: skip
    primary = [i for i, metric in enumerate(metrics) if metric.worthwhile is not None]
    guard = [i for i, metric in enumerate(metrics) if metric.margin is not None]
    effect = drawn.noise[:, :, look] + np.asarray(truth)[:, None]
    error = drawn.error[:, :, look]
    df = np.array([metric.cohort.df for metric in metrics])
    reach = error * np.array([t_bound(bound, d) for d in df])[:, None]
    one_sided = effect - error * stdtrit(df, ONE_SIDED)[:, None]
    p = 2 * stdtr(df[:, None], -np.abs(effect / error))
    found = conditions(
        Primaries(
            effect[primary].T, (effect - reach)[primary].T, (effect + reach)[primary].T, p[primary].T,
            np.array([metrics[i].worthwhile for i in primary], dtype=np.float64),
        ),
        Guardrails(
            effect[guard].T, p[guard].T, one_sided[guard].T,
            np.array([metrics[i].margin for i in guard], dtype=np.float64),
        ),
        2 * float(ndtr(-bound)),
    )  # fmt: skip
    return words(found, may_scale=may_scale, final=final)
