"""The figures of a comparison: estimates with intervals, for one side and for the difference of two.

A figure that cannot be given is None with its reason, never a number that stands for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from perintis.rules.metrics.counted import linearised
from perintis.rules.metrics.metric import Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from perintis.rules.bootstrap import Floats, Resamples, Tally
    from perintis.rules.survival import Curve

MIN_CASES = 30
"""Below so many cases on a side no interval is given: a bootstrap of few cases is far too narrow."""

SHARES = {"median": 0.5, "p90": 0.9}
STATISTICS = {
    Kind.DURATION: ("median", "p90"),
    Kind.COUNT: ("mean", "median", "p90"),
    Kind.MONEY: ("mean", "median", "p90"),
    Kind.SHARE: ("mean",),
    Kind.RATIO: ("mean",),
}


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; `reason` says why any of them is missing."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Figures:
    """One metric on one side.

    Of `cases`, `open` had not ended; `used` are the cases behind the figures, from so many `offices`, and `unknown`
    those whose value cannot be known. `statistics` holds "median", "p90" and "mean" as the kind of the metric allows.
    `naive` holds median and 90th percentile of the closed cases alone, for durations: what leaving open cases out
    would have said.
    """

    cases: int
    open: int
    used: int
    unknown: int
    offices: int
    statistics: Mapping[str, Estimate]
    naive: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Values:
    """What was measured on one side: a value a case (NaN: unknown), whether it is final, and the case's office.

    `office` numbers the offices in `names`; -1 where it is not known. Of a ratio of sums, `part` and `whole` are what
    its values were made of.
    """

    kind: Kind
    value: NDArray[np.float64]
    ended: NDArray[np.bool_]
    office: NDArray[np.int64]
    names: tuple[str, ...]
    part: NDArray[np.float64] | None = None
    whole: NDArray[np.float64] | None = None

    def only(self, rows: NDArray[np.int64]) -> Values:
        """The same, for these rows alone."""
        value, part, whole = self.value[rows], None, None
        if self.part is not None and self.whole is not None:
            part, whole = self.part[rows], self.whole[rows]
            value = linearised(part, whole)
        return replace(
            self, value=value, ended=self.ended[rows], office=self.office[rows], part=part, whole=whole
        )  # fmt: skip

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """The cases behind the figures: durations use open cases too, other kinds only final values."""
        import numpy as np

        known = ~np.isnan(self.value)
        return known if self.kind is Kind.DURATION else known & self.ended

    @cached_property
    def present(self) -> NDArray[np.int64]:
        """The numbers of the offices of the cases used, ascending; cases without one are not counted here."""
        import numpy as np

        found = np.unique(self.office[self.used])
        return found[found >= 0]

    @property
    def offices(self) -> tuple[str, ...]:
        """The names of those offices."""
        return tuple(self.names[k] for k in self.present)

    @property
    def office_known(self) -> float:
        """The share of the cases used whose office is known."""
        return float((self.office[self.used] >= 0).mean()) if self.used.any() else 0.0

    @cached_property
    def curve(self) -> Curve:
        """The Kaplan-Meier curve; for other kinds every value used is final."""
        from perintis.rules.survival import kaplan_meier

        return kaplan_meier(self.value[self.used], self.ended[self.used])

    def tally(self, *, by_office: bool) -> Tally:
        """The cases used, counted by value, for each office (those without one together, last)."""
        import numpy as np

        from perintis.rules.bootstrap import tally

        number: NDArray[np.int64] | None = None
        if by_office:
            office = self.office[self.used]
            number = np.where(office >= 0, np.searchsorted(self.present, office), len(self.present))
        return tally(self.value[self.used], self.ended[self.used], number)

    def point(self, statistic: str) -> Estimate:
        """The estimate without its interval."""
        if statistic == "mean":
            return Estimate(float(self.value[self.used].mean()))
        share = SHARES[statistic]
        value = self.curve.quantile(share)
        if value is None:
            seen = 1 - (float(self.curve.open[-1]) if self.curve.open.size else 1.0)
            return Estimate(None, reason=f"not seen yet: {seen:.0%} had ended, {share:.0%} are needed")
        return Estimate(value)

    def naive(self) -> dict[str, float]:
        """Median and 90th percentile of the closed cases alone."""
        import numpy as np

        closed = self.value[self.used & self.ended]
        if self.kind is not Kind.DURATION or not closed.size:
            return {}
        return {name: float(np.quantile(closed, share)) for name, share in SHARES.items()}


def figures(values: Values, drawn: Mapping[str, Floats] | None) -> Figures:
    """The figures of one side; `drawn` holds the replicates of each statistic, None where there are too few cases."""
    import numpy as np

    used = int(values.used.sum())
    estimates = {
        name: interval(values.point(name), drawn[name] if drawn else None, few(used))
        for name in STATISTICS[values.kind]
    }
    return Figures(
        cases=int(values.value.size),
        open=int((~values.ended).sum()),
        used=used,
        unknown=int(np.isnan(values.value).sum()),
        offices=len(values.offices),
        statistics=estimates,
        naive=values.naive(),
    )


def replicates(kind: Kind, counts: Tally, drawn: Resamples) -> dict[str, Floats]:
    """Every statistic of every resample."""
    from perintis.rules.bootstrap import quantiles, still_open

    names = STATISTICS[kind]
    found = {"mean": drawn.means} if "mean" in names else {}
    if "median" in names:
        curves = still_open(counts, drawn)
        found |= {name: quantiles(counts, curves, share) for name, share in SHARES.items()}
    return found


def interval(point: Estimate, drawn: Floats | None, too_few: str | None) -> Estimate:
    """The estimate with the percentile interval of its replicates."""
    from math import isfinite

    from perintis.rules.bootstrap import limits

    if point.value is None:
        return point
    if drawn is None:
        return replace(point, reason=too_few)
    low, high = limits(drawn)
    open_ended = None if isfinite(low) and isfinite(high) else "the interval reaches beyond what was seen"
    return replace(point, low=low if isfinite(low) else None, high=high if isfinite(high) else None, reason=open_ended)


def difference(
    a: Figures, b: Figures, name: str, drawn_a: Mapping[str, Floats] | None, drawn_b: Mapping[str, Floats] | None
) -> Estimate:
    """b minus a, with the interval of the differences of the replicates."""
    import numpy as np

    first, second = a.statistics[name], b.statistics[name]
    if first.value is None or second.value is None:
        return Estimate(None, reason=first.reason if first.value is None else second.reason)
    too_few = few(min(a.used, b.used))
    point = Estimate(second.value - first.value)
    if drawn_a is None or drawn_b is None:
        return interval(point, None, too_few)
    with np.errstate(invalid="ignore"):  # beyond what was seen on both sides: not a number, counted for both limits
        return interval(point, drawn_b[name] - drawn_a[name], too_few)


def few(used: int) -> str | None:
    """Why there is no interval, if there are too few cases for one."""
    return f"{used} cases; {MIN_CASES} are needed for an interval" if used < MIN_CASES else None
