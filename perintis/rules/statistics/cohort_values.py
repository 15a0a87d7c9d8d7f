"""The values of one cohort, and how both cohorts' are put into the order of the units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import NotComparable
from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.reaching import SHORTER_TAU
from perintis.words.errors import BadInput
from perintis.words.recorded import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Flags, Floats, Units

YOUNG = "entered less than tau ago"
OPEN = "are still open"
"""Why a case has no value yet, which time alone mends."""

NEVER_DECIDED = (Outcome.WITHDRAWN.value, Outcome.CANCELLED.value)
"""Outcomes of a case that ended without a decision."""

COHORTS = ("baseline", "pilot")


@dataclass(frozen=True, eq=False)
class CohortValues:
    """One value for each row of the case table, NaN where the case is not used; `left_out` counts those by reason."""

    y: Floats
    left_out: Mapping[str, int] = field(default_factory=dict)


def withdrawn(view: View) -> Flags:
    """True for a case that ended without a decision, in the order of rows."""
    found: Flags = view.cases["outcome"].is_in(NEVER_DECIDED).fill_null(False).to_numpy()
    return found


def both(
    metric: str,
    unit: str,
    views: tuple[View, View],
    units: Units,
    values: tuple[CohortValues | NotComparable, CohortValues | NotComparable],
    tau: float | None = None,
) -> CaseValues | NotComparable:
    """Baseline and pilot in the order of the units; `NotComparable` names the cohort that lacks something."""
    sizes = tuple(view.data.cases.height for view in views)
    if sum(sizes) != len(units) or int(units.baseline.sum()) != sizes[0]:
        raise BadInput("the units are not those of these two data sets; make them with `units_of` from the same tables")
    y = np.full(len(units), np.nan)
    left_out: dict[str, int] = {}
    for name, view, found, begin in zip(COHORTS, views, values, (0, sizes[0]), strict=True):
        if isinstance(found, NotComparable):
            return NotComparable(f"{name}: {found.reason}", found.cure)
        if np.isnan(found.y).all():
            why = "; ".join(f"{count:,} {reason}" for reason, count in found.left_out.items() if count)
            told = f"{name}: not one of {len(found.y):,} cases can be used" + (f" ({why})" if why else "")
            return NotComparable(told, _what_to_wait_for(view, found, None if "hours" in unit else tau))
        y[begin + view.rank] = found.y
        for reason, count in found.left_out.items():
            if count:
                left_out[f"{reason} ({name})"] = count
    return CaseValues(metric, unit, y, ~np.isnan(y), units, tau, tuple(left_out.items()))


def _what_to_wait_for(view: View, found: CohortValues, tau_days: float | None) -> str | None:
    """Until when to wait, where most cases only need time; else None."""
    waiting = {reason: found.left_out.get(reason, 0) for reason in (YOUNG, OPEN)}
    if 2 * sum(waiting.values()) < len(found.y):
        return None
    first = view.cases["opened"].min()
    if waiting[YOUNG] and tau_days is not None and isinstance(first, datetime):
        return f"data read on {(first + timedelta(days=tau_days)).date().isoformat()} or later, or {SHORTER_TAU}"
    return "data read when cases have closed" if waiting[OPEN] else f"{SHORTER_TAU}, or more time"
