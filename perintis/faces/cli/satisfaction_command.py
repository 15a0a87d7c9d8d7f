"""`perintis satisfaction`: takes answers to the satisfaction survey in, and shows how far it has come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import ask, count, is_interactive, note, paragraph, print_json, say
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.recorded import Process

if TYPE_CHECKING:
    from perintis.doors.answer_sheets import AnswerSheet, Reject
    from perintis.doors.store.satisfaction import Answers, Recorded
    from perintis.rules.satisfaction_survey import Question

SHOWN, MOST_LISTED = 10, 1_000


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    file: Annotated[
        Path | None, typer.Argument(help="Answers, .csv or .xlsx: case and U1 to U9, one row a case.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(help="The answers belong to this baseline.")] = None,
    case: Annotated[str | None, typer.Option(help="The reference of one closed case, at the counter.")] = None,
    answers: Annotated[
        str | None, typer.Option(help="Its nine answers, U1 to U9: 4,4,3,4,,4,3,4,4; without it, they are asked.")
    ] = None,
    as_is: Annotated[bool, typer.Option("--as-is", help="Show the pilot's cases in the as-is process.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Record nothing if any row is bad.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Record answers to the satisfaction survey (SKM), or show how far it has come.

    FILE has one row a respondent, for closed cases; good rows are recorded, the same file again records nothing.
    With --case one respondent's answers are recorded. Without both, the index (IKM) so far is shown.
    """
    if sum((file is not None, case is not None)) > 1 or (case is None and answers is not None):
        raise BadInput("give the answers in one way only: a file, or --case with --answers")
    if baseline is not None and (case is not None or as_is):
        raise BadInput("--baseline goes with a file or alone: its answers come from a file")
    here = Here()
    here.pilot(pilot)
    if file is not None:
        _take_file(here, pilot, file, baseline, strict=strict, as_json=as_json)
    elif case is not None:
        _take_one(here, pilot, case, answers, as_json=as_json)
    else:
        _show(here, pilot, baseline, Process.AS_IS if as_is else Process.TO_BE, as_json=as_json)


def _take_file(here: Here, pilot: str, file: Path, baseline: str | None, *, strict: bool, as_json: bool) -> None:
    from perintis.doors.answer_sheets import read_answers

    sheet = read_answers(file)
    given = [(r.case, r.answers) for r in sheet.respondents]
    recorded = _record(here, pilot, baseline, given, strict=strict, refused_before=bool(sheet.rejected))
    rejected = _rejected(sheet, recorded)
    rejected_file = _note_rejected(rejected, file)
    if as_json:
        print_json(_taken_json(pilot, baseline, recorded, sheet, rejected, rejected_file))
    if strict and rejected:
        rows = count(len(rejected), "bad row")
        raise BadInput(
            f"{file.name} has {rows} and --strict was given: nothing was recorded; put them right and try again"
        )
    if not as_json:
        say(_taken_words(recorded, sheet, rejected))


def _record(
    here: Here,
    pilot: str,
    baseline: str | None,
    answers: list[tuple[str, Answers]],
    *,
    strict: bool,
    refused_before: bool,
) -> Recorded:
    from perintis.doors.store.satisfaction import record_answers

    if baseline is not None:
        from perintis.doors.satisfaction_files import keep_for_baseline

        return keep_for_baseline(
            here.settings.home, pilot, baseline, answers, strict=strict, refused_before=refused_before
        )
    with here.database() as database:
        return record_answers(database, pilot, answers, at=now(), strict=strict, refused_before=refused_before)


def _rejected(sheet: AnswerSheet, recorded: Recorded) -> tuple[Reject, ...]:
    """What the file and the store refused, by row."""
    from perintis.doors.answer_sheets import Reject

    rows = {r.case: r.row for r in sheet.respondents}
    refused = (Reject(rows[reference], "case", reason) for reference, reason in recorded.refused)
    return tuple(sorted((*sheet.rejected, *refused)))


def _note_rejected(rejected: tuple[Reject, ...], file: Path) -> Path | None:
    from perintis.doors.intake_files import IntakeReport, Rejected, write_rejected

    for row, field, reason in rejected[:SHOWN]:
        note(f"row {row}: {field + ' ' if field else ''}{reason}")
    try:
        target = write_rejected(IntakeReport(None, 0, 0, tuple(Rejected(*one) for one in rejected)), file)
    except NotAllowed as error:
        note(f"{error}; to have all reasons, copy the file to another folder and give it again")
        return None
    if target is not None:
        more = len(rejected) - SHOWN
        note(f"{f'... and {more:,} more. ' if more > 0 else ''}All reasons are in {target}")
    return target


def _taken_words(recorded: Recorded, sheet: AnswerSheet, rejected: tuple[Reject, ...]) -> str:
    parts = [f"answers to {count(recorded.recorded, 'case')} recorded"]
    if already := recorded.already + sheet.repeated:
        parts.append(f"{already:,} recorded before")
    if sheet.silent:
        parts.append(f"{count(sheet.silent, 'row')} without an answer")
    if rejected:
        parts.append(f"{count(len(rejected), 'row')} rejected")
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _taken_json(
    pilot: str, baseline: str | None, recorded: Recorded, sheet: AnswerSheet | None = None,
    rejected: tuple[Reject, ...] = (), rejected_file: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "pilot": pilot, "baseline": baseline, "recorded": recorded.recorded,
        "already": recorded.already + (sheet.repeated if sheet else 0), "silent": sheet.silent if sheet else 0,
        "rejected": len(rejected), "rejects": [r._asdict() for r in rejected[:MOST_LISTED]],
        "rejected_file": rejected_file,
    }  # fmt: skip


def _take_one(here: Here, pilot: str, reference: str, written: str | None, *, as_json: bool) -> None:
    """Record one respondent's answers; asks for them where none are given."""
    given = _ask_all(here, pilot, reference) if written is None else _read_all(written)
    if all(answer is None for answer in given.values()):
        raise BadInput("no question was answered, so nothing was recorded")
    recorded = _record(here, pilot, None, [(reference, given)], strict=False, refused_before=False)
    for _, reason in recorded.refused:
        raise NotAllowed(f"case {reference} {reason}; nothing was recorded")
    if as_json:
        print_json(_taken_json(pilot, None, recorded))
        return
    say("The answers are recorded." if recorded.recorded else "These answers were recorded before.")


def _read_all(written: str) -> Answers:
    from perintis.doors.answer_sheets import CODES

    parts = written.split(",")
    if len(parts) != len(CODES):
        raise BadInput(
            f"--answers takes {len(CODES)} answers, {CODES[0]} to {CODES[-1]}, parted by commas; blank: none"
        )
    found: dict[str, int | None] = {}
    for code, part in zip(CODES, parts, strict=True):
        found[code] = _read_one(code, part)
    return found


def _ask_all(here: Here, pilot: str, reference: str) -> Answers:
    """Ask the nine questions in both languages; an empty answer leaves one out."""
    from perintis.doors.store.satisfaction import why_not
    from perintis.rules.satisfaction_survey import QUESTIONS

    if not is_interactive():
        raise BadInput("nobody can be asked here; give the nine answers with --answers 4,4,3,4,4,4,3,4,4")
    with here.database() as database:
        if (reason := why_not(database, pilot, reference)) is not None:
            raise NotAllowed(f"case {reference} {reason}")
    say(f"Survei kepuasan masyarakat / satisfaction survey. {reference}")
    say("1 sampai 4; kosong bila tidak dijawab. / 1 to 4; nothing if it is not answered.")
    return {question.code: _ask_one(question) for question in QUESTIONS}


def _ask_one(question: Question) -> int | None:
    say()
    say(f"{question.code} {question.nama} / {question.name}")
    for asked, scale in ((question.pertanyaan, question.skala), (question.question, question.scale)):
        say(paragraph(f"  {asked}", hanging="  "))
        say(paragraph("  " + "; ".join(f"{n} {words}" for n, words in enumerate(scale, 1)), hanging="  "))
    answered: int | None = ask(question.code, lambda text: _read_one(question.code, text), default="")
    return answered


def _read_one(code: str, text: str) -> int | None:
    from perintis.doors.answer_sheets import read_answer

    try:
        return read_answer(text)
    except BadInput as error:
        raise BadInput(f"{code} {error}") from None


def _show(here: Here, pilot: str, baseline: str | None, process: Process, *, as_json: bool) -> None:
    from perintis.faces.cli.satisfaction_lines import survey_json, survey_lines
    from perintis.rules.satisfaction_survey import survey_so_far

    if baseline is None:
        from perintis.doors.store.satisfaction import asked_cases

        with here.database() as database:
            found = survey_so_far(asked_cases(database, pilot, process))
    else:
        from perintis.doors.satisfaction_files import asked_of_baseline

        found = survey_so_far(asked_of_baseline(here.settings.home, baseline))
    if as_json:
        print_json(survey_json(pilot, baseline, process, found))
        return
    name = f"baseline {baseline}" if baseline else pilot if process is Process.TO_BE else f"{pilot}, as-is"
    for line in survey_lines(name, found):
        say(line)
