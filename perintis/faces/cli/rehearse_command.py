"""`perintis rehearse`: a process under simulated agencies, in virtual time; stored and marked as rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, note, print_json, say
from perintis.words.errors import NotFound
from perintis.words.recorded import Process

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.doors.store.rehearsals import StoredRehearsal
    from perintis.engine.definition import Definition
    from perintis.rules.assumptions import Assumptions
    from perintis.use.rehearse import RehearsalResult


class Course(StrEnum):
    """Which of the two processes."""

    TO_BE = "to-be"
    AS_IS = "as-is"

    @property
    def process(self) -> Process:
        """As it is recorded."""
        return Process(self.value.replace("-", "_"))

    @property
    def other(self) -> Course:
        """The process it is compared with."""
        return Course.AS_IS if self is Course.TO_BE else Course.TO_BE


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot to rehearse.")],
    cases: Annotated[int | None, typer.Option(min=1, help="How many cases; else as rehearsal.yaml says.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rehearsal.")] = 1,
    process: Annotated[Course, typer.Option(help="Which process.")] = Course.TO_BE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rehearse a process with simulated agencies.

    Cases are made up, time is virtual; the result is stored and marked as rehearsal.
    """
    from perintis.doors.store.rehearsals import finished_rehearsals

    here = Here()
    definition = here.definition(pilot)
    assumptions = read_assumptions(here, definition)
    if definition.agreed is not None and definition.agreed.agreement is None and len(definition.pilot.agencies) > 1:
        note("There is no agreement.yaml: a rehearsal discloses nothing and goes on; a run would ask no other agency.")
    with here.database() as database:
        result = rehearse_one(database, definition, process, assumptions, cases=cases, seed=seed)
        beside = finished_rehearsals(database, pilot, process.other.process.value)
    if as_json:
        print_json(rehearsal_json(result))
        return
    counts = result.stored.counts
    say(f"Rehearsal {result.run} of {pilot}, {process.value}: REHEARSAL, simulated agencies, made-up cases.")
    ended = ", ".join(f"{number:,} {outcome}" for outcome, number in counts["outcomes"].items())
    say(f"{count(counts['opened'], 'case')}: {counts['closed']:,} closed ({ended}), {counts['waiting']:,} still open.")
    if counts["failed"]:
        note(f"{count(counts['failed'], 'case')} failed, the first because {result.problem}")
    for agency, used in result.stored.metrics["officers"].items():
        say(f"  {agency}: {count(used['officers'], 'officer')}, busy {used['busy']:.0%} of their office hours")
    say(_next(pilot, process, result.run, beside))


def _next(pilot: str, process: Course, run: int, beside: Sequence[StoredRehearsal]) -> str:
    """What to do with it: compare it with the latest rehearsal of the other process, once there is one."""
    if not beside:
        return f"`perintis rehearse {pilot} --process {process.other.value}` rehearses what to compare it with."
    as_is, to_be = (beside[0].run, run) if process is Course.TO_BE else (run, beside[0].run)
    return f"`perintis compare rehearsal:{as_is} rehearsal:{to_be}` sets as-is and to-be side by side."


def read_assumptions(here: Here, definition: Definition) -> Assumptions:
    """The assumptions of a pilot's `rehearsal.yaml`, or NotFound."""
    from perintis.doors.pilot_folder import read_terms
    from perintis.rules.assumptions import parse_assumptions

    pilot = definition.pilot
    text = read_terms(here.settings.pilots, pilot, "rehearsal.yaml")
    if text is None:
        raise NotFound(
            f"pilot {pilot.name} has no assumptions to rehearse by; write pilots/{pilot.module}/rehearsal.yaml"
        )
    return parse_assumptions(text, f"pilots/{pilot.module}/rehearsal.yaml")


def rehearse_one(
    database: Database, definition: Definition, course: Course, assumptions: Assumptions, *, cases: int | None,
    seed: int,
) -> RehearsalResult:  # fmt: skip
    """Rehearse one process with a progress bar."""
    from perintis.faces.cli.meter import Meter
    from perintis.use.rehearse import rehearse

    with Meter(f"Rehearsing {course.value}", "cases") as meter:
        return rehearse(
            database, definition, course.process, assumptions, seed=seed, cases=cases, progress=meter
        )  # fmt: skip


def rehearsal_json(result: RehearsalResult) -> dict[str, Any]:
    """A rehearsal for programs."""
    stored = result.stored
    return {
        "run": result.run, "pilot": stored.pilot, "version": stored.version, "process": stored.process,
        "seed": stored.seed, "simulated": True, **stored.counts, "metrics": stored.metrics,
        "observed_until": stored.observed_until, "seconds": round(result.seconds, 3), "problem": result.problem,
    }  # fmt: skip
