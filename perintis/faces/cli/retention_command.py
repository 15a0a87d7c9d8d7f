"""`perintis retention`: until when personal data are kept by the agreement, and erasing what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import confirm, count, print_json, say, table
from perintis.faces.moments import exactly
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.doors.registry.retaining import RetainedExtract
    from perintis.doors.vault.retaining import Retained
    from perintis.rules.agreement import Agreement
    from perintis.words.pilot import Pilot

app = typer.Typer(help="Until when personal data are kept, and erasing what is due.", no_args_is_help=True, **PLAIN)

SOON = 30
SHOWN = 20

PilotName = Annotated[str, typer.Argument(help="The pilot.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(
    pilot: PilotName,
    days: Annotated[int, typer.Option(min=0, help="Show also what falls due in so many days.")] = SOON,
    as_json: AsJson = False,
) -> None:
    """Show for which purposes data are kept how long, and which closed cases are due."""
    here = Here()
    promised, agreement = _agreement(here, pilot)
    with here.database() as database:
        from perintis.doors.vault.retaining import retained_cases

        cases = retained_cases(database, promised, agreement)
    extracts = _extracts(here, promised, agreement)
    soon = [case for case in cases if case.keeping.until <= now() + timedelta(days=days)]
    if as_json:
        lines = [_line(case) for case in soon]
        files = [_extract_line(extract) for extract in extracts]
        print_json({"purposes": _purposes(agreement), "kept": len(cases), "cases": lines, "extracts": files})
        return
    for kept in agreement.retention:
        what = "extracts, " if kept.of == "extract" else ""
        say(f"{kept.article}: {what}{kept.after} after closing, to {kept.purpose.en}")
    due = sum(case.due(now()) for case in cases)
    say(f"{count(len(cases), 'closed case')} with personal data; {due:,} due now.")
    if extracts:
        say(f"{count(len(extracts), 'extract')} as delivered; {sum(e.due(now()) for e in extracts):,} due now.")
    if soon:
        zone = here.offices().zone(pilot)
        rows = [(c.reference, exactly(c.closed, zone), exactly(c.keeping.until, zone), _state(c)) for c in soon[:SHOWN]]
        say(table(("Case", "Closed", "Kept until", ""), rows))
        if len(soon) > SHOWN:
            say(f"... and {len(soon) - SHOWN:,} more (--json lists all)")


@app.command()
def run(
    pilot: PilotName,
    officer: Annotated[str, typer.Option(help="Who does it; recorded.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the personal data of the cases that are due, for good. What is held or restricted stays.

    The Prefect flow `retention` does the same; prefect.yaml has a schedule for each night.
    """
    from perintis.doors.retention_run import erase_extracts
    from perintis.doors.vault.acts import checked
    from perintis.doors.vault.anchors import anchor
    from perintis.doors.vault.retaining import erase_due, retained_cases

    officer, _ = checked(officer, "retention")
    here = Here()
    promised, agreement = _agreement(here, pilot)
    with here.database() as database:
        cases = retained_cases(database, promised, agreement)
        at = now()
        due = [case for case in cases if case.due(at)]
        files = sum(extract.due(at) for extract in _extracts(here, promised, agreement))
        if due or files:
            and_files = f" and {count(files, 'extract')}" if files else ""
            confirm(
                f"The personal data of {count(len(due), 'case')}{and_files} are destroyed for good. Go on?", yes=yes
            )
        with Meter("Erasing", "cases") as meter:
            erased = erase_due(
                database, due, here.settings.exchange_folder, agreement, now=at, officer=officer, progress=meter
            )
        kept_back = sum(case.keeping.until <= at for case in cases) - erased
        anchor(database, at)
    with Meter("Destroying extracts", "extracts") as meter:
        gone = erase_extracts(here.settings, promised, agreement, now=at, officer=officer, progress=meter)
    if as_json:
        print_json({"erased": erased, "kept_back": kept_back, "extracts": gone})
        return
    if gone:
        say(f"{count(gone, 'extract')} as delivered destroyed; what the registry took from them stays.")
    if erased or not gone:
        say(f"The personal data of {count(erased, 'case')} are destroyed." if erased else "Nothing is due.")
    if kept_back:
        say(f"{count(kept_back, 'case')} past the period stay: under legal hold, or restricted.")


def _agreement(here: Here, name: str) -> tuple[Pilot[Any], Agreement]:
    from perintis.doors.pilot_folder import find_agreement

    pilot = here.pilot(name)
    agreement = find_agreement(here.settings.pilots, pilot)
    if agreement is None or not agreement.retention:
        raise BadInput(
            f"pilots/{pilot.module}/agreement.yaml says nothing of retention, so nothing is erased by time; write it "
            "under `retention`"
        )
    return pilot, agreement


def _extracts(here: Here, pilot: Pilot[Any], agreement: Agreement) -> list[RetainedExtract]:
    from perintis.doors.retention_run import keeps_extracts

    if not keeps_extracts(here.settings, pilot, agreement):
        return []
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.registry.retaining import retained_extracts

    with open_registry(pilot.name, here.settings) as registry:
        return retained_extracts(registry, agreement, pilot.lead.calendar)


def _extract_line(extract: RetainedExtract) -> dict[str, Any]:
    return {
        "reference": extract.reference, "kept_until": extract.keeping.until.isoformat(),
        "article": extract.keeping.kept.article, "due": extract.due(now()), "held": extract.held,
    }  # fmt: skip


def _purposes(agreement: Agreement) -> list[dict[str, str]]:
    return [{"article": k.article, "purpose": k.purpose.en, "after": k.after, "of": k.of} for k in agreement.retention]


def _line(case: Retained) -> dict[str, Any]:
    return {
        "case": case.case, "reference": case.reference, "closed": case.closed.isoformat(),
        "kept_until": case.keeping.until.isoformat(), "article": case.keeping.kept.article, "due": case.due(now()),
        "held": case.held, "restricted": case.restricted,
    }  # fmt: skip


def _state(case: Retained) -> str:
    return "under legal hold" if case.held else "restricted" if case.restricted else "due" if case.due(now()) else ""
