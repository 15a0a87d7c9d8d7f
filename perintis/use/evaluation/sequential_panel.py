"""The sequential panel: formal looks with their bounds, the daily always-valid band, and the harm monitor."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from perintis.rules.designs.strata import is_binary
from perintis.rules.evaluation.panels import DayPoint, LookPoint, SequentialPanel
from perintis.rules.evaluation.parts import Between, Figure, Message, Missing
from perintis.rules.sequential.always_valid import Band, DayEstimate, band
from perintis.rules.sequential.curtailment import conditional_power
from perintis.rules.sequential.harm_monitor import watch
from perintis.rules.sequential.looks import next_look, normal_equivalent
from perintis.rules.sequential.spending import Spending
from perintis.rules.sequential.stopped import median_unbiased
from perintis.rules.verdict.conditions import Word
from perintis.rules.verdict.reading import Role
from perintis.use.evaluation.beside import unclustered
from perintis.use.evaluation.daily import day_series
from perintis.use.evaluation.looks import EARLY
from perintis.use.evaluation.measuring import Measured, Outcome
from perintis.use.evaluation.ripening import ripe_values
from perintis.use.evaluation.share_band import share_band

if TYPE_CHECKING:
    from perintis.rules.evaluation.parts import MetricResult
    from perintis.rules.plan import Looks
    from perintis.rules.verdict.rule import Verdict
    from perintis.use.evaluation.looks import Standing
    from perintis.use.evaluation.material import LookTaken
    from perintis.use.evaluation.prepare import Prepared

FARTHEST = 12.0
"""A larger |Z| leaves no doubt, and more digits would be noise."""

ENOUGH_FOR_COLOUR = 6
"""Below so many offices a cohort the daily band is text for reading, without a colour."""


def sequential(
    prepared: Prepared, first: Measured | None, result: MetricResult | None, standing: Standing | None,
    outcomes: tuple[Outcome, ...], verdict: Verdict,
) -> SequentialPanel | Missing:  # fmt: skip
    """The panel of the first primary metric; missing where that could not be measured."""
    if first is None or result is None or standing is None:
        return Missing(reason=Message(code="no_primary", text="the first primary metric could not be measured"))
    plan, taken = prepared.plan.looks, prepared.material.request.looks
    shares = _of_shares(prepared, first)
    days = daily(prepared, first) if shares is None else []
    shown = shares or (days if isinstance(days, str) else band(days, plan.planned_cases))
    hidden = shown if isinstance(shown, str) else shown.hidden
    powers = chances(prepared, first, standing)
    return SequentialPanel(
        metric=first.known.name, unit=first.known.unit, spending=plan.spending.value, fraction=standing.fraction,
        looks=_looks(plan, taken, standing, result, prepared),
        days=() if isinstance(shown, str) else tuple(
            DayPoint(day=d.day, cases=d.cases, estimate=d.estimate, interval=Between(low=d.low, high=d.high))
            for d in shown.days
        ),
        hidden=None if hidden is None else Message(code="band_hidden", text=hidden),
        harm=harm(prepared, outcomes), stopped_early=stopped_early(taken, standing, first, verdict),
        power_as_seen=powers[0], power_at_target=powers[1], notes=tuple(_notes(prepared, shares is not None)),
    )  # fmt: skip


def stopped_early(
    taken: tuple[LookTaken, ...], standing: Standing, first: Measured, verdict: Verdict
) -> Figure | None:  # fmt: skip
    """The median-unbiased effect where this look, not the final one, ended the trial; else None."""
    now = standing.look
    if now is None or now.final or verdict.word not in (Word.SCALE, Word.STOP):
        return None
    looks = [t.look for t in taken if t.look.bound is not None]
    z = normal_equivalent(first.effect.estimate, first.inference.error, first.inference.df)
    if not isfinite(z):  # beyond what numbers can say: the plain estimate is as good
        return None
    found = median_unbiased(
        [*(look.fraction for look in looks), now.fraction], [look.bound for look in looks if look.bound is not None], z,
        standing.planned_information,
    )  # fmt: skip
    return Figure(value=found.estimate, interval=Between(low=found.low, high=found.high))


def chances(prepared: Prepared, first: Measured, standing: Standing) -> tuple[float | None, float | None]:
    """The chance that a later look proves the effect: as it is seen now, and at the plan's target."""
    plan, taken = prepared.plan.looks, [t.look for t in prepared.material.request.looks]
    own, now = first.inference, standing.look
    if standing.over or (now is not None and now.final) or not 0 < standing.fraction < 1:
        return None, None
    looks = [*taken, now] if now is not None else taken
    later = [f for f in plan.fractions if f > standing.fraction + EARLY]
    ahead = list(looks)
    for fraction in later:
        error = (fraction * standing.planned_information) ** -0.5
        ahead.append(
            next_look(ahead, error, standing.planned_information, final=fraction == later[-1], alpha=plan.alpha,
                      spending=Spending(plan.spending.value))
        )  # fmt: skip
    due = [(look.fraction, look.bound) for look in ahead[len(looks) :] if look.bound is not None]
    if not due or own.error <= 0:
        return None, None
    z = max(-FARTHEST, min(FARTHEST, normal_equivalent(first.sign * first.effect.estimate, own.error, own.df)))
    fractions, bounds = [f for f, _ in due], [b for _, b in due]
    seen = conditional_power(z, standing.fraction, fractions, bounds)
    planned = first.planned
    if planned is None or planned.target is None:
        return _share(seen), None
    drift = planned.absolute(planned.target, first.effect.baseline) * standing.planned_information**0.5
    return _share(seen), _share(conditional_power(z, standing.fraction, fractions, bounds, drift))


def _share(chance: float) -> float:
    """Within 0 and 1: the integral may miss them by a rounding error."""
    return min(max(float(chance), 0.0), 1.0)


def _of_shares(prepared: Prepared, found: Measured) -> Band | None:
    """The band from exact intervals for both shares: for a yes or no, where cases count by themselves."""
    if found.known.unit != "share" or not unclustered(prepared):
        return None
    ripe = ripe_values(prepared, found)
    if isinstance(ripe, str) or not is_binary(ripe.y[ripe.used]):
        return None
    until, planned = prepared.pilot.read.date(), prepared.plan.looks.planned_cases
    return share_band(ripe.y, ripe.used, prepared.units.pilot, ripe.day, until, planned)


def _notes(prepared: Prepared, of_shares: bool) -> list[Message]:
    """How the daily band is made, and what to mind of it."""
    if of_shares:
        text = (
            "the daily band is made of exact intervals for the share of either cohort, as each case was drawn by itself"
            " or no office is known"
        )
        return [Message(code="band_shares", text=text)]
    text = (
        "the daily band takes the largest of the errors by office, by day and by both, so that one bad day of one"
        " cohort does not look like an effect"
    )
    return [Message(code="band_error", text=text), *_few(prepared)]


def _few(prepared: Prepared) -> list[Message]:
    fewest = min(prepared.units.offices_of(True), prepared.units.offices_of(False))
    if fewest >= ENOUGH_FOR_COLOUR:
        return []
    text = f"with {fewest} offices in a cohort the daily band is for reading only; it never speaks for a verdict"
    return [Message(code="band_few_offices", text=text, values={"offices": fewest})]


def harm(prepared: Prepared, outcomes: tuple[Outcome, ...]) -> tuple[Message, ...]:
    """What the harm monitor has seen: one message for each guardrail that is worse beyond doubt."""
    guardrails: dict[str, list[DayEstimate]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Measured) and outcome.role is Role.GUARDRAIL:
            days = daily(prepared, outcome, sign=outcome.sign)
            guardrails[outcome.known.name] = [] if isinstance(days, str) else days
    trips = watch(guardrails, prepared.plan.looks.planned_cases)
    return tuple(
        Message(code="harm_trip", text=trip.in_words(),
                values={"metric": trip.metric, "day": trip.day.isoformat(), "effect": trip.effect, "limit": trip.limit})
        for trip in trips
    )  # fmt: skip


def daily(prepared: Prepared, found: Measured, *, sign: float = 1.0) -> list[DayEstimate] | str:
    """The effect by day on final values; or why the metric has none by day."""
    ripe = ripe_values(prepared, found)
    if isinstance(ripe, str):
        return ripe
    return day_series(ripe.y, ripe.used, prepared.units, ripe.day, prepared.pilot.read.date(), sign=sign)


def _looks(
    plan: Looks, taken: tuple[LookTaken, ...], standing: Standing, result: MetricResult, prepared: Prepared
) -> tuple[LookPoint, ...]:
    """The looks taken, the one taken now, and those still planned."""
    points = [
        LookPoint(look=t.look.number, fraction=t.look.fraction, planned=False, bound=t.look.bound, estimate=t.estimate,
                  interval=None if t.estimate is None else Between(low=t.low, high=t.high), at=t.at)
        for t in taken
    ]  # fmt: skip
    now = standing.look
    if now is not None:
        points.append(
            LookPoint(look=now.number, fraction=now.fraction, planned=False, bound=now.bound, estimate=result.estimate,
                      interval=result.interval, at=prepared.pilot.read.date())
        )  # fmt: skip
    if not standing.over and not (now is not None and now.final):
        reached = max((p.fraction for p in points), default=0.0)
        ahead = [f for f in plan.fractions[len(points) :] if f > reached + EARLY]
        points += [
            LookPoint(look=number, fraction=fraction, planned=True)
            for number, fraction in enumerate(ahead, len(points) + 1)
        ]
    return tuple(points)
