"""Lifecycle events to step visits: schedule, start and complete of one activity become one row."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import polars as pl

from perintis.doors.importers.events import COMPLETE

ENDS = {"complete": None, "ate_abort": "failed", "pi_abort": "failed", "withdraw": "withdrawn"}
"""Transitions that end a step visit, and the outcome that they give (a complete one gives `completed`)."""

SCHEDULE, START = "schedule", "start"
COMPLETED = "completed"
CARRIED = ("agency", "office", "officer", "cost", "step_due", "keyed", "step_outcome")
"""Columns of a visit that come from its last event which has them."""


@dataclass
class _Visit:
    """The events (by position) of one step visit; None where the log has none."""

    first: int
    ready: int | None = None
    started: int | None = None
    ended: int | None = None
    outcome: str | None = None


@dataclass
class _Pairing:
    """Open visits by (case, step, instance), first in first out, and all visits by their first event."""

    visits: list[_Visit] = field(default_factory=list)
    open: dict[tuple[int, str, str | None], list[_Visit]] = field(default_factory=lambda: defaultdict(list))
    other: Counter[str] = field(default_factory=Counter)

    def take(self, at: int, key: tuple[int, str, str | None], transition: str) -> None:
        """Give one event to the visit it belongs to."""
        if transition == SCHEDULE:
            self._begin(at, key).ready = at
        elif transition == START:
            waiting = next((visit for visit in self.open[key] if visit.started is None), None)
            (waiting or self._begin(at, key)).started = at
        elif transition in ENDS:
            visits = self.open[key]
            visit = next((visit for visit in visits if visit.started is not None), visits[0] if visits else None)
            visit = visit or self._begin(at, key)
            visit.ended, visit.outcome = at, ENDS[transition] or COMPLETED
            visits.remove(visit)
        else:
            self.other[transition] += 1

    def _begin(self, at: int, key: tuple[int, str, str | None]) -> _Visit:
        visit = _Visit(first=at)
        self.visits.append(visit)
        self.open[key].append(visit)
        return visit


def visits(events: pl.DataFrame) -> tuple[pl.DataFrame, Counter[str]]:
    """One row a step visit, in the order of the first event of each, and how often other transitions occurred.

    `events` (as `EventReader` gives them) are sorted by key and time; a case is whole in them. Columns of a visit:
    key, step, agency, office, officer, ready, started, completed, offset, first, first_offset, outcome, step_due,
    cost, keyed. Transitions that mean no beginning or end (assign, suspend, resume and the like) make no row.
    """
    if events["lifecycle"].is_null().any() or (events["lifecycle"] == COMPLETE).all():
        return _complete_events(events), Counter()
    pairing = _Pairing()
    columns = (events[name].to_list() for name in ("key", "step", "instance", "lifecycle"))
    for at, (key, step, instance, transition) in enumerate(zip(*columns, strict=True)):
        pairing.take(at, (key, step, instance), transition if transition in KNOWN else COMPLETE)
    return _paired(events, pairing.visits), pairing.other


OTHER = frozenset({"assign", "reassign", "suspend", "resume", "autoskip", "manualskip", "abort_activity", "abort_case"})
KNOWN = frozenset({SCHEDULE, START, *ENDS}) | OTHER


def _complete_events(events: pl.DataFrame) -> pl.DataFrame:
    """Each event is the end of a visit, with its start where the log tells one."""
    first_is_start = pl.col("start").is_not_null()
    return events.select(
        "key", "step", "agency", "office", "officer",
        ready=pl.lit(None, dtype=events.schema["at"]),
        started="start",
        completed="at",
        offset="at_offset",
        first=pl.coalesce("start", "at"),
        first_offset=pl.when(first_is_start).then("start_offset").otherwise("at_offset"),
        outcome=pl.coalesce("step_outcome", pl.lit(COMPLETED)),
        step_due="step_due",
        cost="cost",
        keyed="keyed",
    )  # fmt: skip


def _paired(events: pl.DataFrame, found: list[_Visit]) -> pl.DataFrame:
    """Gather the columns of each visit from its events."""
    at = {
        name: pl.Series([getattr(visit, name) for visit in found], dtype=pl.UInt32)
        for name in ("first", "ready", "started", "ended")
    }
    last = pl.select(pl.coalesce(at["ended"], at["started"], at["ready"])).to_series()
    carried = {
        name: pl.select(
            pl.coalesce(events[name].gather(at[when]) for when in ("ended", "started", "ready"))
        ).to_series()
        for name in CARRIED
    }
    started = events["at"].gather(at["started"])
    own_start = events["start"].gather(at["ended"])
    outcomes = pl.Series([visit.outcome for visit in found], dtype=pl.String)
    return pl.DataFrame(
        {
            "key": events["key"].gather(at["first"]),
            "step": events["step"].gather(at["first"]),
            **{name: carried[name] for name in ("agency", "office", "officer")},
            "ready": events["at"].gather(at["ready"]),
            "started": pl.select(pl.coalesce(started, own_start)).to_series(),
            "completed": events["at"].gather(at["ended"]),
            "offset": events["at_offset"].gather(last),
            "first": events["at"].gather(at["first"]),
            "first_offset": events["at_offset"].gather(at["first"]),
            "outcome": pl.select(
                pl.when(outcomes == COMPLETED).then(pl.coalesce(carried["step_outcome"], outcomes)).otherwise(outcomes)
            ).to_series(),
            **{name: carried[name] for name in ("step_due", "cost", "keyed")},
        }
    )
