"""`perintis runs`: the run history of a pilot, with what each run did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from perintis.doors.going_on import Course, course_of
from perintis.doors.store.queries import RunLine, list_runs
from perintis.faces.cli.here import Here, Offices, now, step_words
from perintis.faces.cli.run_lines import below_the_runs
from perintis.faces.cli.screen import print_json, say, table
from perintis.faces.moments import moment, span_words, zone_name
from perintis.words.errors import NotFound

EVERYTHING = 1_000_000
MINUTE = timedelta(minutes=1)
KINDS = ("prefect", "local", "rehearsal")
FIGURES = ("opened", "advanced", "closed", "waiting", "failed", "breaches")


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    answers: Annotated[bool, typer.Option("--answers", help="Also the moves of single cases after an answer.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many runs to list (JSON: all).")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the runs of a pilot and their metrics."""
    here = Here()
    offices, at = here.offices(), now()
    with here.reader() as reader:
        runs = list_runs(reader, pilot, kinds=None if answers else KINDS, limit=EVERYTHING if as_json else limit)
        courses = {run.run: course_of(run, here.settings, reader, at) for run in runs}
    if not runs and offices.pilots and pilot not in offices.pilots:
        raise NotFound(f"there is no pilot {pilot!r}; there is {', '.join(sorted(offices.pilots))}")
    if as_json:
        print_json([run_json(run, courses[run.run]) for run in runs])
        return
    if not runs:
        say(f"There are no runs of {pilot} yet. `perintis run {pilot} FILE` makes one.")
        return
    _print(runs, courses, offices, pilot, at)


def run_json(run: RunLine, course: Course) -> dict[str, Any]:
    """One run for programs; keys as in docs/reference/commands.md."""
    return {**run._asdict(), "course": course}


def _print(
    runs: Sequence[RunLine], courses: Mapping[int, Course], offices: Offices, pilot: str, at: datetime
) -> None:  # fmt: skip
    zone = offices.zone(pilot)
    rows = []
    for run in runs:
        took = _no_end(run, courses[run.run]) if run.ended is None else span_words((run.ended - run.started) / MINUTE)
        figures = [f"{run.counts[name]:,}" if run.counts.get(name) else "" for name in FIGURES]
        rows.append((run.run, _kind(run), moment(run.started, at, zone), took, *figures))
    headings = ("Run", "Kind", "Started", "Took", "Opened", "Moved", "Closed", "Waiting", "Failed", "Late")
    say(table(headings, rows, right=(0, 4, 5, 6, 7, 8, 9)))
    for line in below_the_runs(runs, courses, pilot):
        say()
        say(line)
    latest = next((run for run in runs if run.metrics.get("steps")), None)
    if latest is not None:
        say()
        for line in _metrics(latest):
            say(line)
    for run in _with_figures(runs):
        say()
        for line in figure_lines(run):
            say(line)
    scored = next((run for run in runs if run.metrics.get("matching")), None)
    if scored is not None:
        say()
        for line in _matching(scored):
            say(line)
    say()
    say(f"Times are {zone_name(zone, at)}.")


def _no_end(run: RunLine, course: Course) -> str:
    """Of a rehearsal nothing tells whether it is still going on."""
    return "not finished" if run.kind == "rehearsal" else course.value


def _kind(run: RunLine) -> str:
    process = " as-is" if run.process == "as_is" else " to-be" if run.kind == "rehearsal" else ""
    return f"{run.kind}{process}"


def _metrics(run: RunLine) -> Iterator[str]:
    levels = run.metrics.get("service_levels", {})
    kept = f"; {levels['met']:,} of {levels['promised']:,} service levels met" if levels.get("promised") else ""
    yield f"Steps completed up to run {run.run} since the run before it{kept}:"
    rows = [
        (
            step_words(name), name.partition(".")[0], f"{figures['completed']:,}",
            _minutes(figures["waiting_minutes_median"]), _minutes(figures["working_minutes_median"]),
        )
        for name, figures in run.metrics["steps"].items()
    ]  # fmt: skip
    yield table(("Step", "Agency", "Done", "Median wait", "Median work"), rows, right=(2,))


def _with_figures(runs: Sequence[RunLine]) -> Iterator[RunLine]:
    """Of each kind of run and each process, the latest in which something was counted."""
    seen = set()
    for run in runs:
        if run.metrics.get("figures") and _kind(run) not in seen:
            seen.add(_kind(run))
            yield run


def figure_lines(run: RunLine) -> Iterator[str]:
    """What was counted in the cases that a run closed."""
    yield f"Counted in the cases closed by run {run.run} ({_kind(run)}):"
    rows = [
        (
            name.replace("_", " ").capitalize(), f"{told['cases']:,}", f"{told['sum']:,.6g}",
            f"{told['sum'] / told['cases']:,.4g}", f"{told['sum'] / told['of']:.1%}" if told.get("of") else "",
        )
        for name, told in run.metrics["figures"].items()
    ]  # fmt: skip
    yield table(("Figure", "Cases", "Sum", "Per case", "Share"), rows, right=(1, 2, 3, 4))


def _matching(run: RunLine) -> Iterator[str]:
    """How good the matching was where the truth is known: precision and recall."""
    yield f"Matching up to run {run.run}, where the truth is known:"
    ways = run.metrics["matching"]
    rows = [
        (f"{measure} by {what}", *(_share((way[of] or {}).get(measure)) for way in ways))
        for what, of in (("pairs", "pairs"), ("whole persons", "persons_exact"))
        for measure in ("precision", "recall")
    ]  # fmt: skip
    yield table(("", *(way["way"] for way in ways)), rows, right=tuple(range(1, len(ways) + 1)))


def _share(share: float | None) -> str:
    return "cannot be told" if share is None else f"{share:.4f}"


def _minutes(minutes: float | None) -> str:
    return "" if minutes is None else "none" if minutes < 0.01 else span_words(minutes)
