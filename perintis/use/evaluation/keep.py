"""Evaluates a pilot and keeps what came of it: the three files, and a row of the pilot's history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from perintis.doors.store.harm_trips import harm_trips, record_trip
from perintis.doors.store.judgements import JudgedEvaluation, keep_evaluation, kept_evaluations
from perintis.rules.evaluation.panels import SequentialPanel
from perintis.use.evaluation.bundle import read_bundle, write_bundle
from perintis.use.evaluation.evaluate import Evaluated, evaluate
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.doors.store.database import Database
    from perintis.rules.evaluation.document import Evaluation
    from perintis.use.evaluation.material import Material

EVALUATION, REPORT, BUNDLE = "evaluation.json", "report.html", "bundle.zip"
Page = Callable[["Evaluation"], str]


@dataclass(frozen=True)
class Files:
    """Where the three files of an evaluation are."""

    folder: Path

    @property
    def evaluation(self) -> Path:
        """The result as JSON."""
        return self.folder / EVALUATION

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.folder / REPORT

    @property
    def bundle(self) -> Path:
        """All that it was computed from."""
        return self.folder / BUNDLE


def write_files(material: Material, evaluation: Evaluation, folder: Path, page: Page) -> Files:
    """Write the three files into the folder; BadInput where that cannot be."""
    files = Files(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(files.evaluation, evaluation.to_json())
        write_bundle(material, evaluation, files.bundle)
        _write(files.report, page(evaluation))
    except OSError as error:
        raise unwritable(folder, error) from None
    return files


def write_report(folder: Path, text: str) -> Path:
    """Write a report alone, whole or not at all; BadInput where that cannot be."""
    file = folder / REPORT
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(file, text)
    except OSError as error:
        raise unwritable(folder, error) from None
    return file


def unwritable(folder: Path, error: OSError) -> BadInput:
    """What to tell where a folder takes no files."""
    why = error.strerror or type(error).__name__
    return BadInput(f"{folder} cannot be written ({why}); name another folder with --out")


def remember(
    database: Database, material: Material, found: Evaluated, files: Files, *, at: datetime
) -> int:  # fmt: skip
    """Add the evaluation to the pilot's history; the same data, plan and verdict again add nothing."""
    row = _row(material, found, files, at)
    for kept in kept_evaluations(database, row.pilot):
        same = kept.evaluation
        if (same.snapshot, same.plan_hash, same.baseline, same.baseline_hash, same.word, same.look) == (
            row.snapshot, row.plan_hash, row.baseline, row.baseline_hash, row.word, row.look,
        ):  # fmt: skip
            return kept.number
    if not row.simulated and not material.request.departures:
        _record_harm(database, found.evaluation, at)
    return keep_evaluation(database, row)


def _record_harm(database: Database, evaluation: Evaluation, at: datetime) -> None:
    """Write down what the harm monitor saw, unless an earlier trip of the metric could already see that day.

    People were asked then, and the answer holds: the same days in a later evaluation do not ask them again.
    """
    panel = evaluation.panels.sequential
    if not isinstance(panel, SequentialPanel):
        return
    asked = {trip.metric: trip.data_until.date() for trip in harm_trips(database, evaluation.pilot)}
    for seen in panel.harm:
        metric, day = str(seen.values["metric"]), date.fromisoformat(str(seen.values["day"]))
        if metric not in asked or day > asked[metric]:
            record_trip(
                database, evaluation.pilot, metric, estimate=float(seen.values["effect"]),
                bound=float(seen.values["limit"]), sentence=seen.text, data_until=evaluation.data_until, at=at,
            )  # fmt: skip


def _row(material: Material, found: Evaluated, files: Files, at: datetime) -> JudgedEvaluation:
    evaluation, standing = found.evaluation, found.standing
    look = None if standing is None or standing.look is None else standing.look
    panel = evaluation.panels.verdict
    return JudgedEvaluation(
        pilot=evaluation.pilot, version=evaluation.phase.version, at=at, data_until=evaluation.data_until,
        baseline=material.baseline.name, simulated=evaluation.simulated, plan_hash=evaluation.plan.hash,
        registered=evaluation.plan.registered_at is not None, look=None if look is None else look.number,
        looks=evaluation.looks, final=panel.final, fraction=None if look is None else look.fraction,
        information=None if look is None else look.information, word=panel.word, code=panel.reason.code,
        sentence=panel.reason.text, change=None if panel.change is None else panel.change.text, staged=panel.staged,
        grade=evaluation.evidence.value, snapshot=evaluation.provenance.snapshot, folder=str(files.folder),
        json=str(files.evaluation), report=str(files.report), baseline_hash=evaluation.provenance.baseline,
    )  # fmt: skip


@dataclass(frozen=True)
class Replayed:
    """The evaluation computed again, and what differs from the one in the bundle (nothing, if all is well)."""

    evaluation: Evaluation
    differences: tuple[str, ...]


def replay(bundle: Path) -> Replayed:
    """Compute an evaluation again from its bundle and hold every figure against the one that was written then."""
    material, written = read_bundle(bundle)
    again = evaluate(material).evaluation
    before, after = written.model_dump(mode="json"), again.model_dump(mode="json")
    return Replayed(again, tuple(differences(before, after)))


def differences(before: object, after: object, at: str = "") -> list[str]:
    """Where two plain values differ, by path."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [d for key in keys for d in differences(before.get(key), after.get(key), f"{at}.{key}" if at else key)]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [d for place, (a, b) in pairs for d in differences(a, b, f"{at}[{place}]")]
    return [] if before == after else [f"{at}: was {before!r}, is {after!r}"]


def _write(file: Path, text: str) -> None:
    part = file.with_name(file.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
