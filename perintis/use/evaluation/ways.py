"""The parts of which a figure by another way is made: the figure, or in one sentence why there is none."""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from perintis.rules.evaluation.parts import Another, Between, Figure, Message
from perintis.rules.statistics.clusters import Clustering, Interval, interval
from perintis.rules.statistics.effect import NoEstimate, Scale

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Effect

RATIO = "ratio"


def by_another_way(code: str, what: str, found: Effect | NoEstimate, by: Clustering = Clustering.OFFICE) -> Another:
    """The effect with its plain 95 % interval; a log of a ratio becomes the ratio."""
    if isinstance(found, NoEstimate):
        return not_computed(code, what, found.reason)
    ends = interval(found, by)
    if not isinstance(ends, Interval):
        return not_computed(code, what, ends.reason)
    if found.scale is Scale.LOG_RATIO:
        figure = Figure(value=exp(found.estimate), interval=Between(low=exp(ends.low), high=exp(ends.high)))
        return Another(code=code, what=said(code, what), unit=RATIO, figure=figure)
    figure = Figure(value=found.estimate, interval=Between(low=ends.low, high=ends.high))
    return Another(code=code, what=said(code, what), unit=found.unit, figure=figure)


def not_computed(code: str, what: str, reason: str, unit: str = "") -> Another:
    """No figure, and why."""
    return Another(
        code=code, what=said(code, what), unit=unit, reason=Message(code="not_computed", text=reason.rstrip("."))
    )


def said(code: str, text: str) -> Message:
    """The message that says which way."""
    return Message(code=code, text=text)
