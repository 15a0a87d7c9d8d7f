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
from perintis.rules.statistics.exchange import limits_of_many
from perintis.rules.verdict.conditions import WORDS, Guardrails, Primaries, Word, conditions, words

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole

ONE_SIDED = 0.975


@dataclass(frozen=True)
class SimulatedMetric:
    """A metric of the simulation: its cohorts' size, and what it needs (primary) or tolerates (guardrail)."""

    name: str
    cohort: Cohort
    worthwhile: float | None = None
    margin: float | None = None


@dataclass(frozen=True, eq=False)
class Exchanged:
    """Limits that exchanging offices gives to estimates without any effect; a true effect moves them as it is.

    `low` and `high` have the shape (levels, metrics, repetitions, looks): half the level of the look (for the first of
    two primaries by Holm), the level itself, and 5 %, each two-sided.
    """

    low: Floats
    high: Floats

    def refuted(self, level: int, truth: Floats, look: int) -> Flags:
        """Whether the exchange refutes that there is nothing; `truth` (metrics, 1), shape (metrics, repetitions)."""
        found: Flags = (self.low[level, :, :, look] + truth > 0) | (self.high[level, :, :, look] + truth < 0)
        return found


HALF_LEVEL, LEVEL, FIVE_PERCENT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Draws:
    """Estimates without any effect, and their standard errors: shape (metrics, repetitions, looks)."""

    noise: Floats
    error: Floats
    exchanged: Exchanged | None = None


@dataclass(frozen=True)
class Answers:
    """How often the rule says what, and how much of the planned information it uses on average."""

    scale: float
    adjust: float
    stop: float
    information: float


def draw(
    metrics: Sequence[SimulatedMetric], fractions: Sequence[float], repetitions: int, seed: int,
    exchange: Sequence[float] | None = None,
) -> Draws:  # fmt: skip
    """Draw office means at each look. The same draws serve all truths, which only move the estimates.

    `exchange` has the two-sided level of each look where exchanging offices must bear out what the t test says.
    """
    random = np.random.default_rng(seed)
    shape = (len(metrics), repetitions, len(fractions))
    noise, error = np.empty(shape), np.empty(shape)
    low, high = (np.empty((FIVE_PERCENT + 1, *shape) if exchange else 0) for _ in range(2))
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
            if exchange:
                one_sided = [exchange[k] / 4, exchange[k] / 2, 1 - ONE_SIDED]
                low[:, i, :, k], high[:, i, :, k] = limits_of_many(mean, one_sided)
    return Draws(noise, error, Exchanged(low, high) if exchange else None)


def answers(
    metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], fractions: Sequence[float],
    bounds: Sequence[float], *, may_scale: bool = True, must_agree: bool = False,
) -> Answers:  # fmt: skip
    """What the rule says of pilots whose true effects are `truth`, one a metric, turned so that positive is better.

    `must_agree`: no verdict where the t test and the exchange of offices differ about a primary metric at 5 %. It
    counts as going on, and at the last look as *adjust*.
    """
    repetitions = drawn.noise.shape[1]
    said = np.zeros(repetitions, dtype=np.int64)
    used = np.ones(repetitions)
    going = np.ones(repetitions, dtype=bool)
    for k, (fraction, bound) in enumerate(zip(fractions, bounds, strict=True)):
        final = k == len(fractions) - 1
        said_now = _at_look(metrics, drawn, truth, k, bound, may_scale=may_scale, final=final)
        if must_agree:
            said_now[_apart(metrics, drawn, truth, k)] = WORDS.index(Word.ADJUST if final else Word.CONTINUE)
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
    error, level = drawn.error[:, :, look], 2 * float(ndtr(-bound))
    df = np.array([metric.cohort.df for metric in metrics])
    reach = error * np.array([t_bound(bound, d) for d in df])[:, None]
    low, high = effect - reach, effect + reach
    one_sided, p = kept_by_t(metrics, drawn, truth, look), _p_of_t(metrics, drawn, truth, look)
    if drawn.exchanged is not None:
        p = np.maximum(p, _p_of_exchange(drawn.exchanged, truth, look, level))
        low, high = (np.where(p > level, zero(end, 0.0), end) for zero, end in ((np.minimum, low), (np.maximum, high)))
    found = conditions(
        Primaries(
            effect[primary].T, low[primary].T, high[primary].T, p[primary].T,
            np.array([metrics[i].worthwhile for i in primary], dtype=np.float64),
        ),
        Guardrails(
            effect[guard].T, p[guard].T, one_sided[guard].T,
            np.array([metrics[i].margin for i in guard], dtype=np.float64),
        ),
        level,
    )  # fmt: skip
    return words(found, may_scale=may_scale, final=final)


def kept_by_t(metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], look: int) -> Floats:
    """The one-sided 97.5 % limit that is held against a margin: by t, and where it has to be by exchange too."""
    moved = np.asarray(truth)[:, None]
    df = np.array([metric.cohort.df for metric in metrics])
    limit: Floats = drawn.noise[:, :, look] + moved - drawn.error[:, :, look] * stdtrit(df, ONE_SIDED)[:, None]
    if drawn.exchanged is None:
        return limit
    exchanged: Floats = np.minimum(limit, drawn.exchanged.low[FIVE_PERCENT, :, :, look] + moved)
    return exchanged


def _p_of_t(metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], look: int) -> Floats:
    df = np.array([metric.cohort.df for metric in metrics])[:, None]
    effect = drawn.noise[:, :, look] + np.asarray(truth)[:, None]
    found: Floats = 2 * stdtr(df, -np.abs(effect / drawn.error[:, :, look]))
    return found


def _p_of_exchange(exchanged: Exchanged, truth: Sequence[float], look: int, level: float) -> Floats:
    """As much of the p-value as the rule asks: 0 where it is at most half the level, the level, or 1 where above."""
    moved = np.asarray(truth)[:, None]
    half, whole = (exchanged.refuted(place, moved, look) for place in (HALF_LEVEL, LEVEL))
    return np.where(half, 0.0, np.where(whole, level, 1.0))


def _apart(metrics: Sequence[SimulatedMetric], drawn: Draws, truth: Sequence[float], look: int) -> Flags:
    """Pilots in which the two tests say different things of a primary metric at 5 %."""
    primary = np.array([metric.worthwhile is not None for metric in metrics])
    if drawn.exchanged is None:
        return np.zeros(drawn.noise.shape[1], dtype=bool)
    refuted = drawn.exchanged.refuted(FIVE_PERCENT, np.asarray(truth)[:, None], look)
    found: Flags = ((_p_of_t(metrics, drawn, truth, look) < 2 * (1 - ONE_SIDED)) != refuted)[primary].any(axis=0)
    return found
