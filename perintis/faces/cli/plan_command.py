"""`perintis plan`: fixes the evaluation plan before the first case, and says what it can show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, paragraph, print_json, say, table
from perintis.faces.moments import exactly
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.doors.store.plans import Amendment, RegisteredPlan
    from perintis.rules.plan import Plan, PlannedMetric

app = typer.Typer(help="Fix the evaluation plan before the first case.", no_args_is_help=True, **PLAIN)
Named = Annotated[str, typer.Argument(help="The pilot, or the name of an outside log's plan.")]
File = Annotated[Path | None, typer.Option("--plan", help="The plan, where it is not the pilot's own plan.yaml.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def register(
    pilot: Named,
    plan: File = None,
    late: Annotated[bool, typer.Option("--late", help="Register although cases can be seen already.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why it is registered late.")] = None,
    as_json: Json = False,
) -> None:
    """Write the plan's hash and time into the store, before the first case.

    From then on it changes only by amendments. With cases or results visible it needs --late and --reason, and every
    report says so.
    """
    from perintis.doors.plans import visible_cases, written_plan
    from perintis.doors.store.plans import register_plan

    if late != bool(reason and reason.strip()):
        raise BadInput("--late and --reason belong together: say why the plan comes after the cases")
    here = Here()
    written = written_plan(here.settings.pilots, pilot, plan)
    with here.database() as database:
        registered = register_plan(
            database, written, at=now(), visible_cases=visible_cases(here.settings.home, written), late_reason=reason
        )
    if as_json:
        print_json(registered_json(registered))
        return
    say(f"The plan of {pilot} is registered.")
    for line in registration_lines(registered, here.offices().zone(pilot)):
        say(line)
    say(f"`perintis plan power {pilot}` says what it can show; `perintis plan amend {pilot}` changes it.")


@app.command()
def amend(
    pilot: Named,
    reason: Annotated[str, typer.Option(help="Why the plan is changed.")],
    plan: File = None,
    results_visible: Annotated[
        Literal["yes", "no"] | None,
        typer.Option("--results-visible", help="Whether anybody had seen results; yes once an evaluation was made."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change a registered plan, with the reason and the differences in words."""
    from perintis.doors.plans import written_plan
    from perintis.doors.store.plans import amend_plan

    if not reason.strip():
        raise BadInput("--reason is empty; say why the plan is changed")
    here = Here()
    written = written_plan(here.settings.pilots, pilot, plan)
    with here.database() as database:
        made = amend_plan(
            database, written, reason=reason.strip(), at=now(),
            results_visible=None if results_visible is None else results_visible == "yes",
        )  # fmt: skip
    if as_json:
        print_json(amendment_json(made))
        return
    for line in amendment_lines(made, here.offices().zone(pilot)):
        say(line)
    if made.results_visible and results_visible == "no":
        say("Results count as visible: an evaluation was made before.")


@app.command()
def show(pilot: Named, plan: File = None, as_json: Json = False) -> None:
    """Show the plan in force, when it was registered, and its amendments."""
    from perintis.doors.plans import plan_in_force
    from perintis.rules.plan import plan_hash

    here = Here()
    with here.database() as database:
        force = plan_in_force(database, here.settings.pilots, pilot, plan)
    registered = force.registered
    if as_json:
        print_json({
            "pilot": pilot, "hash": plan_hash(force.plan), "plan": force.plan.model_dump(mode="json"),
            "registration": registered and registered_json(registered),
            "unregistered_changes": list(force.unregistered_changes),
        })  # fmt: skip
        return
    for line in plan_lines(force.plan):
        say(line)
    say()
    if registered is None:
        say(f"It is not registered: nothing can be decided by it. `perintis plan register {pilot}` does that.")
        return
    zone = here.offices().zone(pilot)
    for line in registration_lines(registered, zone):
        say(line)
    for amendment in registered.amendments:
        say()
        for line in amendment_lines(amendment, zone):
            say(line)
    if force.unregistered_changes:
        say()
        say("The file differs from it; this does not hold until it is an amendment:")
        for change in force.unregistered_changes:
            say(paragraph(f"- {change}", hanging="  "))


@app.command()
def power(
    pilot: Named,
    plan: File = None,
    baseline: Annotated[
        str | None, typer.Option(help="Estimate spread and office likeness from this data set.")
    ] = None,
    repetitions: Annotated[int, typer.Option(min=100, max=100_000, help="Simulated pilots for each row.")] = 3_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what this plan can show: the smallest detectable effect, and how often the rule would say what.

    Before anybody spends a rupiah. Without --baseline it rests on assumptions, which are listed.
    """
    from perintis.faces.cli.power_lines import power_json, power_lines, power_of

    found = power_of(Here(), pilot, plan, baseline, repetitions, seed)
    if as_json:
        print_json(power_json(found))
        return
    for line in power_lines(found):
        say(line)


def registered_json(registered: RegisteredPlan) -> dict[str, Any]:
    """A registration for programs."""
    return {
        "pilot": registered.plan.pilot, "hash": registered.hash, "first_hash": registered.first_hash,
        "at": registered.at, "late": registered.late, "reason": registered.late_reason, "cases": registered.cases,
        "evaluations": registered.evaluations, "amendments": [amendment_json(a) for a in registered.amendments],
    }  # fmt: skip


def amendment_json(amendment: Amendment) -> dict[str, Any]:
    """An amendment for programs."""
    return {
        "number": amendment.number, "at": amendment.at, "hash": amendment.hash, "reason": amendment.reason,
        "results_visible": amendment.results_visible, "changes": list(amendment.changes),
    }  # fmt: skip


def registration_lines(registered: RegisteredPlan, zone: Any) -> Iterator[str]:
    """When, under which hash, and whether in time."""
    yield f"Registered {exactly(registered.at, zone)}, hash {registered.first_hash[:16]}"
    if registered.late:
        seen = [count(registered.cases, "case"), count(registered.evaluations, "evaluation")]
        yield paragraph(f"Late: {' and '.join(seen)} could be seen then. Reason: {registered.late_reason}")
    if registered.hash != registered.first_hash:
        yield f"In force as amended, hash {registered.hash[:16]}"


def amendment_lines(amendment: Amendment, zone: Any) -> Iterator[str]:
    """One amendment: when, why, what."""
    seen = "results were visible" if amendment.results_visible else "no results were visible"
    yield f"Amendment {amendment.number}, {exactly(amendment.at, zone)}, {seen}, hash {amendment.hash[:16]}"
    yield paragraph(f"Reason: {amendment.reason}")
    for change in amendment.changes:
        yield paragraph(f"- {change}", hanging="  ")


def plan_lines(plan: Plan) -> Iterator[str]:
    """A plan for the terminal."""
    yield paragraph(plan.question)
    for objective in plan.objectives:
        yield paragraph(f"- {objective}", hanging="  ")
    yield ""
    judged = plan.design.cases or f"the cases of {plan.pilot}"
    yield paragraph(f"Design: {plan.design.kind.value.replace('_', ' ')}; {judged} against {plan.design.baseline}, "
                    f"from {plan.design.start}")  # fmt: skip
    yield paragraph(f"Cases: {plan.population.who}")
    looks = plan.looks
    at = ", ".join(f"{fraction:.0%}" for fraction in looks.fractions)
    yield paragraph(f"Looks at {at} of {looks.planned_cases:,} cases ({looks.spending.value.replace('_', '-')}, "
                    f"two-sided level {looks.alpha:g})")  # fmt: skip
    least = plan.minimums
    yield paragraph(f"At least {count(least.cases, 'case')} and {count(least.offices, 'office')} a cohort, "
                    f"{count(least.weeks, 'whole week')} of intake")  # fmt: skip
    yield ""
    rows = [(m.role.value, m.metric, _size(m), str(m.tau or "")) for m in plan.metrics]
    yield table(("Role", "Metric", "Matters from", "Within"), rows)
    if unmet := plan.scalability.unmet:
        yield ""
        yield paragraph(f"To scale, still to be shown: {', '.join(unmet)}")


def _size(metric: PlannedMetric) -> str:
    """The size that matters with its unit; which way is worse is told where the metric itself does not say it."""
    if metric.margin is not None:
        way = "" if metric.known.better else " (lower)" if metric.better.value == "higher" else " (higher)"
        return f"{_amount(metric, metric.margin)} worse{way}"
    if metric.worthwhile is not None and metric.target is not None:
        return f"{_amount(metric, metric.worthwhile)} (target {_amount(metric, metric.target)})"
    return "for the record"


def _amount(metric: PlannedMetric, size: float) -> str:
    from perintis.rules.verdict.reasons import amount

    return f"{size:.3g} %" if metric.unit == "percent" else amount(size, metric.metric, 3)
