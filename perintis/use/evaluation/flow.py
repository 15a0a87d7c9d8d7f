"""How the cases went, in numbers that add up (CONSORT 2025, flow diagram)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from perintis.rules.evaluation.panels import FlowSide
from perintis.words.errors import BadInput
from perintis.words.recorded import Outcome
from perintis.words.tables import DataSet

if TYPE_CHECKING:
    from datetime import date

LOST = (Outcome.WITHDRAWN.value, Outcome.CANCELLED.value)


def flow_side(data: DataSet, received: int, tau_days: float | None) -> FlowSide:
    """The flow of one cohort. `received` counts the cases before those that are not of the population were left out."""
    import polars as pl

    cases = data.cases
    closed = pl.col("closed").is_not_null()
    lost = pl.col("outcome").is_in(LOST).fill_null(False) & closed
    long_ago = pl.lit(tau_days is None) | (
        pl.col("opened") <= pl.lit(data.observed_until) - timedelta(days=tau_days or 0)
    )
    began = data.observed_from
    early = (pl.col("opened") < pl.lit(began)).sum() if began is not None else pl.lit(0)
    sums = cases.select(
        followed=(closed | long_ago).sum(),
        already_open=early,
        decided=(closed & ~lost).sum(),
        withdrawn=lost.sum(),
        open=(~closed).sum(),
    ).row(0, named=True)
    return FlowSide(
        name=data.name, grade=data.grade.value, simulated=data.simulated, clock=data.clock, period=_period(data),
        observed_until=data.observed_until, observed_from=began, received=received,
        not_eligible=received - cases.height, assigned=cases.height, offices=cases["office"].drop_nulls().n_unique(),
        **sums,
    )  # fmt: skip


def _period(data: DataSet) -> tuple[date, date]:
    first, last = data.cases["opened"].min(), data.cases["opened"].max()
    if first is None or last is None:
        raise BadInput(f"{data.name} has no case of the plan's population; look at `population` in the plan")
    return first.date(), last.date()  # type: ignore[union-attr]
