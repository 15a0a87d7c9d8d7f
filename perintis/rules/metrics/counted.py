"""Figures that the process itself counts, as metrics: `figure:NAME` a case, `figure_share:NAME` as a part of a whole.

`figure:NAME` is the mean over closed cases. `figure_share:NAME` is the sum of the parts over the sum of the wholes, so
that a case of a thousand records counts a thousand times as much as one of a single record. To be one value a case as
every other metric, it is linearised: with R the ratio of the sums over the cases used, the value of a case with part p
and whole w is R + (p - R w) / mean(w). Its mean is R, and the variance of its mean is that of a ratio of sums by the
delta method (Cochran 1977, ch. 6; Deng, Knoblich and Lu 2018).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from perintis.rules.metrics.metric import Kind, Metric
from perintis.words.counted import FIGURE, FIGURE_OF, figure_column, whole_column
from perintis.words.tables import ATTRIBUTE_PREFIX

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from perintis.rules.metrics.view import View
    from perintis.words.tables import DataSet

FIGURE_SHARE = "figure_share:"
UNIT = "per case"


class Asked(NamedTuple):
    """The figure that the name of a metric asks for, and whether as a share."""

    name: str
    share: bool


def figure_asked(metric: str) -> Asked | None:
    """The figure that a metric of this name measures, or None."""
    for prefix, share in ((FIGURE, False), (FIGURE_SHARE, True)):
        if metric.startswith(prefix) and len(metric) > len(prefix):
            return Asked(metric.removeprefix(prefix), share)
    return None


def figure_metric(metric: str) -> Metric | None:
    """The metric of that name, or None where it names no figure."""
    asked = figure_asked(metric)
    if asked is None:
        return None
    told = asked.name.replace("_", " ")
    column = figure_column(asked.name)
    if not asked.share:
        label = told[:1].upper() + told[1:]
        return Metric(metric, label, UNIT, Kind.COUNT, partial(figure, column), better=None, columns=(column,))
    columns = (column, whole_column(asked.name))
    return Metric(
        metric, f"Share of {told}", "share", Kind.RATIO, partial(figure_share, *columns), better=None, columns=columns
    )  # fmt: skip


def figure_metrics(*data: DataSet) -> tuple[Metric, ...]:
    """The metrics of all figures that are recorded of any case: each as it is, then its share where it is a part."""
    known = {name for one in data for name in one.cases.columns if one.cases[name].null_count() < one.cases.height}
    found = []
    for name in dict.fromkeys(name for one in data for name in one.cases.columns):
        plain = name.removeprefix(f"{ATTRIBUTE_PREFIX}{FIGURE}")
        if plain == name or name not in known:
            continue
        share = (f"{FIGURE_SHARE}{plain}",) if whole_column(plain) in known else ()
        found += [figure_metric(each) for each in (f"{FIGURE}{plain}", *share)]
    return tuple(metric for metric in found if metric is not None)


def not_counted(column: str) -> str:
    """Why there is no value where a column of a figure is missing."""
    name = column.removeprefix(ATTRIBUTE_PREFIX).partition(":")[2].replace("_", " ")
    whole = column.startswith(f"{ATTRIBUTE_PREFIX}{FIGURE_OF}")
    return f"{name} was not counted" + (" as a part of anything" if whole else "")


def figure(column: str, view: View) -> pl.DataFrame:
    """What was counted in each closed case; null where nothing was."""
    return view.cases.select("case", "ended").insert_column(1, figure_of(column, view).alias("value"))


def figure_share(part: str, whole: str, view: View) -> pl.DataFrame:
    """The share of each closed case, linearised, with the `part` and the `whole` that it was made of."""
    parts, wholes = figure_of(part, view), figure_of(whole, view)
    known = (parts.is_not_null() & wholes.is_not_null() & view.cases["ended"]).to_numpy()
    over, under = (_where(known, column) for column in (parts, wholes))
    return view.cases.select("case", "ended").with_columns(
        value=_series(linearised(over, under)), part=_series(over), whole=_series(under)
    )


def figure_of(column: str, view: View) -> pl.Series:
    """A figure of every case of the view, in the order of its rows; null for a case that is open."""
    import polars as pl

    numbers = view.data.cases[column].cast(pl.Float64, strict=False).gather(view.cases["i"])
    closed = view.cases["closed"].is_not_null()
    return numbers.to_frame("n").select(pl.when(closed).then("n"))["n"]


def linearised(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """R + (p - R w) / mean(w) for every case, R the ratio of the sums; NaN where a part or a whole is.

    All are NaN where the wholes add up to nothing: there is no share then.
    """
    import numpy as np

    known = ~(np.isnan(part) | np.isnan(whole))
    total = float(whole[known].sum())
    values = np.full(len(part), np.nan)
    if total > 0:
        ratio = float(part[known].sum()) / total
        values[known] = ratio + (part[known] - ratio * whole[known]) * int(known.sum()) / total
    return values


def _where(known: NDArray[np.bool_], column: pl.Series) -> NDArray[np.float64]:
    import numpy as np

    found: NDArray[np.float64] = np.where(known, column.fill_null(np.nan).to_numpy(), np.nan)
    return found


def _series(values: NDArray[np.float64]) -> pl.Series:
    import polars as pl

    return pl.Series(values).fill_nan(None)
