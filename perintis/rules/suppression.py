"""Small numbers are not published: behind a count of one to four somebody may recognise a person.

The two numbers of the rule stand here and nowhere else. A count below the threshold, zero excepted, is left out; all
others are rounded, so that a count left out cannot be worked out from a total. With `rounding` 1 nothing is rounded;
then another group is left out wherever the total would tell one alone, or a small number (secondary suppression:
Hundepool et al., Statistical Disclosure Control, 2012, ch. 4).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

THRESHOLD = 5
"""Counts from here on are published."""

ROUNDING = 1
"""Published counts are multiples of this."""

GroupT = TypeVar("GroupT", bound=Hashable)


class Suppressed:
    """Stands for a count that is not published. It is no number: nothing can be worked out with it."""

    def __str__(self) -> str:
        return f"<{THRESHOLD}"

    def __repr__(self) -> str:
        return "SUPPRESSED"


SUPPRESSED = Suppressed()


class Withheld(StrEnum):
    """Why a count is not published: it is small, or it would tell a small one beside it."""

    FEW = "few"
    BESIDE = "beside"


def few(count: float, *, threshold: int = THRESHOLD) -> bool:
    """Whether a count is one of those behind which somebody may be recognised."""
    return 0 < round(count) < threshold


def withheld(
    counts: Mapping[GroupT, int],
    total: int | None = None,
    telling: Collection[GroupT] = (),
    along: Collection[GroupT] = (),
    *,
    threshold: int = THRESHOLD,
) -> frozenset[GroupT]:
    """The groups of one table that are not published beside their total.

    They are the small ones; `telling` ones, whose count would tell a small one elsewhere; those left out `along` for
    another reason; and the next smallest, until those left out together are not a small number, nor one telling group
    alone. What the total has beside the groups (cases of no group shown) counts as one more group left out.
    """
    rest = max((total or 0) - sum(counts.values()), 0)
    out = {g for g, count in counts.items() if few(count, threshold=threshold) or g in telling or g in along}
    left = sorted((group for group in counts if group not in out and counts[group] > 0), key=lambda g: counts[g])
    while left:
        known = [group for group in out if counts[group] > 0]
        alone = rest == 0 and len(known) == 1 and known[0] in telling
        if not alone and not few(rest + sum(counts[group] for group in known), threshold=threshold):
            break
        out.add(left.pop(0))
    return frozenset(out)


def withheld_rows(
    columns: Sequence[Sequence[int]], totals: Sequence[int | None], telling: Sequence[Collection[int]] | None = None
) -> frozenset[int]:
    """The rows of a table of several columns that go as a whole, so that no column tells a small number.

    `columns` hold the counts of the rows, `totals` their totals where they are known; `telling` as in `withheld`.
    """
    out: frozenset[int] = frozenset()
    while True:
        more = out
        for k, column in enumerate(columns):
            more |= withheld(dict(enumerate(column)), totals[k], () if telling is None else telling[k], more)
        if more == out:
            return out
        out = more


def publish(
    counts: Mapping[GroupT, int], *, threshold: int = THRESHOLD, rounding: int = ROUNDING
) -> dict[GroupT, int | Suppressed]:
    """The counts of the groups of one table (offices, segments), as they may be published beside their total.

    Raises ValueError for a negative count, or a threshold or rounding below 1.
    """
    if threshold < 1 or rounding < 1 or any(count < 0 for count in counts.values()):
        raise ValueError("counts are at least 0, threshold and rounding at least 1")
    hidden = {group for group, count in counts.items() if 0 < count < threshold}
    telling = len(hidden) == 1 or 0 < sum(counts[group] for group in hidden) < threshold
    if telling and rounding == 1:
        others = {group: count for group, count in counts.items() if group not in hidden and count > 0}
        if others:  # else the total itself is the small number, and whoever publishes it asks for it too
            hidden.add(min(others, key=lambda group: others[group]))
    return {
        group: SUPPRESSED if group in hidden else (count + rounding // 2) // rounding * rounding
        for group, count in counts.items()
    }


def publish_one(count: int, *, threshold: int = THRESHOLD, rounding: int = ROUNDING) -> int | Suppressed:
    """One count that stands alone, such as a total."""
    return publish({"it": count}, threshold=threshold, rounding=rounding)["it"]


def shown(count: int) -> str:
    """One count of persons in words for a summary that leaves the office: "fewer than 5", or the count itself."""
    return f"fewer than {THRESHOLD}" if publish_one(count, rounding=1) is SUPPRESSED else f"{count:,}"
