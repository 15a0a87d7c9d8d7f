"""What a reader must know before believing an evaluation: each caution has a code and one plain sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from perintis.rules.claims import claim_cap
from perintis.rules.evaluation.parts import Message
from perintis.rules.statistics.followed_values import OPEN_EARLY
from perintis.use.evaluation.adjusting import FROM_A_CURVE
from perintis.use.evaluation.flow import LOST
from perintis.use.evaluation.measuring import Measured, Outcome, adjusts
from perintis.use.evaluation.selection import Picked, picked

if TYPE_CHECKING:
    from perintis.use.evaluation.prepare import Prepared
    from perintis.words.tables import DataSet

COHORTS = ("baseline", "pilot")
WITHDRAWN_GAP = 0.05
MOST_TOLD = 3


def cautions(prepared: Prepared, outcomes: Sequence[Outcome]) -> tuple[Message, ...]:
    """All cautions: about the plan, the data sets, and single metrics."""
    return (*_plan(prepared), *_data(prepared), *_between(prepared), *_metrics(outcomes), *_late(prepared, outcomes))


def _plan(prepared: Prepared) -> Iterator[Message]:
    request = prepared.material.request
    kept = request.registered
    if kept is not None and kept.late:
        yield Message(
            code="late", text="the plan was registered late: cases or results could be seen by those who wrote it, so "
            "read this as an exploration that was written down"
        )  # fmt: skip
    elif kept is not None and kept.results_visible:
        yield Message(code="results_visible", text="the plan was amended when results could be seen")
    if request.unregistered_changes:
        told = "; ".join(request.unregistered_changes[:MOST_TOLD])
        more = len(request.unregistered_changes) - MOST_TOLD
        yield Message(
            code="unregistered_changes", text="the plan's file was changed without an amendment, which does not hold: "
            + told + (f"; and {more} more" if more > 0 else "")
        )  # fmt: skip


def _data(prepared: Prepared) -> Iterator[Message]:
    material = prepared.material
    for data, cohort in zip((material.baseline, material.pilot), COHORTS, strict=True):
        if data.simulated:
            yield _said("simulated", f"the {cohort} is simulated: agencies and cases are made up", cohort)
        elif not claim_cap(data.grade).may_scale:
            yield _said("grade", f"{data.name} {claim_cap(data.grade).text}", cohort)
        yield from _selection(data, cohort)


def _selection(data: DataSet, cohort: str) -> Iterator[Message]:
    how = picked(data)
    if how is Picked.BY_CLOSING:
        yield _said(
            "picked_by_closing", f"{data.name} seems to be selected by closing date: cases that were open when its "
            "time began are in it, so long cases are over-represented and times look longer than they were", cohort,
        )  # fmt: skip
    elif how is Picked.CLOSED_ONLY:
        yield _said(
            "closed_only", f"no case of {data.name} is open, though its last cases came in shortly before the reading: "
            "if open ones were left out, long cases are missing and times look shorter than they were", cohort,
        )  # fmt: skip


def _between(prepared: Prepared) -> Iterator[Message]:
    material = prepared.material
    sides = (material.baseline, material.pilot)
    if sides[0].clock != sides[1].clock:
        clocks = [d.clock or "nothing said" for d in sides]
        yield Message(
            code="different_clocks", values={"baseline": clocks[0], "pilot": clocks[1]},
            text=f"lead time is counted differently: {clocks[0]} in the baseline, {clocks[1]} in the pilot; a"
            " difference may come from the definition alone",
        )  # fmt: skip
    lost = [float(view.cases["outcome"].is_in(LOST).sum() or 0) / view.cases.height for view in prepared.views()]
    if abs(lost[0] - lost[1]) > WITHDRAWN_GAP:
        yield Message(
            code="withdrawals_differ", values={"baseline": lost[0], "pilot": lost[1]},
            text=f"{lost[0]:.0%} of the baseline and {lost[1]:.0%} of the pilot were withdrawn or cancelled: a process"
            " that loses applicants looks fast",
        )  # fmt: skip


def _metrics(outcomes: Sequence[Outcome]) -> Iterator[Message]:
    for found in outcomes:
        if isinstance(found, Measured) and found.planned is not None and found.inference.caution:
            yield Message(code="error", text=f"{found.known.label}: {found.inference.caution}",
                          values={"metric": found.known.name})  # fmt: skip


def _late(prepared: Prepared, outcomes: Sequence[Outcome]) -> Iterator[Message]:
    """Cases that were open when observation began, in an adjusted estimate that could not do without them."""
    if not adjusts(prepared) or not any(_open_before(view.data) for view in prepared.views()):
        return
    for found in outcomes:
        if not isinstance(found, Measured) or found.planned is None or found.known.name not in FROM_A_CURVE:
            continue
        if not any(why.startswith(OPEN_EARLY) for why, _ in found.values.left_out):
            yield Message(
                code="adjusted_late", values={"metric": found.known.name},
                text=f"{found.known.label}: a cohort cannot be followed to tau without the cases that were open already"
                " when observation began, and with them the adjustment for covariates is only a rough one",
            )  # fmt: skip


def _open_before(data: DataSet) -> bool:
    return data.observed_from is not None and bool((data.cases["opened"] < data.observed_from).any())


def _said(code: str, text: str, cohort: str) -> Message:
    return Message(code=code, text=text, values={"cohort": cohort})
