"""The values of one cohort, and how both cohorts' are put into the order of the units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.metrics import NotComparable
from perintis.rules.statistics.case_values import CaseValues
from perintis.words.errors import BadInput
from perintis.words.recorded import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from perintis.rules.metrics import View
    from perintis.rules.statistics.effect import Flags, Floats, Units

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
            return NotComparable(
                f"{name}: not one of {len(found.y):,} cases can be used" + (f" ({why})" if why else "")
            )
        y[begin + view.rank] = found.y
        for reason, count in found.left_out.items():
            if count:
                left_out[f"{reason} ({name})"] = count
    return CaseValues(metric, unit, y, ~np.isnan(y), units, tau, tuple(left_out.items()))
