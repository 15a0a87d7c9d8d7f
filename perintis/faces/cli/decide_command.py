"""`perintis decide`: what people decided, beside what the rule said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import paragraph, print_json, say
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from perintis.doors.store.database import Database
    from perintis.doors.store.judgements import JudgedEvaluation, PilotDecision


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    word: Annotated[Literal["scale", "adjust", "stop"] | None, typer.Argument(help="What was decided.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decided: a role or a name.")] = None,
    confirmed_by: Annotated[
        str | None, typer.Option("--confirmed-by", help="A second person, where it differs from the verdict.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm the decision that waits, as --by.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Record a decision beside the latest verdict.

    Where it differs from the verdict it waits until a second person confirms it: with --confirmed-by at once, or later
    with `perintis decide PILOT --confirm --by WHO`.
    """
    from perintis.doors.store.judgements import confirm_decision, decide, kept_evaluations

    who = _given(by, "--by", "who decides")
    if confirm and (word or reason or confirmed_by):
        raise BadInput("--confirm takes only --by: it confirms the decision that waits, as it is")
    here = Here()
    with here.database() as database:
        if confirm:
            made = confirm_decision(database, pilot, by=who, at=now())
        else:
            if word is None:
                raise BadInput("say what was decided: scale, adjust or stop")
            second = None if confirmed_by is None else _given(confirmed_by, "--confirmed-by", "who confirms")
            why = _given(reason, "--reason", "why")
            made = decide(database, pilot, word, reason=why, by=who, at=now(), confirmed_by=second)
        kept = kept_evaluations(database, pilot)
        judged = next((one.evaluation for one in kept if one.number == made.evaluation), None)
        report = None if judged is None else _report(database, judged)
    if as_json:
        print_json(decision_json(made) | {"report": None if report is None else str(report)})
        return
    say(paragraph(decision_words(made)))
    if judged is not None and judged.simulated:
        say("That verdict is of a rehearsal with made-up cases: no real case has been evaluated yet.")
    elif report is not None:
        say(f"The report shows it now: {report}")
    else:
        say(paragraph(f"Its report is no longer where it was written; `perintis evaluate {pilot}` writes one that "
                      "shows the decision."))  # fmt: skip
    if made.pending:
        say(f"It holds once somebody else runs `perintis decide {pilot} --confirm --by WHO`.")


def _report(database: Database, judged: JudgedEvaluation) -> Path | None:
    """The report of that evaluation, written anew with the decision."""
    from perintis.faces.report.evaluation_page import evaluation_page
    from perintis.use.evaluation.decided_report import report_with_decision

    return report_with_decision(database, judged, evaluation_page)


def _given(text: str | None, option: str, what: str) -> str:
    if text is None or not text.strip():
        raise BadInput(f"say {what} with {option}")
    return text.strip()


def decision_words(decision: PilotDecision) -> str:
    """A decision in one sentence."""
    said = f"The verdict is {decision.verdict}; {decision.by} decided to {decision.word}: {decision.reason}."
    if not decision.differs:
        return f"{said} This is what the rule says."
    if decision.confirmed_by is None:
        return f"{said} This differs from the verdict and waits for a second person."
    return f"{said} This differs from the verdict; {decision.confirmed_by} confirmed it."


def decision_json(decision: PilotDecision) -> dict[str, Any]:
    """A decision for programs."""
    return {
        "number": decision.number, "pilot": decision.pilot, "evaluation": decision.evaluation, "at": decision.at,
        "word": decision.word, "verdict": decision.verdict, "differs": decision.differs, "reason": decision.reason,
        "by": decision.by, "confirmed_by": decision.confirmed_by, "confirmed_at": decision.confirmed_at,
        "pending": decision.pending,
    }  # fmt: skip
