"""Collects the material of an evaluation: the plan in force, both data sets, calendars, earlier looks, answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from perintis.doors.frozen import content_hash, without_officers
from perintis.doors.plans import PlanInForce, plan_in_force
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.phases import phases_of
from perintis.doors.store.rehearsals import finished_rehearsals
from perintis.rules.evaluation.document import Phase
from perintis.rules.evaluation.parts import Amended
from perintis.rules.fixed_calendars import fixed_all
from perintis.rules.metrics import Calendars
from perintis.rules.officedays import days_off
from perintis.rules.plan import Plan, plan_hash
from perintis.rules.seasons import AFTER_EID, FASTING, seasons_of
from perintis.use.datasets import Found, Shelves, common_calendars
from perintis.use.evaluation.answers import answers_for
from perintis.use.evaluation.history import Past, decided_on, past_looks
from perintis.use.evaluation.material import KnownSeason, Material, Registered, Request
from perintis.words.errors import BadInput, NotFound
from perintis.words.recorded import Process
from perintis.words.tables import DataSet

if TYPE_CHECKING:
    from perintis.words.agency import Calendar

SEASON = "Ramadan and Eid"
LOCK = "uv.lock"


@dataclass(frozen=True)
class Asked:
    """What the person asked for; what is None is as the plan says. `until` is when live cases are read."""

    pilot: str
    until: datetime
    baseline: str | None = None
    cases: str | None = None
    plan: Path | None = None
    phase: str | None = None
    final: bool = False
    seed: int = 20_260_101
    steps: tuple[str, ...] = ()


def gather(shelves: Shelves, folder: Path, asked: Asked) -> Material:
    """Find and freeze everything; NotFound or BadInput say what is missing."""
    in_force = plan_in_force(shelves.database, folder, asked.pilot, asked.plan)
    plan = in_force.plan
    baseline = _baseline(shelves, asked.baseline or plan.design.baseline, asked.until)
    pilot, phase, others = _judged(shelves, plan, asked)
    data = [without_officers(found.data) for found in (baseline, pilot)]
    calendars = common_calendars(baseline, pilot, shelves.pilots) or Calendars()
    first, last = _years(data)
    known = shelves.pilots.get(asked.pilot)
    rehearsed = all(d.simulated for d in data)
    past = (
        Past() if rehearsed
        else past_looks(shelves.database, asked.pilot, phase.version, content_hash(data[1]), plan_hash(plan))
    )  # fmt: skip
    request = Request(
        pilot=asked.pilot, title=known.title if known else asked.pilot, currency=known.currency if known else "",
        steps=asked.steps, phase=phase, other_phases=others, registered=_registered(in_force, data),
        looks=past.taken, as_final=rehearsed or (past.final if past.repeated else asked.final),
        unregistered_changes=in_force.unregistered_changes, departures=() if rehearsed else _departures(plan, asked),
        decision=None if rehearsed else decided_on(shelves.database, asked.pilot, phase.version),
        holidays=_holidays(calendars.case, first, last), seasons=_seasons(calendars.case, data), seed=asked.seed,
        code_version=version("perintis"), lock_hash=_lock_hash(folder),
    )  # fmt: skip
    return Material(
        request=request, plan=plan, baseline=data[0], pilot=data[1],
        calendars=fixed_all(calendars, first - 1, last + 1),
        answers=answers_for(shelves, baseline, pilot),
        designed=_designed(shelves, asked, pilot),
    )  # fmt: skip


def _baseline(shelves: Shelves, name: str, until: datetime) -> Found:
    try:
        return shelves.find(name, now=until)
    except NotFound as error:
        raise NotFound(f"the baseline {name}: {error}; name another with --baseline, or amend the plan") from None


def _judged(shelves: Shelves, plan: Plan, asked: Asked) -> tuple[Found, Phase, tuple[Phase, ...]]:
    """The cohort that is judged: one phase of the pilot's own cases, or the data set that was named."""
    name = asked.cases or plan.design.cases or asked.pilot
    if name != asked.pilot or asked.pilot not in shelves.pilots:
        found = shelves.find(name, now=asked.until)
        return found, _whole(found.data), ()
    phases = [
        Phase(version=p.version, first=p.first, last=p.last, cases=p.cases)
        for p in phases_of(shelves.database, asked.pilot, until=asked.until)
    ]
    wanted = asked.phase or (phases[-1].version if phases else "")
    chosen = next((p for p in phases if p.version == wanted), None)
    if chosen is None:
        there = ", ".join(p.version for p in phases) or "none yet"
        raise NotFound(
            f"pilot {asked.pilot} has no cases of version {wanted or '(none)'}; versions with cases: {there}"
        )
    data = pilot_dataset(
        shelves.database, shelves.pilots[asked.pilot], process=Process.TO_BE, until=asked.until, version=wanted
    )
    return Found(data, asked.pilot, own=True), chosen, tuple(p for p in phases if p.version != wanted)


def _departures(plan: Plan, asked: Asked) -> tuple[str, ...]:
    """Where other data are asked for than the plan names."""
    planned = {"baseline": plan.design.baseline, "cases": plan.design.cases or asked.pilot}
    given = {"baseline": asked.baseline, "cases": asked.cases}
    return tuple(
        f"the plan names {planned[what]} as {'the baseline' if what == 'baseline' else 'what is judged'}, not {name}"
        for what, name in given.items()
        if name is not None and name != planned[what]
    )


def _whole(data: DataSet) -> Phase:
    first, last = data.cases["opened"].min(), data.cases["opened"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        raise BadInput(f"{data.name} has no cases, so there is nothing to evaluate")
    return Phase(version=data.name, first=first, last=last, cases=data.cases.height)


def _years(data: Sequence[DataSet]) -> tuple[int, int]:
    opened = [o for d in data for o in (d.cases["opened"].min(),) if isinstance(o, datetime)]
    if not opened:
        raise BadInput("neither cohort has a case")
    return min(o.year for o in opened), max(d.observed_until.year for d in data)


def _registered(in_force: PlanInForce, data: Sequence[DataSet]) -> Registered | None:
    """The registration; rehearsals are judged by the written plan as if it were registered."""
    kept = in_force.registered
    if kept is None:
        if not all(d.simulated for d in data):
            return None
        return Registered(hash=plan_hash(in_force.plan), at=data[1].observed_until, late=False, results_visible=False)
    return Registered(
        hash=kept.hash, at=kept.at, late=kept.late, results_visible=kept.results_visible,
        amendments=tuple(
            Amended(at=a.at, reason=a.reason, results_visible=a.results_visible, changes=a.changes)
            for a in kept.amendments
        ),
    )  # fmt: skip


def _holidays(calendar: Calendar | None, first: int, last: int) -> tuple[date, ...]:
    if calendar is None:
        return ()
    return tuple(sorted(day for year in range(first, last + 1) for day in days_off(calendar, year)))


def _seasons(calendar: Calendar | None, data: Sequence[DataSet]) -> tuple[KnownSeason, ...]:
    """Ramadan with Eid, in the years of the data, where the country's calendar has them."""
    if calendar is None or calendar.country is None:
        return ()
    eids: set[date] = set()
    for one in data:
        found = seasons_of(one.cases, calendar.country).eids if one.cases.height else None
        eids |= {season.eid for season in found or ()}
    if not eids:
        return ()
    return (KnownSeason(name=SEASON, spans=tuple((eid - FASTING, eid + AFTER_EID) for eid in sorted(eids))),)


def _designed(shelves: Shelves, asked: Asked, pilot: Found) -> DataSet | None:
    """The latest rehearsal of the new process, unless it is the very data set that is judged."""
    if asked.pilot not in shelves.pilots or pilot.data.simulated:
        return None
    rehearsed = finished_rehearsals(shelves.database, asked.pilot, Process.TO_BE.value)
    if not rehearsed:
        return None
    data = pilot_dataset(
        shelves.database, shelves.pilots[asked.pilot], process=Process.TO_BE, rehearsal=rehearsed[0].run,
        until=rehearsed[0].observed_until,
    )  # fmt: skip
    return without_officers(data)


def _lock_hash(folder: Path) -> str | None:
    file = folder / LOCK
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
