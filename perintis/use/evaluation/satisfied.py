"""What applicants said: the satisfaction index of both cohorts, its elements, and how likely each category is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.evaluation.panels import Element, SatisfactionPanel, SatisfactionSide
from perintis.rules.evaluation.parts import Between, Figure, Message, Missing
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.satisfaction import (
    ELEMENTS,
    case_index,
    category_chances,
    compare_elements,
    index_of_all_asked,
    satisfaction,
    scores,
)
from perintis.use.evaluation.intervals import with_interval

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Flags, Floats, Whole
    from perintis.use.evaluation.prepare import Prepared

FEWEST_OFFICES = 4


def answers_of(prepared: Prepared) -> Floats | None:
    """One row a case of the units, nine columns, NaN where nothing was answered; None where no answers are kept."""
    import polars as pl

    kept = prepared.material.answers
    if kept is None or kept.is_empty():
        return None
    units = prepared.units
    order = pl.DataFrame({"unit": units.case})
    keyed = kept.with_columns(pl.format("{}:{}", "cohort", "case").alias("unit")).unique("unit", keep="last")
    columns = [code.lower() for code in ELEMENTS]
    joined = order.join(keyed.select("unit", *columns), on="unit", how="left", maintain_order="left")
    found: Floats = joined.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    return found


def satisfied(prepared: Prepared) -> SatisfactionPanel | Missing:
    """The panel, or why there is none."""
    answers = answers_of(prepared)
    if answers is None:
        return Missing(reason=Message(code="no_answers", text="no satisfaction answers were recorded"))
    pilot = prepared.units.pilot
    sides = [_side(prepared, answers, chosen, place) for place, chosen in enumerate((~pilot, pilot))]
    notes = [found for found in sides if isinstance(found, Message)]
    baseline, after = (found if isinstance(found, SatisfactionSide) else None for found in sides)
    return SatisfactionPanel(
        baseline=baseline, pilot=after,
        difference=_difference(prepared, answers) if baseline is not None and after is not None else None,
        elements=_elements(answers[~pilot], answers[pilot]), notes=tuple(notes),
    )  # fmt: skip


def _side(prepared: Prepared, answers: Floats, chosen: Flags, place: int) -> SatisfactionSide | Message:
    own, name = answers[chosen], ("baseline", "pilot")[place]
    given = own[~np.isnan(own).all(axis=1)]
    found = satisfaction(given) if len(given) else NoEstimate("nobody answered")
    if isinstance(found, NoEstimate):
        return Message(code="no_index", text=f"no index for the {name}: {found.reason}", values={"cohort": name})
    each, office = scores(own), prepared.units.office[chosen]
    chances = category_chances(each, prepared.material.request.seed, office)
    if isinstance(chances, NoEstimate):
        chances = category_chances(each, prepared.material.request.seed)
    told = prepared.material.request.asked
    closed = prepared.views()[place].cases["ended"].to_numpy() | ~np.isnan(own).all(axis=1)
    asked = int(told[place]) if told else int(closed.sum())  # an answer is asked for when a case is closed
    return SatisfactionSide(
        respondents=len(given), asked=asked, response=min(1.0, len(given) / asked),
        weighted=_weighted(each, office, closed),
        index=with_interval(found.index, _error(each, office), float(found.respondents - 1)), category=found.category,
        chances={} if isinstance(chances, NoEstimate) else chances,
    )  # fmt: skip


def _weighted(each: Floats, office: Whole, closed: Flags) -> float | None:
    """The index weighted by the inverse of each office's response; None where an office was silent."""
    found = index_of_all_asked(each[closed], office[closed])
    return None if isinstance(found, NoEstimate) else found.index


def _error(each: Floats, office: Whole) -> float:
    """The standard error of a mean, by office where at least four are known."""
    known = ~np.isnan(each)
    psi, place = (each[known] - each[known].mean()) / known.sum(), office[known]
    if (place == NOWHERE).any() or len(np.unique(place)) < FEWEST_OFFICES:
        return float(np.sqrt((psi**2).sum()))
    sums = np.bincount(place, weights=psi)
    count = len(np.unique(place))
    return float(np.sqrt((sums**2).sum() * count / (count - 1)))


def _difference(prepared: Prepared, answers: Floats) -> Figure | None:
    effect = case_index(answers, prepared.units).difference()
    found = interval(effect)
    if not isinstance(found, Interval):
        found = interval(effect, Clustering.NONE)
    if not isinstance(found, Interval):
        return None
    return Figure(value=effect.estimate, interval=Between(low=found.low, high=found.high))


def _elements(baseline: Floats, pilot: Floats) -> tuple[Element, ...]:
    return tuple(
        Element(code=e.code, name=ELEMENTS[e.code], baseline=e.baseline, pilot=e.pilot, differs=e.differs)
        for e in compare_elements(pilot, baseline)
    )
