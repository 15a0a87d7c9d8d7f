"""`perintis check`: holds each pilot's steps against its agreement, plan and service levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, print_json, say
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.rules.problem import Problem


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
    from perintis.doors.pilot_folder import read_terms
    from perintis.faces.cli.agreement_lines import lead_day
    from perintis.rules.agreement import read_agreement
    from perintis.rules.checking import check_pilot
    from perintis.rules.plan import read_plan

    definition = here.definition(name)
    texts = {f: read_terms(here.settings.pilots, definition.pilot, f) for f in ("agreement.yaml", "plan.yaml")}
    agreement, plan = texts["agreement.yaml"], texts["plan.yaml"]
    where = f"pilots/{definition.pilot.module}"
    return check_pilot(
        definition,
        None if agreement is None else read_agreement(agreement, f"{where}/agreement.yaml"),
        None if plan is None else read_plan(plan, f"{where}/plan.yaml"),
        today=lead_day(definition.pilot),
    )


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
