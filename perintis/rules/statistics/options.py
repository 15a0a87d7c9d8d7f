"""How a metric is to be measured: the horizon, which cases count, and what a withdrawn one counts as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Withdrawal(StrEnum):
    """What an application counts as that ended without a decision (withdrawn or cancelled).

    `competing`: it will never be decided; `ended`: like a decision; `left_out`: not counted at all.
    """

    COMPETING = "competing"
    ENDED = "ended"
    LEFT_OUT = "left_out"


class Counted(StrEnum):
    """Which cases a metric uses that is not read from a curve.

    `tau`: those that entered at least tau before the reading, each looked at for tau; `closed`: those that have ended.
    """

    TAU = "tau"
    CLOSED = "closed"


@dataclass(frozen=True)
class Options:
    """`tau` is in days, or in working hours where `working` says that the metric is counted in them.

    `enter_late`: a case that was open already when observation began counts from the age it had then; else it is left
    out. A mean by day of opening needs it left out: the cases of an early day are there only if they took long.
    """

    tau: float | None = None
    service_level_days: float | None = None
    withdrawal: Withdrawal = Withdrawal.COMPETING
    counted: Counted = Counted.TAU
    working: bool = False
    enter_late: bool = True
