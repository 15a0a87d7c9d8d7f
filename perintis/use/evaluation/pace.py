"""Whether the two curves differ over the whole time: the log-rank test in words, a supplement to the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.chance import in_draws
from perintis.rules.evaluation.parts import Message
from perintis.rules.statistics.clusters import FEWEST_OFFICES
from perintis.rules.statistics.effect import NOWHERE, NoEstimate
from perintis.rules.statistics.log_rank import log_rank_by_group
from perintis.rules.statistics.risk_sets import DECIDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.rules.statistics.effect import Floats, Whole
    from perintis.rules.statistics.risk_sets import RiskSets
    from perintis.use.evaluation.prepare import Prepared


def pace(prepared: Prepared, ready: Sequence[tuple[Whole, RiskSets]]) -> Message:
    """What the test says, or why there is none. A withdrawn case counts up to its withdrawal."""
    sizes = (int(prepared.units.baseline.sum()), 0)
    rows = np.concatenate([rows + begin for (rows, _), begin in zip(ready, (0, sizes[0]), strict=True)])
    time, decided = (np.concatenate([part(risk) for _, risk in ready]) for part in (_times, _decided))
    late = any(risk.entered is not None for _, risk in ready)
    entry = np.concatenate([_entries(risk) for _, risk in ready]) if late else None
    units = prepared.units
    office = units.office[rows]
    by_office = min(units.offices_of(True), units.offices_of(False)) >= FEWEST_OFFICES and not (office == NOWHERE).any()
    found = log_rank_by_group(
        time, decided > 0, units.pilot[rows], office if by_office else np.arange(len(rows)), entry
    )  # fmt: skip
    if isinstance(found, NoEstimate):
        return Message(
            code="pace", text=f"the pace of both cohorts was not compared over the whole time: {found.reason}"
        )
    return Message(
        code="pace", values={"seen": found.seen, "expected": found.expected, "p": found.p},
        text=(
            f"at equal age, cases of the pilot were decided {found.seen / found.expected:.2f} times as often as at a"
            f" common pace; were there nothing, as large a difference would come about in {in_draws(found.p)} of draws"
        ) + (" (log-rank test by office)" if by_office else " (log-rank test, cases taken as independent)"),
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
