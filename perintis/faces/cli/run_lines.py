"""What the screen says of runs without an end, and of cases that no run moves on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from perintis.doors.going_on import Course, course_of
from perintis.doors.store.queries import RunLine, count_cases, list_runs
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, joined
from perintis.faces.moments import moment

if TYPE_CHECKING:
    from perintis.doors.store.reading import Reader

OWN = ("prefect", "local")
"""Kinds of runs that move all cases of a pilot."""


def course_sentence(here: Here, reader: Reader, pilot: str) -> str | None:
    """How the latest run stands if it did not end, or how to move cases on that no run has in hand; else None."""
    latest, course, since = _latest(here, reader, pilot)
    if latest is not None and course is not Course.ENDED:
        if course is Course.GOING_ON:
            return f"Run {latest.run} is going on, since {since}."
        return (
            f"Run {latest.run}, started {since}, was interrupted. What it recorded stands; `perintis run {pilot}` "
            "goes on from there."
        )
    ready = sum(c.cases for c in count_cases(reader, pilot) if c.status == "ready")
    if not ready:
        return None
    return f"{count(ready, 'case')} ready: `perintis run {pilot}` moves {'it' if ready == 1 else 'them'} on."


def interrupted_sentence(here: Here, pilot: str) -> str | None:
    """What to say before the next run, if the latest one of a pilot was interrupted or still goes on; else None."""
    with here.reader() as reader:
        latest, course, since = _latest(here, reader, pilot)
    if latest is None or course is Course.ENDED:
        return None
    if course is Course.GOING_ON:
        return (
            f"Run {latest.run}, started {since}, is still going on; this one takes the cases that it has not in hand."
        )
    return f"Run {latest.run}, started {since}, was interrupted. What it recorded stands; this run goes on from there."


def _latest(here: Here, reader: Reader, pilot: str) -> tuple[RunLine | None, Course, str]:
    """The latest run of a pilot, how far it has come, and since when in words."""
    at = now()
    run = next(iter(list_runs(reader, pilot, kinds=OWN, limit=1)), None)
    if run is None:
        return None, Course.ENDED, ""
    return run, course_of(run, here.settings, reader, at), moment(run.started, at, here.offices().zone(pilot))


def below_the_runs(runs: Sequence[RunLine], courses: Mapping[int, Course], pilot: str) -> Iterator[str]:
    """One sentence on the interrupted runs of a list, the latest first, and who went on from there."""
    stopped = [run for run in runs if courses[run.run] is Course.INTERRUPTED and run.kind in OWN]
    if not stopped:
        return
    numbers = joined([str(run.run) for run in reversed(stopped)])
    what = f"Run {numbers} was" if len(stopped) == 1 else f"Runs {numbers} were"
    after = [run.run for run in runs if run.run > stopped[0].run and run.kind in OWN]
    went_on = f"run {after[-1]} went on from there" if after else f"`perintis run {pilot}` goes on from there"
    yield f"{what} interrupted. What was recorded stands; {went_on}."
