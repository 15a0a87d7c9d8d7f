"""Whether a decision was wrong, as far as that was recorded.

The attribute `case:error` of a case says it: true or false, or the date on which the error was found (no date: none
was). More checks find more errors, so a fair comparison draws a sample of both cohorts, has it audited again by people
who do not know the cohort, and records what they found as `case:reaudit_error`; cases outside the sample have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.metrics.metric import Kind, Metric, Need
from perintis.rules.metrics.view import error_column

if TYPE_CHECKING:
    from datetime import timedelta

    import polars as pl

    from perintis.rules.metrics.view import View

TRUE, FALSE = ("true", "yes", "1", "ya"), ("false", "no", "0", "tidak")


def error_rate(view: View) -> pl.DataFrame:
    """Whether the decision of a closed case was wrong: 0 or 1; null where it is not known."""
    return errors_within(view, None)


def errors_within(view: View, span: timedelta | None) -> pl.DataFrame:
    """The same, for errors found within `span` of the decision.

    Where errors have dates, `ended` is true for cases closed at least so long ago; else for all closed cases.
    """
    import polars as pl

    name = error_column(view.data.cases)
    assert name is not None  # Need.ERRORS
    column = view.data.cases[name]
    cases = view.cases.select("case", "closed", "ended").with_columns(found=column)
    if not column.dtype.is_temporal():
        return cases.select("case", _known(column).alias("value"), "ended")
    found = pl.col("found").cast(pl.Datetime("us", "UTC"))
    wrong = found.is_not_null() if span is None else (found - pl.col("closed") <= span).fill_null(False)
    past = pl.col("ended") if span is None else (pl.col("closed") + span <= view.read).fill_null(False)
    return cases.select("case", wrong.cast(pl.Float64).alias("value"), past.alias("ended"))


def _known(column: pl.Series) -> pl.Series:
    import polars as pl

    if column.dtype != pl.String:
        return column.cast(pl.Float64)
    text = column.str.strip_chars().str.to_lowercase()
    values = {**dict.fromkeys(TRUE, 1.0), **dict.fromkeys(FALSE, 0.0)}
    return text.replace_strict(values, default=None, return_dtype=pl.Float64)


ERROR_RATE = Metric(
    "error_rate", "Wrong decisions", "share", Kind.SHARE, error_rate, requires=(Need.ERRORS,)
)  # fmt: skip
