"""Whether the two cohorts can be compared at all: volume, staffing, and offices picked for a bad spell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.covariates import balance, balance_check, balance_panel, fold
from perintis.rules.designs.design import Diagnostic
from perintis.rules.designs.facts import WEEK, Facts, ordinals, outside
from perintis.rules.designs.linear import t_p_value
from perintis.rules.statistics.effect import cluster_sums

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Units

VOLUME_CHANGE = 0.10
UTILISATION_GAP = 0.05
LEVEL = 0.05
ROUNDING = 1e-9


def compare_cohorts(values: CaseValues, facts: Facts) -> tuple[tuple[Diagnostic, ...], dict[str, object]]:
    """Balance of the covariates, arrivals, utilisation, regression to the mean; the balance table as a panel."""
    used = values.used
    pilot = values.units.pilot[used]
    folded = fold(facts.covariates, used)
    if pilot.all() or not pilot.any():
        return (), {}
    rows = balance(folded, folded.count(pilot), folded.count(~pilot))
    found = (
        balance_check(rows, "balance", weighted=False, gate=False),
        arrivals(values.units, facts),
        utilisation(facts),
        *regression_to_the_mean(values, facts),
    )
    return found, {"balance": balance_panel(rows)}


def arrivals_a_week(units: Units, chosen: Flags) -> float | None:
    """Cases opened a week and office, over the days from the first to the last; None without dates."""
    day = ordinals(units)[chosen]
    day = day[day > 0]
    if not len(day):
        return None
    weeks = max((int(day.max()) - int(day.min()) + 1) / WEEK, 1.0)
    return len(day) / weeks / max(len(set(units.office[chosen])), 1)


def arrivals(units: Units, facts: Facts) -> Diagnostic:
    """Whether the cohorts' offices had about as many cases: waits grow fast with load (Kingman 1961)."""
    pilot, baseline = arrivals_a_week(units, units.pilot), arrivals_a_week(units, units.baseline)
    if pilot is None or baseline is None:
        return Diagnostic("arrivals", "Arrivals cannot be compared: days of opening are not recorded.", None, False)
    change = pilot / baseline - 1
    fine = abs(change) <= VOLUME_CHANGE or facts.arrivals
    text = f"{pilot:.3g} cases a week and office with the pilot, {baseline:.3g} without ({change:+z.0%})"
    text += "; adjusted for." if facts.arrivals else "."
    cure = (
        None if fine else "Compare weeks of like volume, or adjust for arrivals where the design sees how they change."
    )
    return Diagnostic("arrivals", text, fine, True, change, VOLUME_CHANGE, cure)


def utilisation(facts: Facts) -> Diagnostic:
    """Whether offices were equally busy: at most 5 percentage points apart, or adjusted for arrivals."""
    if facts.utilisation is None:
        return Diagnostic("utilisation", "How busy the offices were is not recorded.", None, gate=False)
    pilot, baseline = facts.utilisation
    gap = pilot - baseline
    fine = abs(gap) <= UTILISATION_GAP + ROUNDING or facts.arrivals
    text = f"Offices were busy {pilot:.0%} of the time with the pilot, {baseline:.0%} without."
    cure = (
        "Compare times of like volume, for fewer cases an officer shorten waits, or adjust for arrivals where the "
        "design allows it."
    )
    return Diagnostic("utilisation", text, fine, True, gap, UTILISATION_GAP, None if fine else cure)


def regression_to_the_mean(values: CaseValues, facts: Facts) -> tuple[Diagnostic, ...]:
    """Where offices were picked for their values in a window: was that window unusual for them?

    Compares the pilot's offices in the window with the time before it, clustered by office. They would have come back
    by themselves, so the baseline has to leave the window out (the designs do so). Source: Barnett et al. 2005.
    """
    if facts.selection is None:
        return ()
    code = "regression_to_the_mean"
    day = ordinals(values.units)
    first = facts.selection[0].toordinal()
    offices = pilot_offices(values.units, facts)
    mine = values.used & offices[values.units.office]
    inside, earlier = mine & ~outside(facts.selection, day), mine & (day > 0) & (day < first)
    if min(int(inside.sum()), int(earlier.sum())) < 2:
        text = (
            "Whether the offices were picked in a bad spell cannot be seen: no cases in or before the selection window."
        )
        cure = "Extend the baseline to before the window on which offices were picked."
        return (Diagnostic(code, text, None, gate=False, cure=cure),)
    means = [float(values.y[side].mean()) for side in (inside, earlier)]
    psi = np.zeros(len(values.y))
    for side, mean, sign in ((inside, means[0], 1.0), (earlier, means[1], -1.0)):
        psi[side] = sign * (values.y[side] - mean) / side.sum()
    both = inside | earlier
    sums = cluster_sums(psi[both], values.units.office[both])
    error = float(np.sqrt((sums**2).sum() * len(sums) / max(len(sums) - 1, 1)))
    gap = means[0] - means[1]
    fine = error == 0 or t_p_value(gap / error, max(len(sums) - 1, 1)) >= LEVEL
    text = f"When offices were picked they stood at {means[0]:.3g} {values.unit}, before at {means[1]:.3g}."
    if not fine:
        text += " Part of any change would have come by itself; that window is left out of the baseline."
    return (Diagnostic(code, text, fine, False, gap),)


def pilot_offices(units: Units, facts: Facts) -> Flags:
    """True for offices with the pilot, by place; one entry more (false) for cases without an office.

    By `office_starts` where given; else every office with a case of the pilot that is not a comparison office.
    """
    found = np.zeros(len(units.offices) + 1, dtype=bool)
    if facts.office_starts:
        found[:-1] = [name in facts.office_starts for name in units.offices]
    else:
        found[units.office[units.pilot]] = True
        found[:-1] &= [name not in facts.comparison_offices for name in units.offices]
    found[-1] = False
    return found
