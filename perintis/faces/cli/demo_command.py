"""`perintis demo`: the main job in one go, on made-up cases."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, note, say
from perintis.words.errors import NotFound, PerintisError

if TYPE_CHECKING:
    from perintis.doors.intake_files import IntakeReport
    from perintis.doors.prefect_server import PrefectServer
    from perintis.engine.definition import Definition
    from perintis.rules.comparison import Comparison
    from perintis.rules.evaluation.document import Evaluation

PREFERRED = "fast-track"
LIVE_CASES = 12
PAGE, APPLICATIONS = "comparison.html", "applications.jsonl"
TRUTH = "truth.csv"
REHEARSALS = "rehearsal:{}"


def command(
    cases: Annotated[int, typer.Option(min=50, help="How many cases to rehearse in each process.")] = 2_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same demonstration.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the page; else demo/ in the home folder.")] = None,
    pilot: Annotated[str | None, typer.Option(help="Which pilot; else fast-track, or the first there is.")] = None,
) -> None:
    """Rehearse a pilot, judge it by its plan, and open a few live cases.

    The pilot is rehearsed beside the process it would replace. Everything is made up. The live cases go through the
    pilot's Prefect flow and wait in the inboxes afterwards.
    """
    say("Perintis demo: a pilot beside the process it would replace. All cases are made up.")
    here = Here()
    name = pilot or _choose(here)
    folder = out or here.settings.make_home() / "demo"
    with _server(here) as server:
        definition = here.definition(name)
        as_is, to_be = _rehearse(here, definition, cases=cases, seed=seed)
        compared = _compare(here, as_is, to_be, folder, seed)
        judged = _judge(here, name, as_is, to_be, folder)
        _open_live_cases(here, definition, server, folder, seed)
    say()
    for line in _lines(compared, judged):
        say(line)
    for line in _registry_lines(here, definition.pilot):
        say(line)
    _tell(here, folder, name)


def _choose(here: Here) -> str:
    """The pilot to show: one that can make up applications."""
    able = [p.name for p in here.pilots() if p.made_up is not None]
    if not able:
        raise NotFound("none of the pilots here can make up applications; give one `made_up`, see docs/how-to")
    return PREFERRED if PREFERRED in able else able[0]


@contextmanager
def _server(here: Here) -> Iterator[PrefectServer | None]:
    """A Prefect server that starts while the rehearsals run, or None where it cannot."""
    from perintis.doors.prefect_server import early_server

    say("Starting a Prefect server meanwhile (about 20 seconds the first time).")
    with early_server(here.settings) as server:
        yield server


def _rehearse(here: Here, definition: Definition, *, cases: int, seed: int) -> tuple[str, str]:
    """Rehearse both processes; returns the names of the two data sets."""
    from perintis.faces.cli.rehearse_command import Course, read_assumptions, rehearse_one

    assumptions = read_assumptions(here, definition)
    runs = []
    with here.database() as database:
        for course in (Course.AS_IS, Course.TO_BE):
            say(f"Rehearsing {course.value}: {count(cases, 'case')} with simulated agencies.")
            runs.append(rehearse_one(database, definition, course, assumptions, cases=cases, seed=seed).run)
    as_is, to_be = (REHEARSALS.format(run) for run in runs)
    return as_is, to_be


def _compare(here: Here, as_is: str, to_be: str, folder: Path, seed: int) -> Comparison:
    """Compare, and write the page, also by office."""
    from perintis.faces.cli.compare_command import compare_named, write_page

    say("Comparing the two.")
    compared = compare_named(here, as_is, to_be, by="office", seed=seed)
    write_page(compared, folder / PAGE)
    return compared


def _judge(here: Here, pilot: str, as_is: str, to_be: str, folder: Path) -> Evaluation | None:
    """Evaluate by the pilot's plan; None, and told, where it has none."""
    from perintis.doors.plans import written_plan
    from perintis.faces.cli.evaluate_command import evaluate_named

    try:
        written_plan(here.settings.pilots, pilot)
    except NotFound as missing:
        note(f"Nothing is judged: {missing}.")
        return None
    say("Judging the pilot by its plan.")
    return evaluate_named(here, pilot, baseline=as_is, cases=to_be, out=folder)[0]


def _lines(compared: Comparison, judged: Evaluation | None) -> Iterator[str]:
    """The verdict, or without a plan the comparison alone."""
    from perintis.faces.cli.compare_command import comparison_lines
    from perintis.faces.cli.evaluate_command import evaluation_lines

    return comparison_lines(compared, groups=False) if judged is None else evaluation_lines(judged)


def _registry_lines(here: Here, pilot: Any) -> Iterator[str]:
    """How the delivered extracts match as it was and as it is to be, for a pilot whose samples come with the truth."""
    truth = None if pilot.samples is None else (here.settings.pilots / pilot.samples).with_name(TRUTH)
    if truth is None or not truth.is_file():
        return
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.registry.scoring import measure_delivered, read_truth
    from perintis.faces.cli.registry_lines import measured

    with open_registry(pilot.name, here.settings) as registry:
        if not any(delivery["linked"] for delivery in registry.standardised()):
            return
        told, lines = measured(measure_delivered(registry, read_truth(truth)))
    _keep_with_run(here, pilot.name, told)
    yield from ("", "The same made-up extracts, before any officer decided:", "", *lines)


def _keep_with_run(here: Here, pilot: str, matching: Any) -> None:
    """Keep how well was matched with the latest run, so that `perintis runs` shows it too."""
    from perintis.doors.store.queries import list_runs
    from perintis.doors.store.runs import add_metrics

    with here.reader() as reader:
        latest = list_runs(reader, pilot, kinds=("prefect", "local"), limit=1)
    if latest:
        with here.database() as database:
            add_metrics(database, latest[0].run, {"matching": matching})


def _open_live_cases(
    here: Here, definition: Definition, server: PrefectServer | None, folder: Path, seed: int
) -> None:  # fmt: skip
    """Open a few made-up applications as live cases and run the flow; not where real cases are kept already."""
    from perintis.faces.cli.run_command import say_moved, take_file

    pilot = definition.pilot
    file = _applications(folder, pilot, seed, samples=here.settings.pilots / pilot.samples if pilot.samples else None)
    if _others(here, pilot.name, file):
        note(f"This store has cases of {pilot.name} already, so no made-up ones are put among them.")
        return
    with here.database() as database:
        taken = take_file(database, definition, file, strict=True)
    file.unlink()
    say(
        f"Opening {count(taken.opened + taken.already_open, 'live case')} and running the Prefect flow {pilot.name} ..."
    )
    say_moved(here, pilot.name, _move(here, definition, server, taken))


def _move(here: Here, definition: Definition, server: PrefectServer | None, taken: IntakeReport) -> Any:
    from perintis.doors.prefect_server import run_flow
    from perintis.faces.cli.moving import move_here

    try:
        return run_flow(
            here.settings, definition.pilot.name, str(taken.intake), server=server,
            waiting=lambda what: say(f"  ({what})"),
        ).model_dump()  # fmt: skip
    except PerintisError as error:
        note(f"Prefect could not run the flow ({error}); going on without it.")
        return move_here(here, definition, opened=taken.opened)


def _applications(folder: Path, pilot: Any, seed: int, *, samples: Path | None) -> Path:
    """The applications of the pilot's samples, or a few that are made up now."""
    file = folder / APPLICATIONS
    if samples is not None and samples.is_file():
        shutil.copyfile(samples, file)
        return file
    random = Random(seed)
    made = [pilot.made_up(random, number) for number in range(1, LIVE_CASES + 1)]
    file.write_text("".join(application.model_dump_json() + "\n" for application in made), encoding="utf-8")
    return file


def _others(here: Here, pilot: str, file: Path) -> bool:
    """Whether the store has live cases that are not this demonstration's."""
    from perintis.doors.store.queries import references

    ours = {str(json.loads(line)["reference"]) for line in file.read_text("utf-8").splitlines()}
    with here.reader() as reader:
        return bool(set(references(reader, pilot, limit=LIVE_CASES + 1)) - ours)


def _tell(here: Here, folder: Path, pilot: str) -> None:
    from perintis.faces.cli.run_command import waiting_agencies
    from perintis.use.evaluation.keep import REPORT

    say()
    if (folder / REPORT).exists():
        say(f"The report for the steering committee: {folder / REPORT}")
    say(f"The plain comparison, also by office: {folder / PAGE}")
    agency = next(iter(waiting_agencies(here, pilot)), "AGENCY")
    say("Try next:")
    command = _command()
    tries = (
        (f"status {pilot}", "where each case is, with whom, since when, due when"),
        (f"inbox {agency}", "what waits there, with the number of each work item"),
        ("answer WORK", "answer one work item; asks for each field"),
        (f"runs {pilot}", "the runs and their metrics"),
        (f"plan power {pilot}", "what this plan could show, and how often it would be wrong"),
    )
    width = max(len(what) for what, _ in tries)
    for what, why in tries:
        say(f"  {command} {what:<{width}}  {why}")


def _command() -> str:
    """How this program is called here: by its name, or by its path where the environment is not active."""
    if shutil.which("perintis"):
        return "perintis"
    called = Path(sys.argv[0])
    here = Path.cwd()
    return str(called.relative_to(here)) if called.is_relative_to(here) else str(called)
