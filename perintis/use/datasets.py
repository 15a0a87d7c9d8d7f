"""Finds the data set that a person names: a baseline, a cohort of one, a pilot's cases, or a rehearsal.

NAME            the baseline of that name
NAME:COHORT     one cohort of it
PILOT           the pilot's own cases (its to-be process) until now
PILOT/as-is     its cases in the as-is process
rehearsal:N     the rehearsal with run number N
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from perintis.doors.baselines import find_baseline, list_baselines, load_baseline
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.database import Database
from perintis.doors.store.rehearsals import find_rehearsal, finished_rehearsals
from perintis.rules.metrics import Calendars
from perintis.words.errors import BadInput, NotFound
from perintis.words.pilot import Pilot
from perintis.words.recorded import Process
from perintis.words.tables import DataSet

REHEARSAL = "rehearsal:"
PROCESSES = {"to-be": Process.TO_BE, "to_be": Process.TO_BE, "as-is": Process.AS_IS, "as_is": Process.AS_IS}


@dataclass(frozen=True)
class Found:
    """A data set, and the pilot whose cases or baseline it is. `own` says that the pilot's agencies did the work."""

    data: DataSet
    pilot: str
    own: bool


@dataclass(frozen=True)
class Shelves:
    """Where data sets are kept: the store, the baselines in `home`, and the pilots there are."""

    database: Database
    home: Path
    pilots: Mapping[str, Pilot[Any]]

    def find(self, wanted: str, *, now: datetime) -> Found:
        """The data set of that name; NotFound with what there is."""
        if wanted.startswith(REHEARSAL):
            return self._rehearsal(wanted.removeprefix(REHEARSAL))
        name, slash, process = wanted.partition("/")
        if name in self.pilots:
            if slash and process not in PROCESSES:
                raise BadInput(f"{wanted!r}: a pilot has the processes to-be and as-is, not {process!r}")
            return self._pilot(name, PROCESSES[process] if slash else Process.TO_BE, now)
        try:
            manifest = find_baseline(self.home, wanted.partition(":")[0])
        except NotFound:
            raise NotFound(f"there is no data set {wanted!r}; there is {self._known()}") from None
        return Found(load_baseline(self.home, wanted), manifest.pilot, own=False)

    def _pilot(self, name: str, process: Process, now: datetime) -> Found:
        data = pilot_dataset(self.database, self.pilots[name], process=process, rehearsal=None, until=now)
        if data.cases.is_empty():
            kind = "" if process is Process.TO_BE else " in the as-is process"
            raise NotFound(f"pilot {name} has no cases{kind} yet; there is {self._known()}")
        return Found(data, name, own=True)

    def _rehearsal(self, number: str) -> Found:
        if not (number.isascii() and number.isdecimal()):
            raise BadInput(f"{REHEARSAL}{number}: a rehearsal is named by its run number, like rehearsal:3")
        stored = find_rehearsal(self.database, int(number))
        if stored.pilot not in self.pilots:
            raise NotFound(f"rehearsal {number} is of pilot {stored.pilot}, which is not here")
        data = pilot_dataset(
            self.database, self.pilots[stored.pilot], process=Process(stored.process), rehearsal=stored.run,
            until=stored.observed_until,
        )  # fmt: skip
        return Found(data, stored.pilot, own=True)

    def _known(self) -> str:
        """All data sets by the names under which they can be asked for."""
        names = [manifest.name for manifest in list_baselines(self.home)]
        for pilot in self.pilots:
            names.append(pilot)
            names += [f"{REHEARSAL}{r.run} ({pilot} {r.process.replace('_', '-')})" for r in self._rehearsals(pilot)]
        return ", ".join(names) or "none yet"

    def _rehearsals(self, pilot: str) -> list[Any]:
        return finished_rehearsals(self.database, pilot)[:6]


def calendars_of(pilot: Pilot[Any]) -> Calendars:
    """The office hours in which a pilot's working time is counted: the lead's for the case, each agency's own."""
    return Calendars(case=pilot.lead.calendar, agencies={a.code: a.calendar for a in pilot.agencies})


def common_calendars(a: Found, b: Found, pilots: Mapping[str, Pilot[Any]]) -> Calendars | None:
    """The calendars for a comparison: those of the pilot whose agencies did the work on either side, else none.

    Two imported logs are not measured in the office hours of agencies that never saw them.
    """
    for found in (b, a):
        if found.own and found.pilot in pilots:
            return calendars_of(pilots[found.pilot])
    return None
