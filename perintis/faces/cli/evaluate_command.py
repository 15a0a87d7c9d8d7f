"""`perintis evaluate`: the registered plan, the verdict, and the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import busy
from perintis.faces.cli.screen import paragraph, print_json, say, table
from perintis.words.errors import BadInput, NotAllowed

if TYPE_CHECKING:
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.parts import MetricResult
    from perintis.use.evaluation.keep import Files
    from perintis.use.evaluation.material import Material

FOLDER = "evaluations"
MOST_DIFFERENCES = 10
MOST_CURES = 3
NO_VERDICT = "no verdict"


class Language(StrEnum):
    """The languages of the report."""

    ENGLISH = "en"
    INDONESIAN = "id"


def command(
    pilot: Annotated[str | None, typer.Argument(help="The pilot, or the name of an outside log's plan.")] = None,
    baseline: Annotated[str | None, typer.Option(help="What it is compared with; else as the plan says.")] = None,
    cases: Annotated[
        str | None, typer.Option(help="What is judged; else as the plan says, or the pilot's own.")
    ] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="The plan, where it is not the pilot's own.")] = None,
    phase: Annotated[str | None, typer.Option(help="The version of the pilot; else the latest with cases.")] = None,
    final: Annotated[bool, typer.Option("--final", help="The pilot has ended: this is the last look.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the report; else in the home folder.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the report.")] = Language.ENGLISH,
    seed: Annotated[int, typer.Option(help="Seed of permutations and resampling.")] = 20_260_101,
    replay: Annotated[Path | None, typer.Option(help="Compute an evaluation again from its bundle.zip.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print evaluation.json.")] = False,
) -> None:
    """Judge a pilot by its registered plan, and write the report.

    Writes evaluation.json, report.html and bundle.zip. With --replay BUNDLE every figure is computed again from the
    bundle and held against the one that was written then.
    """
    if replay is not None:
        _replay(replay, lang, out, as_json=as_json)
        return
    if pilot is None:
        raise BadInput("name the pilot to evaluate, or a bundle with --replay")
    here = Here()
    evaluation, files = evaluate_named(
        here, pilot, baseline=baseline, cases=cases, plan=plan, phase=phase, final=final, out=out, lang=lang, seed=seed
    )
    if as_json:
        print(evaluation.to_json(), end="")
        return
    for line in evaluation_lines(evaluation):
        say(line)
    say()
    say(f"The report is {files.report}")
    say(f"Everything it was computed from is in {files.bundle.name}; `perintis evaluate --replay` computes it again.")


def evaluate_named(
    here: Here, pilot: str, *, baseline: str | None = None, cases: str | None = None, plan: Path | None = None,
    phase: str | None = None, final: bool = False, out: Path | None = None, lang: Language = Language.ENGLISH,
    seed: int = 20_260_101,
) -> tuple[Evaluation, Files]:  # fmt: skip
    """Evaluate, write the three files, and remember it in the pilot's history."""
    from perintis.use.evaluation.evaluate import evaluate
    from perintis.use.evaluation.gather import Asked
    from perintis.use.evaluation.keep import remember, write_files

    at = now()
    asked = Asked(
        pilot=pilot, until=at, baseline=baseline, cases=cases, plan=plan, phase=phase, final=final, seed=seed,
        steps=_steps(here, pilot),
    )  # fmt: skip
    with here.database() as database:
        with busy("Reading"):
            material = _material(here, database, asked)
        with busy("Evaluating"):
            found = evaluate(material)
        folder = out or here.settings.make_home() / FOLDER / pilot / f"{at:%Y%m%d-%H%M%S}"
        with busy("Writing the report"):
            files = write_files(material, found.evaluation, folder, page_in(lang))
        remember(database, material, found, files, at=at)
    return found.evaluation, files


def _material(here: Here, database: Any, asked: Any) -> Material:
    from perintis.use.datasets import Shelves
    from perintis.use.evaluation.gather import gather
    from perintis.words.errors import NotFound

    try:
        pilots = {p.name: p for p in here.pilots()}
    except NotFound:
        pilots = {}  # an outside log needs no pilot
    return gather(Shelves(database, here.settings.home, pilots), here.settings.pilots, asked)


def _steps(here: Here, pilot: str) -> tuple[str, ...]:
    """The pilot's vocabulary; empty for the plan of an outside log."""
    from perintis.words.errors import PerintisError

    try:
        return tuple(here.definition(pilot).steps)
    except PerintisError:
        return ()


def page_in(lang: Language) -> Any:
    """What turns an evaluation into a page of that language."""
    from perintis.faces.report.evaluation_page import evaluation_page

    return lambda evaluation: evaluation_page(evaluation, lang.value)


def _replay(bundle: Path, lang: Language, out: Path | None, *, as_json: bool) -> None:
    from perintis.use.evaluation.keep import replay, write_report

    with busy("Computing again"):
        found = replay(bundle)
    if out is not None:
        write_report(out, page_in(lang)(found.evaluation))
    if as_json:
        print_json({"bundle": str(bundle), "same": not found.differences, "differences": list(found.differences)})
    elif not found.differences:
        say(f"Every figure of {bundle} came out the same, to the last digit.")
    if found.differences:
        shown = "; ".join(found.differences[:MOST_DIFFERENCES])
        more = len(found.differences) - MOST_DIFFERENCES
        raise NotAllowed(f"{bundle} gives other figures: {shown}" + (f"; and {more} more" if more > 0 else ""))


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """An evaluation for the terminal: verdict, why, the metrics, what to mind."""
    from perintis.rules.evaluation.parts import MetricMissing, MetricResult
    from perintis.rules.verdict.reading import Role

    panels = evaluation.panels
    if evaluation.simulated:
        yield paragraph(_simulated(evaluation))
        yield ""
    yield f"Verdict: {panels.verdict.word.upper()}" + (", in stages" if panels.verdict.staged else "")
    yield paragraph(f"{panels.verdict.reason.text}.")
    for further in panels.verdict.further[:3]:
        yield paragraph(f"Also: {further.text[:1].lower()}{further.text[1:]}.")
    if panels.verdict.change is not None:
        yield paragraph(f"What would change it: {panels.verdict.change.text}.")
    if needed := _needed_too(evaluation):
        yield paragraph(f"Needed too: {needed}.")
    for metric in panels.metrics:
        if isinstance(metric, MetricResult) and metric.role is Role.PRIMARY:
            yield paragraph(f"{metric.reading.text[:1].upper()}{metric.reading.text[1:]}.")
    yield ""
    yield _standing(evaluation)
    flow = panels.flow
    yield (
        f"{flow.baseline.name}: {flow.baseline.assigned:,} cases ({flow.baseline.open:,} open); "
        f"{flow.pilot.name}: {flow.pilot.assigned:,} ({flow.pilot.open:,} open)"
    )
    for side in (flow.baseline, flow.pilot):
        if side.already_open and side.observed_from is not None:
            yield paragraph(
                f"{side.already_open:,} cases of {side.name} were open already when observation began "
                f"({side.observed_from:%Y-%m-%d %H:%M} UTC); they count from the age they had then, or are left out."
            )
    yield ""
    rows = [_row(m) for m in panels.metrics if isinstance(m, MetricResult)]
    if rows:
        yield table(("Metric", "Role", "Baseline", "Pilot", "Change", "Interval"), rows, right=(2, 3, 4, 5))
    missing = [m for m in panels.metrics if isinstance(m, MetricMissing)]
    if missing:
        yield ""
        yield "Not comparable:"
        yield from (paragraph(f"- {m.label}: {m.reason.text}", hanging="  ") for m in missing)
    cautions = [c.text for c in panels.trust.cautions]
    if cautions:
        yield ""
        yield "Read with care:"
        yield from (paragraph(f"- {text}", hanging="  ") for text in cautions)


def _simulated(evaluation: Evaluation) -> str:
    flow = evaluation.panels.flow
    if flow.baseline.simulated and flow.pilot.simulated:
        return "SIMULATED: agencies and cases are made up, so this verdict says nothing of real ones."
    which = "baseline" if flow.baseline.simulated else "pilot"
    return f"SIMULATED: the {which} is a rehearsal with made-up cases, so nothing follows from this comparison."


def _needed_too(evaluation: Evaluation) -> str:
    """What else mends the gates that failed, beside what the verdict says already."""
    panels = evaluation.panels
    if panels.verdict.word != NO_VERDICT:
        return ""
    said = panels.verdict.change.text if panels.verdict.change else ""
    cures = [g.cure.text for g in panels.trust.gates if g.passed is False and g.gate and g.cure and g.cure.text != said]
    return "; ".join(list(dict.fromkeys(cures))[:MOST_CURES])


def _standing(evaluation: Evaluation) -> str:
    look = f"look {evaluation.look} of {evaluation.looks}" if evaluation.look else _between_looks(evaluation)
    registered = evaluation.plan.registered_at
    when = "not registered" if registered is None else f"registered {_day(registered)}"
    if evaluation.panels.flow.pilot.simulated:
        when = "as written"
    amended = f", amended {len(evaluation.plan.amendments)} times" if evaluation.plan.amendments else ""
    return f"Evidence {evaluation.evidence.value}; {look}; plan {evaluation.plan.hash[:12]} {when}{amended}"


def _between_looks(evaluation: Evaluation) -> str:
    """Which look was the last one, where this is none."""
    from perintis.rules.evaluation.panels import SequentialPanel

    panel = evaluation.panels.sequential
    taken = [p.look for p in panel.looks if not p.planned] if isinstance(panel, SequentialPanel) else []
    return f"after look {taken[-1]} of {evaluation.looks}" if taken else "no registered look"


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _row(m: MetricResult) -> tuple[str, ...]:
    from perintis.faces.report.figures import number, span

    return (
        m.label, m.role.value if m.registered else "not in the plan", number(m.baseline, m.unit),
        number(m.pilot, m.unit), number(m.estimate, m.unit, signed=True), span(m.interval, m.unit),
    )  # fmt: skip
