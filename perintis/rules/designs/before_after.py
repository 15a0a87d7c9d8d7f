"""One series before and after: an interrupted time series, alone or against a series of offices without the pilot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.designs.comparability import regression_to_the_mean
from perintis.rules.designs.design import Diagnostic, Estimated, Evidence
from perintis.rules.designs.facts import WEEK, Facts, Impact, single_start, some
from perintis.rules.designs.linear import least_squares, t_p_value, t_quantile
from perintis.rules.designs.prais_winsten import Series, linear_map, ljung_box, newey_west, prais_winsten
from perintis.rules.designs.series import Columns, Points, columns_of, points_of
from perintis.rules.statistics.effect import Effect, NoEstimate, Scale

if TYPE_CHECKING:
    from perintis.rules.statistics.case_values import CaseValues
    from perintis.rules.statistics.effect import Flags, Floats, Whole

WEEKS_BEFORE, WEEKS_AFTER = 24, 12
LEAST_BEFORE, LEAST_AFTER, LEAST_DF = 8, 4, 4
PLACEBO_SIDE = 8
RESIDUAL_LIMIT = 0.01
CONTROLS_FOR_B = 4


@dataclass(frozen=True, eq=False)
class Regression:
    """A fitted series. `response` is the mean, or its logarithm's working value; `mean` the fitted mean itself."""

    points: Points
    columns: Columns
    series: Series
    contrast: Floats
    map: Floats
    log: bool

    @property
    def estimate(self) -> float:
        """The effect, averaged over the points after the start by their cases."""
        return float(self.contrast @ self.series.coefficient)

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.series.error(self.contrast)

    def fitted(self, x: Floats) -> Floats:
        """Fitted means for a design matrix."""
        linear = x @ self.series.coefficient
        found: Floats = np.exp(linear) if self.log else linear
        return found


def estimate(values: CaseValues, facts: Facts | None = None) -> Estimated | NoEstimate:
    """Prais-Winsten regression of weekly (daily) means by day of opening, weighted by cases.

    `y = level + trend + effect + season + holidays`, AR(1) errors; for counts quasi-Poisson with the cases as offset,
    the last reweighted step with AR(1) errors, and the log ratio as the effect. With `comparison_offices` the series is
    the difference to theirs (always on the scale of means). A case's influence is the weight of its week times (value -
    fitted) / cases of the week: good for covariances between metrics; the error is that of the regression.
    Sources: Bernal, Cummins and Gasparrini 2017; Turner et al. 2021.
    """
    facts = facts or Facts()
    start = single_start(facts)
    if isinstance(start, NoEstimate):
        return start
    control = _of_offices(values, facts.comparison_offices)
    points = points_of(values, facts, values.used & ~control, start)
    if points is None:
        return NoEstimate("No case of this metric has a day on which it was opened.", "Record when cases are opened.")
    against = points_of(values, facts, values.used & control, start) if control.any() else None
    if against is not None:
        points, against = _common(points, against)
    short = _too_short(points)
    if short is not None:
        return short
    found = regress(points, facts, against)
    if found is None:
        return NoEstimate(
            f"{some(len(points.time), 'point')} do not determine the trend, the season and the effect.",
            "Wait for more weeks, or register fewer seasons.",
        )
    return _result(values, facts, found, against)


def regress(points: Points, facts: Facts, against: Points | None = None, impact: Impact | None = None,
            start: int = 0) -> Regression | None:  # fmt: skip
    """Fit the series; None where its points do not determine the effect."""
    columns = columns_of(points, facts, impact, start)
    if len(points.time) - columns.x.shape[1] < LEAST_DF:
        return None
    log = facts.counts and against is None and bool(points.mean.sum() > 0)
    response, weight = points.mean, points.n
    if against is not None:
        response, weight = points.mean - against.mean, 1 / (1 / points.n + 1 / against.n)
    if log:
        working = _quasi_poisson(columns.x, points)
        if working is None:
            return None
        response, weight = working
    series = prais_winsten(columns.x, response, points.time, weight)
    if series is None:
        return None
    contrast = columns.mean_effect(points.n * (points.time >= start))
    return Regression(points, columns, series, contrast, linear_map(series, contrast, _steps(points)), log)


def _steps(points: Points) -> Whole:
    return np.diff(points.time, prepend=points.time[0] - 1)


def _quasi_poisson(x: Floats, points: Points) -> tuple[Floats, Floats] | None:
    """Working response and weights of a log-linear regression of sums, offset log of cases (McCullagh and Nelder)."""
    mean = np.maximum(points.mean, points.mean.mean() / 10)
    for _ in range(50):
        response = np.log(mean) + (points.mean - mean) / mean
        fit = least_squares(x, response, points.n * mean)
        if fit is None:
            return None
        new = np.exp(np.clip(x @ fit.coefficient, -50, 50))
        if np.max(np.abs(new / mean - 1)) < 1e-10:
            return np.log(new) + (points.mean - new) / new, points.n * new
        mean = new
    return None


def _result(values: CaseValues, facts: Facts, found: Regression, against: Points | None) -> Estimated:
    error, df = found.error, float(found.series.df)
    diagnostics = [
        _length(found.points),
        _seasons(found.points, facts),
        _placebo(found.points, facts, against),
        _residuals(found.series),
        _co_interventions(found.points, facts),
        _slope(found, facts, against),
        _too_narrow(found, against),
        *_without_comparison(facts, against),
        *regression_to_the_mean(values, facts),
    ]
    pre, post = int((~found.points.post).sum()), int(found.points.post.sum())
    unit = "week" if found.points.length == WEEK else "day"
    kind = "quasi-Poisson" if found.log else "Prais-Winsten"
    evidence = Evidence.D
    if against is not None:
        evidence = Evidence.B if _controls(values, facts) >= CONTROLS_FOR_B else Evidence.C
    return Estimated(
        _effect(values, found, against), error, df, f"{some(pre, unit)} before, {post} after",
        f"interrupted time series ({kind}, AR(1)), impact: {facts.impact}"
        + ("" if against is None else ", against comparison offices"),
        evidence, tuple(diagnostics), {"series": _panel(found, against), "rho": found.series.rho},
    )  # fmt: skip


def _effect(values: CaseValues, found: Regression, against: Points | None) -> Effect:
    """Influence of cases through their points; `pilot` is the mean after the start, `baseline` the one without it."""
    units, points = values.units, found.points
    fitted = found.fitted(found.columns.x)
    if against is not None:
        fitted = fitted + against.mean
    psi = np.zeros(len(units))
    inside = points.point >= 0
    at = points.point[inside]
    scale = fitted if found.log else np.ones(len(fitted))
    psi[inside] = (found.map / points.n / scale)[at] * (values.y[inside] - fitted[at])
    used = inside
    if against is not None:
        other = against.point >= 0
        at = against.point[other]
        psi[other] -= (found.map / against.n)[at] * (values.y[other] - against.mean[at])
        used = inside | other
    post = points.post
    pilot = float(points.n[post] @ points.mean[post] / points.n[post].sum())
    baseline = pilot / np.exp(found.estimate) if found.log else pilot - found.estimate
    scale_of = Scale.LOG_RATIO if found.log else Scale.DIFFERENCE
    return Effect(values.metric, found.estimate, psi, used, units, pilot, float(baseline), values.unit, scale_of)


def _panel(found: Regression, against: Points | None) -> list[dict[str, object]]:
    points = found.points
    fitted, never = found.fitted(found.columns.x), found.fitted(found.columns.without_effect())
    shift = np.zeros(len(fitted)) if against is None else against.mean
    return [
        {
            "day": date.fromordinal(int(day)).isoformat(),
            "n": int(n),
            "mean": float(mean),
            "fitted": float(fit),
            "counterfactual": float(other) if after else None,
            "comparison": None if against is None else float(moved),
        }
        for day, n, mean, fit, other, after, moved in zip(
            points.first_day, points.n, points.mean, fitted + shift, never + shift, points.post, shift, strict=True
        )
    ]


def _of_offices(values: CaseValues, names: frozenset[str]) -> Flags:
    """Cases of the named offices."""
    marked = np.array([name in names for name in values.units.offices] + [False], dtype=bool)
    found: Flags = marked[values.units.office]
    return found


def _controls(values: CaseValues, facts: Facts) -> int:
    return len(facts.comparison_offices & set(values.units.offices))


def _common(points: Points, against: Points) -> tuple[Points, Points]:
    return points.kept(np.isin(points.time, against.time)), against.kept(np.isin(against.time, points.time))


def _too_short(points: Points) -> NoEstimate | None:
    pre, post = int((~points.post).sum()), int(points.post.sum())
    if pre >= LEAST_BEFORE and post >= LEAST_AFTER:
        return None
    length = _length(points)
    return NoEstimate(length.text, length.cure)


def _length(points: Points) -> Diagnostic:
    """At least 24 weeks before and 12 after the start."""
    pre, post = (int(side.sum() * points.length // WEEK) for side in (~points.post, points.post))
    if points.length == 1:
        pre, post = (_weeks_spanned(points, side) for side in (~points.post, points.post))
    lacking = [
        f"{needed} weeks {when} the start needed, {present} present"
        for needed, present, when in ((WEEKS_BEFORE, pre, "before"), (WEEKS_AFTER, post, "after"))
        if present < needed
    ]
    if not lacking:
        return Diagnostic("length", f"{pre} weeks before the start, {post} after.", True, value=float(pre))
    text = "; ".join(lacking)
    cure = "Extend the baseline further back." if pre < WEEKS_BEFORE else "Wait until enough weeks have passed."
    return Diagnostic("length", f"{text[0].upper()}{text[1:]}.", False, True, float(min(pre, post)), None, cure)


def _weeks_spanned(points: Points, side: Flags) -> int:
    time = points.time[side]
    return int((time.max() - time.min() + 1) // WEEK) if len(time) else 0


def _seasons(points: Points, facts: Facts) -> Diagnostic:
    """A season that the time after the start touches must have been seen whole before it."""
    if not facts.seasons:
        text = "No season such as Ramadan with Eid was given, so whether the baseline covers it is not known."
        return Diagnostic("seasons", text, None, cure="Give the dates of Ramadan and Eid in the plan.")
    day, after = points.first_day, points.first_day[points.post]
    low, high = int(day.min()), points.start
    missing = []
    for season in facts.seasons:
        spans = [(first.toordinal(), last.toordinal()) for first, last in season.spans]
        touched = any(first < int(after.max()) + points.length and last >= points.start for first, last in spans)
        if touched and not any(first >= low and last < high for first, last in spans):
            missing.append(season.name)
    if not missing:
        return Diagnostic("seasons", "Every season after the start was seen before it as well.", True)
    names = ", ".join(missing)
    text = f"{names} falls after the start, and the baseline saw none."
    return Diagnostic("seasons", text, False, cure=f"Extend the baseline back over {names} of the year before.")


def _placebo(points: Points, facts: Facts, against: Points | None) -> Diagnostic:
    """Dates before the start at which nothing began must show no effect, at 5 % over all of them (Bonferroni)."""
    pre = ~points.post
    before = points.kept(pre)
    other = None if against is None else against.kept(pre)
    size = len(before.time)
    given = [(day.toordinal() - points.start) // points.length for day in facts.placebo_starts]
    starts = given or [int(before.time[round(size * share)]) for share in (0.4, 0.5, 0.6)]
    fitting = [s for s in starts if min((before.time < s).sum(), (before.time >= s).sum()) >= PLACEBO_SIDE]
    found = [(s, r) for s in fitting if (r := regress(before, facts, other, Impact.STEP, s)) is not None]
    if not found:
        text = (
            f"Placebo dates could not be tried: {PLACEBO_SIDE} points on either side of one are needed, {size} present."
        )
        return Diagnostic("placebo", text, None, cure="Extend the baseline further back.")
    p, start = min((_p(regression), at) for at, regression in found)
    fine, limit = p >= 0.05 / len(found), 0.05 / len(found)
    on = (date.fromordinal(points.start) + timedelta(days=start * points.length)).isoformat()
    text = (
        f"Of {some(len(found), 'placebo date')}, the largest change ({on}) would come about by chance in "
        f"{in_draws(p)} of draws."
    )
    cure = None if fine else f"Something else changed about {on}: find it, or begin the baseline after it."
    return Diagnostic("placebo", text, fine, True, p, limit, cure)


def _p(found: Regression) -> float:
    return t_p_value(found.estimate / found.error, found.series.df) if found.error > 0 else 1.0


def _residuals(series: Series) -> Diagnostic:
    """Nothing may be left of autocorrelation after the first order is taken out."""
    lags = max(min(10, len(series.innovation) // 5), 2)
    p = ljung_box(series.innovation, lags)
    text = (
        f"Autocorrelation from one point to the next {series.rho:z.2f}; were none left after it, as much would come "
        f"about in {in_draws(p)} of draws."
    )
    cure = None if p >= RESIDUAL_LIMIT else "The weeks hang together in another way: add the season that is missing."
    return Diagnostic("residual_autocorrelation", text, p >= RESIDUAL_LIMIT, True, p, RESIDUAL_LIMIT, cure)


def _co_interventions(points: Points, facts: Facts) -> Diagnostic:
    """Nothing else may have changed within the weeks looked at."""
    code = "co_interventions"
    if facts.logged is None:
        text = "No log of other changes was kept, so none can be ruled out."
        return Diagnostic(code, text, None, cure="Keep a log of other changes in the pilot's offices.")
    low, high = int(points.first_day.min()), int(points.first_day.max()) + points.length
    inside = sorted((entry.on, entry.what) for entry in facts.logged if low <= entry.on.toordinal() < high)
    if not inside:
        return Diagnostic(code, "No other change was logged in these weeks.", True, value=0.0)
    named = "; ".join(f"{what} ({on.isoformat()})" for on, what in inside)
    text = f"{some(len(inside), 'other change')} logged in these weeks: {named}."
    return Diagnostic(code, text, False, True, float(len(inside)), 0.0, "Compare with offices that had it as well.")


def _without_comparison(facts: Facts, against: Points | None) -> tuple[Diagnostic, ...]:
    """Comparison offices that the plan names and the data lack."""
    if against is not None or not facts.comparison_offices:
        return ()
    text = "None of the comparison offices that the plan names has a case: the series stands alone."
    cure = "Add the cases of the comparison offices, before the start and after it."
    return (Diagnostic("comparison_offices", text, False, True, 0.0, None, cure),)


def _slope(found: Regression, facts: Facts, against: Points | None) -> Diagnostic:
    """What a change of trend beside the registered impact would make of it; for the eye."""
    other = Impact.STEP if facts.impact is Impact.STEP_AND_SLOPE else Impact.STEP_AND_SLOPE
    changed = regress(found.points, facts, against, other)
    if changed is None:
        return Diagnostic("other_impact", f"Too few points for the impact '{other}'.", None, gate=False)
    text = f"With the impact '{other}' the effect would be {changed.estimate:+z.4g} (error {changed.error:.3g})."
    near = abs(changed.estimate - found.estimate) <= 2 * max(found.error, changed.error)
    return Diagnostic("other_impact", text, near, False, changed.estimate, changed.error)


def _too_narrow(found: Regression, against: Points | None) -> Diagnostic:
    """Newey-West beside it: on so few points its interval is too narrow (10 to 19 % false alarms at 5 %)."""
    y = found.points.mean if against is None else found.points.mean - against.mean
    covariance = None if found.log else newey_west(found.columns.x, y, 4)
    if covariance is None:
        return Diagnostic("newey_west", "Newey-West is not shown for counts.", None, gate=False)
    error = float(np.sqrt(found.contrast @ covariance @ found.contrast))
    reach = t_quantile(found.series.df)
    text = f"Newey-West, too narrow on short series, would give an error of {error:.3g} instead of {found.error:.3g}"
    return Diagnostic("newey_west", f"{text} (half-width {reach * error:.3g}).", None, False, error)
