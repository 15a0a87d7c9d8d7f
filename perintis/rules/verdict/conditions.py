"""What the rule asks of readings, for one evaluation or for thousands of simulated ones at once.

The verdict and the table of operating characteristics rest on this one module, so that what a plan is promised is what
it gets. All arrays have one row a repetition and one column a metric; numbers are turned so that positive is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.statistics.multiplicity import holm_rows

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole


class Word(StrEnum):
    """What a verdict can say."""

    SCALE = "scale"
    ADJUST = "adjust"
    STOP = "stop"
    NO_VERDICT = "no verdict"
    CONTINUE = "continue"


WORDS = (Word.CONTINUE, Word.SCALE, Word.ADJUST, Word.STOP)
"""By the number under which `words` gives them."""


@dataclass(frozen=True, eq=False)
class Primaries:
    """Readings of the primary metrics: shape (repetitions, metrics), `worthwhile` (metrics,)."""

    effect: Floats
    low: Floats
    high: Floats
    p: Floats
    worthwhile: Floats


@dataclass(frozen=True, eq=False)
class Guardrails:
    """Readings of the guardrails: shape (repetitions, metrics), `margin` (metrics,). `low` is the one-sided limit.

    Harm is told by the two-sided `p` at the level of the look, for the interval that is shown of a guardrail is plain.
    """

    effect: Floats
    p: Floats
    low: Floats
    margin: Floats


@dataclass(frozen=True, eq=False)
class Conditions:
    """Which condition holds: arrays of truth values, one row a repetition and, where it is of metrics, a column each.

    `proven`: above zero at this look, after Holm. `passing`: proven, and at least the smallest worthwhile effect.
    `inconclusive`: a guardrail that may still be worse by its margin.
    """

    guardrail_harm: Flags
    primary_harm: Flags
    futile: Flags
    proven: Flags
    passing: Flags
    inconclusive: Flags


def conditions(primaries: Primaries, guardrails: Guardrails, look_alpha: float) -> Conditions:
    """The conditions of the rule at one look whose two-sided level is `look_alpha`."""
    proven = primaries.low > 0
    if primaries.p.shape[1] > 1:
        proven &= holm_rows(primaries.p) <= look_alpha
    return Conditions(
        guardrail_harm=(guardrails.p <= look_alpha) & (guardrails.effect < -guardrails.margin),
        primary_harm=primaries.high < 0,
        futile=np.asarray((primaries.high < primaries.worthwhile).all(axis=1)),
        proven=proven,
        passing=proven & (primaries.effect >= primaries.worthwhile),
        inconclusive=~(guardrails.low > -guardrails.margin),
    )


def words(found: Conditions, *, may_scale: bool, final: bool) -> Whole:
    """The word for each repetition, as its place in WORDS. `may_scale` is false where something else forbids it."""
    stop = found.guardrail_harm.any(axis=1) | found.primary_harm.any(axis=1) | found.futile
    scale = found.passing.any(axis=1) & ~found.inconclusive.any(axis=1) & may_scale
    otherwise = WORDS.index(Word.ADJUST if final else Word.CONTINUE)
    said: Whole = np.select([stop, scale], [WORDS.index(Word.STOP), WORDS.index(Word.SCALE)], otherwise)
    return said
