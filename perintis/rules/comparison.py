"""A first comparison of two data sets, metric by metric, without a verdict.

`a` is what is compared with (the baseline), `b` what is looked at (the pilot); differences are b minus a. Times are
read from Kaplan-Meier curves, so open cases are never dropped; counts, shares and money speak of closed cases.

Intervals (95 %, percentile bootstrap) resample offices where both sides have at least four, because cases of one
office resemble each other and offices are the true sample size; the same offices are drawn on both sides where the
sides share them all. With fewer offices cases are resampled, and a caution says that this is too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from perintis.rules.cautions import Caution, cautions
from perintis.rules.claims import claim_cap
from perintis.rules.figures import STATISTICS, Estimate, Figures, Values, difference, few, figures, replicates
from perintis.rules.metrics import (
    METRICS,
    Calendars,
    Metric,
    NotComparable,
    View,
    figure_metrics,
    measure,
    outcome_metrics,
)
from perintis.rules.suppression import Withheld
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.tables import ATTRIBUTE_PREFIX, DataSet

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.bootstrap import Floats, Resamples, Tally

MIN_OFFICES = 4
OFFICE_KNOWN = 0.95
MOST_GROUPS = 100
NOT_RECORDED = "(not recorded)"
Measured = Values | NotComparable


@dataclass(frozen=True)
class Side:
    """One of the two data sets, in numbers; those that are not published are `Withheld`."""

    name: str
    grade: str
    clock: str
    simulated: bool
    observed_until: str
    cases: int | Withheld
    open: int | Withheld
    offices: int


@dataclass(frozen=True)
class MetricComparison:
    """One metric side by side. `resampled` says what the intervals drew: "offices", "same offices" or "cases"."""

    metric: Metric
    a: Figures | NotComparable
    b: Figures | NotComparable
    difference: dict[str, Estimate]
    resampled: str | None


@dataclass(frozen=True)
class GroupComparison:
    """All metrics for the cases of one office, or with one value of an attribute."""

    value: str
    metrics: tuple[MetricComparison, ...]


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`. Metrics keep their order in all groups."""

    a: Side
    b: Side
    metrics: tuple[MetricComparison, ...]
    by: str | None
    groups: tuple[GroupComparison, ...]
    warnings: tuple[Caution, ...]
    level: float
    resamples: int
    seed: int

    def metric(self, name: str) -> MetricComparison:
        """The comparison of the metric with this name."""
        return next(m for m in self.metrics if m.metric.name == name)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps(..., allow_nan=False)`."""
        from perintis.rules.plain import plain

        return plain(self)


@dataclass(frozen=True)
class Draw:
    """How to resample: so many times, from this seed; `group` keeps the draws of groups apart."""

    seed: int
    resamples: int
    sides: tuple[str, str]
    group: str = ""


def compare(
    a: DataSet,
    b: DataSet,
    *,
    calendars: Calendars | None = None,
    by: str | None = None,
    metrics: Sequence[Metric] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Comparison:
    """Measure both data sets and set them side by side.

    `by` is "office" or a case attribute such as "case:channel": one more table for each of its values. The result
    depends on the seed and not on the order of rows. `BadInput` where `by` is no such column, or has too many values;
    `NotAllowed` where a side is a service standard, which was not measured: see `perintis.rules.promises`.
    """
    from perintis.rules.bootstrap import LEVEL

    for data in (a, b):
        if data.standard is not None:
            raise NotAllowed(f"{data.name} {claim_cap(data.grade).text}; there is no difference from a promise")
    views = [View(data, calendars or Calendars()) for data in (a, b)]
    offices = [_office_numbers(data) for data in (a, b)]
    chosen = tuple(metrics) if metrics is not None else (*METRICS, *figure_metrics(a, b), *outcome_metrics(a, b))
    measured = [[_values(m, *side) for side in zip(views, offices, strict=True)] for m in chosen]
    # A data set compared with itself must not meet its own draws again.
    draw = Draw(seed, resamples, (a.name, b.name if b.name != a.name else f"{b.name} again"))
    whole = tuple(_compare(m, pair, draw) for m, pair in zip(chosen, measured, strict=True))
    groups = [
        GroupComparison(
            value,
            tuple(
                _compare(m, _only(pair, rows), replace(draw, group=f"{by}={value}"))
                for m, pair in zip(chosen, measured, strict=True)
            ),
        )
        for value, rows in (_groups(a, b, by) if by else [])
    ]
    return Comparison(
        a=_side(a),
        b=_side(b),
        metrics=whole,
        by=by,
        groups=tuple(groups),
        warnings=cautions(a, b, whole),
        level=LEVEL,
        resamples=resamples,
        seed=seed,
    )


def _compare(metric: Metric, pair: Sequence[Measured], draw: Draw) -> MetricComparison:
    """One metric on both sides; the difference only where both have figures."""
    a, b = (NotComparable("no such case") if isinstance(v, Values) and not v.used.any() else v for v in pair)
    by_office, together = _office_rule(a, b)
    drawn = [_draw(v, side, by_office, together, draw) for v, side in zip((a, b), draw.sides, strict=True)]
    found = [figures(v, d) if isinstance(v, Values) else v for v, d in zip((a, b), drawn, strict=True)]
    first, second = found
    gap: dict[str, Estimate] = {}
    if isinstance(first, Figures) and isinstance(second, Figures):
        names = STATISTICS[metric.kind]
        gap = {name: difference(first, second, name, *drawn) for name in names}
    resampled = None
    if any(d is not None for d in drawn):
        resampled = "cases" if not by_office else "same offices" if together else "offices"
    return MetricComparison(metric, first, second, gap, resampled)


def _office_rule(a: Measured, b: Measured) -> tuple[bool, bool]:
    """Whether to resample offices, and whether both sides have the very same ones."""
    sides = [v for v in (a, b) if isinstance(v, Values)]
    enough = [len(v.offices) >= MIN_OFFICES and v.office_known >= OFFICE_KNOWN for v in sides]
    by_office = bool(sides) and all(enough)
    return by_office, by_office and len({v.offices for v in sides}) == 1 and len(sides) == 2


def _draw(values: Measured, side: str, by_office: bool, together: bool, draw: Draw) -> dict[str, Floats] | None:
    """The replicates of every statistic of one side; None where there is nothing to resample."""
    if isinstance(values, NotComparable) or few(int(values.used.sum())):
        return None
    counts = values.tally(by_office=by_office)
    return replicates(values.kind, counts, _resample(counts, "both" if together else side, by_office, draw))


def _resample(counts: Tally, side: str, by_office: bool, draw: Draw) -> Resamples:
    from perintis.rules.bootstrap import office_weights, resample_cases, resample_offices, stream

    random = stream(draw.seed, side, draw.group)
    if not by_office:
        return resample_cases(counts, draw.resamples, random)
    return resample_offices(counts, office_weights(len(counts.sizes), draw.resamples, random))


def _values(metric: Metric, view: View, offices: tuple[NDArray[np.int64], tuple[str, ...]]) -> Measured:
    import numpy as np

    found = measure(metric, view)
    if isinstance(found, NotComparable):
        return found
    numbers = {
        name: found[name].to_numpy().astype(np.float64) for name in ("value", "part", "whole") if name in found.columns
    }
    return Values(
        metric.kind, numbers["value"], found["ended"].to_numpy().astype(np.bool_), *offices,
        part=numbers.get("part"), whole=numbers.get("whole"),
    )  # fmt: skip


def _only(pair: Sequence[Measured], rows: Sequence[NDArray[np.int64]]) -> list[Measured]:
    """The same values, of one group's cases alone."""
    return [v.only(r) if isinstance(v, Values) else v for v, r in zip(pair, rows, strict=True)]


def _office_numbers(data: DataSet) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """The office of every case by its place among the sorted names, -1 where there is none."""
    import numpy as np
    import polars as pl

    office = data.cases["office"].cast(pl.String)
    names = office.drop_nulls().unique().sort().to_list()
    places = office.replace_strict(names, list(range(len(names))), default=None, return_dtype=pl.Int64)
    return places.fill_null(-1).to_numpy().astype(np.int64), tuple(names)


def _groups(a: DataSet, b: DataSet, by: str) -> list[tuple[str, list[NDArray[np.int64]]]]:
    """The groups, largest first, with the rows of their cases on each side."""
    import numpy as np
    import polars as pl

    labels = [_labels(data, by) for data in (a, b)]
    sizes = pl.concat(labels).value_counts(name="cases").sort(["cases", by], descending=[True, False])
    if sizes.height > MOST_GROUPS:
        raise BadInput(f"{by!r} has {sizes.height:,} different values; compare by a column with {MOST_GROUPS} at most")
    return [(value, [np.flatnonzero((side == value).to_numpy()) for side in labels]) for value in sizes[by]]


def _labels(data: DataSet, by: str) -> pl.Series:
    """The group of every case, as text."""
    import polars as pl

    known = [c for c in data.cases.columns if c == "office" or c.startswith(ATTRIBUTE_PREFIX)]
    if by not in known:
        raise BadInput(f"cannot compare {data.name} by {by!r}; it can be compared by {', '.join(known)}")
    return data.cases[by].cast(pl.String).fill_null(NOT_RECORDED)


def _side(data: DataSet) -> Side:
    cases: pl.DataFrame = data.cases
    return Side(
        name=data.name,
        grade=data.grade.value,
        clock=data.clock,
        simulated=data.simulated,
        observed_until=data.observed_until.isoformat(),
        cases=cases.height,
        open=cases["closed"].null_count(),
        offices=cases["office"].drop_nulls().n_unique(),
    )
