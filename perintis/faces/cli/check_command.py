"""`perintis check`: holds each pilot's steps against its agreement, plan and service levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, print_json, say
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.rules.problem import Problem


_AGREEMENT = "agreement.yaml"


def command(
    pilot: Annotated[str | None, typer.Argument(help="Only this pilot.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check pilots against agreement, plan and promises.

    What each step shows, what was promised, what will be measured; before a pilot runs.
    """
    from perintis.rules.problem import Severity

    here = Here()
    names = [pilot] if pilot else [p.name for p in here.pilots()]
    found = {name: check_one(here, name) for name in names}
    errors = sum(p.severity is Severity.ERROR for problems in found.values() for p in problems)
    if as_json:
        print_json([problem_json(name, p) for name, problems in found.items() for p in problems])
    else:
        for name, problems in found.items():
            _print(name, problems)
    if errors:
        raise BadInput(f"{count(errors, 'error')} found; put them right before the pilot runs")


def check_one(here: Here, name: str) -> list[Problem]:
    """What is wrong with one pilot."""
    from perintis.doors.pilot_folder import find_agreement, read_terms
    from perintis.faces.cli.agreement_lines import lead_day
    from perintis.rules.checking import check_pilot
    from perintis.rules.plan import read_plan
    from perintis.rules.problem import Problem

    definition = here.definition(name, agreed=False)
    text = read_terms(here.settings.pilots, definition.pilot, "plan.yaml")
    plan = None if text is None else read_plan(text, f"pilots/{definition.pilot.module}/plan.yaml")
    today = lead_day(definition.pilot)
    try:
        agreement = find_agreement(here.settings.pilots, definition.pilot)
    except BadInput as error:  # one problem among others, and the other pilots are checked, too
        found = check_pilot(definition, None, plan, today=today)
        return [Problem(_AGREEMENT, str(error)), *(problem for problem in found if problem.where != _AGREEMENT)]
    return check_pilot(definition, agreement, plan, today=today)


def problem_json(pilot: str, problem: Problem) -> dict[str, Any]:
    """A problem for programs."""
    return {"pilot": pilot, "where": problem.where, "message": problem.message, "severity": problem.severity}


def _print(name: str, problems: list[Problem]) -> None:
    if not problems:
        say(f"{name}: all is as promised.")
        return
    say(f"{name}:")
    for problem in problems:
        say(f"  {problem.severity.value:<7}  {problem}")
