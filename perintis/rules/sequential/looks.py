"""Formal looks as they were taken: each is a value that is stored once and never computed again.

What later looks may spend rests on what earlier ones did spend, not on what was planned; so a look keeps its
information, its share of the level and its bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr, ndtri, stdtr, stdtrit

from perintis.rules.sequential.crossing import LEAST_GAIN, bound_for, run_on
from perintis.rules.sequential.spending import LEVEL, Spending, spent
from perintis.words.errors import BadInput, NotAllowed


@dataclass(frozen=True)
class Look:
    """One formal look. `information` is 1 / (standard error)^2, `fraction` its share of what is planned.

    `spent` is the two-sided level spent up to and including this look. `bound` is on |Z|; None where this look may not
    decide, for the reason in `why_none`.
    """

    number: int
    information: float
    fraction: float
    spent: float
    bound: float | None
    final: bool
    why_none: str | None = None


@dataclass(frozen=True)
class Interval:
    """An estimate with its two-sided limits, in the estimate's unit."""

    estimate: float
    low: float
    high: float


def next_look(
    previous: Sequence[Look],
    error: float,
    planned_information: float,
    *,
    final: bool,
    alpha: float = LEVEL,
    spending: Spending = Spending.OBRIEN_FLEMING,
) -> Look:
    """The look after `previous`, with the bound that its information allows.

    `error` is the standard error of the primary effect now. Without new information a look that is not the last has no
    bound; the last one then has the bound of what is left alone, which holds whatever the looks share (Bonferroni).
    Raises NotAllowed after a final look.
    """
    if not error > 0 or not planned_information > 0:
        raise BadInput("a look needs a standard error and a planned information above 0")
    if previous and previous[-1].final:
        raise NotAllowed(f"look {previous[-1].number} was the final one; no further look can decide")
    information = 1 / (error * error)
    fraction = information / planned_information
    taken = [look for look in previous if look.bound is not None]
    before = taken[-1].spent if taken else 0.0
    left = (alpha if final else spent(fraction, alpha, spending)) - before
    number, idle = len(previous) + 1, bool(taken) and fraction < taken[-1].fraction + LEAST_GAIN
    if left <= 0 or (idle and not final):
        why = "no information was gained since the look before" if idle else "nothing of the level may be spent"
        return Look(number, information, fraction, before, None, final, why)
    if idle:
        return Look(number, information, fraction, before + left, -float(ndtri(left / 2)), final)
    inside = run_on([look.fraction for look in taken], [look.bound for look in taken if look.bound is not None])
    return Look(number, information, fraction, before + left, bound_for(inside, fraction, left), final)


def t_bound(bound: float, df: float | None) -> float:
    """The bound for a t statistic with `df` degrees of freedom that has the tail of the normal `bound`.

    With few offices the standard error is itself uncertain; df is None where it may be taken as known. Source: Jennison
    and Turnbull 2000, section 3.8 (significance level approach).
    """
    return bound if df is None else -float(stdtrit(df, float(ndtr(-bound))))


def normal_equivalent(estimate: float, error: float, df: float | None) -> float:
    """The z value with the tail of the t statistic estimate / error: what bounds on |Z| are held against."""
    ratio = estimate / error
    if df is None:
        return ratio
    z = -float(ndtri(stdtr(df, -abs(ratio))))
    return z if ratio > 0 else -z


def repeated_interval(estimate: float, error: float, bound: float, df: float | None = None) -> Interval:
    """The interval that holds at all looks together: estimate plus and minus bound times standard error.

    Source: Jennison and Turnbull 1989.
    """
    half = t_bound(bound, df) * error
    return Interval(estimate, estimate - half, estimate + half)
