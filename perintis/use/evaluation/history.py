"""The formal looks of a phase, rebuilt from the pilot's history: a look that was taken is never taken again.

A look counts where the rule was asked: an evaluation that ended in "no verdict" spent nothing of the level, for nothing
could be decided by it. The same state of the data evaluated again is the same look, and the first evaluation of a look
stands. Each look keeps the level and the spending of the plan that was in force then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from perintis.doors.store.judgements import NO_VERDICT, JudgedEvaluation, decisions_on, kept_evaluations
from perintis.doors.store.plans import plan_versions
from perintis.rules.evaluation.document import read_evaluation
from perintis.rules.evaluation.panels import LookPoint, SequentialPanel
from perintis.rules.evaluation.parts import Decided
from perintis.rules.sequential.looks import Look, next_look
from perintis.rules.sequential.spending import LEVEL, Spending
from perintis.use.evaluation.material import LookTaken

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.rules.plan import Plan


@dataclass(frozen=True)
class Past:
    """The looks before this state of the data. `repeated`: this very state was a look already, `final` or not."""

    taken: tuple[LookTaken, ...] = ()
    repeated: bool = False
    final: bool = False


def past_looks(database: Database, pilot: str, version: str, snapshot: str, plan: str) -> Past:
    """The looks of that version of the pilot before `snapshot`, the SHA-256 of the judged cases as they are now.

    `plan` is the hash of the plan in force: a look that was taken by the plan before an amendment stays as it was.
    """
    plans = plan_versions(database, pilot)
    taken: list[LookTaken] = []
    for kept in kept_evaluations(database, pilot):
        row = kept.evaluation
        if row.version != version or not _counts(row) or row.look != len(taken) + 1:
            continue
        if row.snapshot == snapshot and row.plan_hash == plan:
            return Past(tuple(taken), repeated=True, final=row.final)
        taken.append(_taken(_look(row, taken, plans.get(row.plan_hash)), row))
    return Past(tuple(taken))


def decided_on(database: Database, pilot: str, version: str) -> Decided | None:
    """What people decided last beside a verdict on real cases of that version; None where nothing was decided."""
    judged = {
        kept.number
        for kept in kept_evaluations(database, pilot)
        if kept.evaluation.version == version and not kept.evaluation.simulated
    }
    made = [one for one in decisions_on(database, pilot) if one.evaluation in judged]
    if not made:
        return None
    last = made[-1]
    return Decided(
        word=last.word, by=last.by, reason=last.reason, at=last.at, confirmed_by=last.confirmed_by,
        differs=last.differs,
    )  # fmt: skip


def _counts(row: JudgedEvaluation) -> bool:
    """Whether the rule was asked of real cases there."""
    return row.registered and not row.simulated and row.word != NO_VERDICT and bool(row.information and row.fraction)


def _look(row: JudgedEvaluation, before: list[LookTaken], plan: Plan | None) -> Look:
    assert row.information is not None  # it counts
    assert row.fraction is not None
    alpha, spending = (LEVEL, Spending.OBRIEN_FLEMING) if plan is None else (plan.looks.alpha, plan.looks.spending)
    return next_look(
        [t.look for t in before], row.information**-0.5, row.information / row.fraction, final=row.final, alpha=alpha,
        spending=Spending(spending.value),
    )  # fmt: skip


def _taken(look: Look, row: JudgedEvaluation) -> LookTaken:
    point = _shown(look, row)
    between = None if point is None else point.interval
    return LookTaken(
        look=look, estimate=None if point is None else point.estimate, low=None if between is None else between.low,
        high=None if between is None else between.high, at=row.data_until.date(), word=row.word, code=row.code,
        sentence=row.sentence, change=row.change, staged=row.staged,
    )  # fmt: skip


def _shown(look: Look, row: JudgedEvaluation) -> LookPoint | None:
    """What the look showed, where its evaluation.json is still there and still of this phase."""
    if not row.json or not Path(row.json).is_file():
        return None
    try:
        kept = read_evaluation(Path(row.json).read_bytes())
    except (OSError, ValidationError):
        return None
    panel = kept.panels.sequential
    if (kept.pilot, kept.phase.version) != (row.pilot, row.version) or not isinstance(panel, SequentialPanel):
        return None
    return next((p for p in panel.looks if p.look == look.number and not p.planned), None)
