"""Whether the two curves differ over the whole time: the log-rank test in words, a supplement to the effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.evaluation.parts import Message
from perintis.rules.statistics.clusters import FEWEST_OFFICES
from perintis.rules.statistics.cox import adjusted_log_rank
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.log_rank import log_rank_by_group
from perintis.rules.statistics.risk_sets import DECIDED
from perintis.use.evaluation.adjusting import independent_of
from perintis.use.evaluation.prepare import mix_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.statistics.effect import Flags, Floats, Whole
    from perintis.rules.statistics.log_rank import ClusteredLogRank
    from perintis.rules.statistics.risk_sets import RiskSets
    from perintis.use.evaluation.prepare import Prepared


@dataclass(frozen=True, eq=False)
class Followed:
    """The cases of both cohorts with a lead time: `rows` of the units, how long each was seen and whether decided.

    `entry` is the age at which each came under observation (None where all did at opening), `group` its office where
    both cohorts have enough of them, else itself. A withdrawn case counts up to its withdrawal.
    """

    rows: Whole
    time: Floats
    decided: Flags
    pilot: Flags
    entry: Floats | None
    group: Whole
    by_office: bool


def followed(prepared: Prepared, ready: Sequence[tuple[Whole, RiskSets]]) -> Followed:
    """From the rows and risk sets of the baseline and of the pilot."""
    units = prepared.units
    rows = np.concatenate(
        [rows + begin for (rows, _), begin in zip(ready, (0, int(units.baseline.sum())), strict=True)]
    )
    time, decided = (np.concatenate([part(risk) for _, risk in ready]) for part in (_times, _decided))
    late = any(risk.entered is not None for _, risk in ready)
    entry = np.concatenate([_entries(risk) for _, risk in ready]) if late else None
    office = units.office[rows]
    by_office = min(units.offices_of(True), units.offices_of(False)) >= FEWEST_OFFICES and not (office == NOWHERE).any()
    group = office if by_office else np.arange(len(rows))
    return Followed(rows, time, decided > 0, units.pilot[rows], entry, group, by_office)


def pace(cases: Followed) -> Message:
    """What the test says, or why there is none."""
    found = log_rank_by_group(cases.time, cases.decided, cases.pilot, cases.group, cases.entry)
    if isinstance(found, NoEstimate):
        return Message(
            code="pace", text=f"the pace of both cohorts was not compared over the whole time: {found.reason}"
        )
    return _told("pace", "at equal age, cases of the pilot were decided", found, "log-rank test", cases)


def adjusted_pace(prepared: Prepared, cases: Followed) -> Message | None:
    """The same at an equal mix of cases; None where the plan names neither covariates nor strata of cases."""
    mix = mix_of(prepared)
    if not mix:
        return None
    used = np.zeros(len(prepared.units), dtype=bool)
    used[cases.rows] = True
    columns = [column[cases.rows] for column in independent_of(mix, used).values()]
    found = adjusted_log_rank(
        cases.time, cases.decided, cases.pilot, np.column_stack(columns or [np.zeros((len(cases.rows), 0))]),
        cases.group, cases.entry,
    )  # fmt: skip
    if isinstance(found, NoEstimate):
        return Message(
            code="adjusted_pace", text=f"their pace was not compared at an equal mix of cases: {found.reason}"
        )
    at_equal = (
        "at equal age and with the mix of cases made equal (covariates and strata of the plan), they were decided"
    )
    return _told("adjusted_pace", at_equal, found, "adjusted log-rank test", cases)


def _told(code: str, begins: str, found: ClusteredLogRank, test: str, cases: Followed) -> Message:
    """The pace and its chance; `begins` says of which cases and how they were compared."""
    return Message(
        code=code, values={"seen": found.seen, "expected": found.expected, "p": found.p},
        text=(
            f"{begins} {found.seen / found.expected:.2f} times as often as at a common pace; were there nothing, as"
            f" large a difference would come about in {in_draws(found.p)} of draws"
            f" ({test}{' by office' if cases.by_office else ', cases taken as independent'})"
        ),
    )  # fmt: skip


def _times(risk: RiskSets) -> Floats:
    return risk.as_given(risk.moments[risk.at])


def _decided(risk: RiskSets) -> Floats:
    """1 for a case that was decided."""
    return risk.as_given((risk.cause == DECIDED).astype(np.float64))


def _entries(risk: RiskSets) -> Floats:
    """The last moment at or before a case came under observation; 0 where it was there from its opening."""
    if risk.entered is None:
        return np.zeros(len(risk))
    return risk.as_given(np.append(0.0, risk.moments)[risk.entered])
