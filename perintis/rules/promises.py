"""Cases held against a published service standard: which share is within the promise. There is no effect in it.

A promise was not measured, so there is no difference from it and no interval. A case (or step visit) counts from the
moment at which its promised time is over: within it, or late. Until then nothing is known of it, also if it is closed
already, for those that are closed early are the quick ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from perintis.rules.claims import claim_cap
from perintis.words.durations import WorkingTime
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet, Grade

if TYPE_CHECKING:
    from perintis.rules.metrics import Calendars
    from perintis.words.standard import Promise, Standard

Spell = tuple[datetime, datetime | None]
"""When something began and when it ended, or None."""


@dataclass(frozen=True)
class Kept:
    """One promise held against the cases (or the visits of one step).

    `within` and `late` are those whose promised time is over, `not_yet` the others. `share` is within / (within +
    late), None where there are none or where `reason` says why it cannot be told.
    """

    what: str
    step: str | None
    promised: str
    promised_share: float | None
    article: str
    within: int = 0
    late: int = 0
    not_yet: int = 0
    reason: str | None = None

    @property
    def share(self) -> float | None:
        """The share within the promise."""
        known = self.within + self.late
        return self.within / known if known else None


@dataclass(frozen=True)
class PromisesHeld:
    """All promises of a standard held against one data set. `claim` is what may be said of it, in one sentence."""

    standard: str
    title: str
    source: str
    data: str
    grade: Grade
    simulated: bool
    observed_until: datetime
    kept: tuple[Kept, ...]
    claim: str
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; each promise with its `share`."""
        return asdict(self) | {"kept": [asdict(kept) | {"share": kept.share} for kept in self.kept]}


def hold_against(promised: DataSet, data: DataSet, calendars: Calendars) -> PromisesHeld:
    """Hold the cases of `data` against the standard of `promised`.

    Working time counts by the calendar of the step's agency, for a whole case by that of the case. `BadInput` where
    `promised` is no standard, or `data` is one too.
    """
    standard = promised.standard
    if standard is None or data.standard is not None:
        raise BadInput(f"{promised.name} and {data.name}: one has to be a service standard and the other hold cases")
    return PromisesHeld(
        standard=promised.name,
        title=standard.title,
        source=", ".join(filter(None, (standard.source.rule, standard.source.article, standard.source.url))),
        data=data.name,
        grade=data.grade,
        simulated=data.simulated or data.grade is Grade.REHEARSAL,
        observed_until=data.observed_until,
        kept=tuple(_held(promise, data, calendars) for promise in standard.promises),
        claim=f"{promised.name} {claim_cap(Grade.PROMISED).text}",
        warnings=tuple(_warnings(standard, data)),
    )


def _held(promise: Promise, data: DataSet, calendars: Calendars) -> Kept:
    bare = Kept(promise.what, promise.step, str(promise.within), promise.share, promise.article)
    span = promise.within.span
    calendar = calendars.agencies.get(promise.agency or "", calendars.case) if promise.step else calendars.case
    if isinstance(span, WorkingTime) and calendar is None:
        return replace(bare, reason="no office hours are known in which to count working time")
    spells = list(_spells(promise, data))
    if not spells:
        return replace(bare, reason=_why_none(promise, data))
    within = late = 0
    for began, ended in spells:
        due = _due(began, span, calendar)
        if due <= data.observed_until:
            kept = ended is not None and ended <= due
            within, late = within + kept, late + (not kept)
    return replace(bare, within=within, late=late, not_yet=len(spells) - within - late)


def _due(began: datetime, span: Any, calendar: Any) -> datetime:
    from perintis.rules.calendar import timetable
    from perintis.words.agency import ALWAYS_OPEN

    return timetable(calendar or ALWAYS_OPEN).add(began, span)


def _spells(promise: Promise, data: DataSet) -> Iterator[Spell]:
    """From opening to closing of every case, or from ready to completed of every visit of a step that stood."""
    import polars as pl

    from perintis.words.recorded import WorkStatus

    if promise.step is None:
        yield from data.cases.select("opened", "closed").rows()
        return
    undone = pl.col("outcome").eq_missing(pl.lit(WorkStatus.WITHDRAWN.value))
    visits = data.steps.filter((pl.col("step") == promise.step) & ~undone & pl.col("ready").is_not_null())
    yield from visits.select("ready", "completed").rows()


def _why_none(promise: Promise, data: DataSet) -> str:
    if promise.step is None:
        return "there are no cases"
    if promise.step not in data.steps["step"]:
        return "this step does not occur"
    return "it is not recorded when the work could begin"


def _warnings(standard: Standard, data: DataSet) -> Iterator[str]:
    """That clocks differ, that the standard was not valid when cases were opened, or that the cases are made up."""
    import polars as pl

    whole = standard.whole_case
    if whole is not None and (whole.starts or whole.stops):
        yield (
            f"the promise counts from {whole.starts or 'a start it does not name'} to"
            f" {whole.stops or 'an end it does not name'}, the time of {data.name} {data.clock or 'by its own dates'}"
        )
    day = pl.col("opened").dt.date()
    outside = pl.lit(False)
    if standard.valid_from is not None:
        outside |= day < standard.valid_from
    if standard.valid_until is not None:
        outside |= day > standard.valid_until
    without = data.cases.filter(outside).height
    if without:
        yield f"{without:,} of {data.cases.height:,} cases were opened outside its validity ({standard.validity})"
    if data.grade in (Grade.SAMPLE, Grade.REHEARSAL):
        yield f"{data.name} {claim_cap(data.grade).text}"
