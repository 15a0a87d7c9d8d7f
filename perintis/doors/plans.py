"""Finds a pilot's plan: the registered one in the store, or the one in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from perintis.doors.baselines import find_baseline
from perintis.doors.pilot_folder import find_pilot, read_terms
from perintis.doors.store.database import Database
from perintis.doors.store.plans import RegisteredPlan, find_plan
from perintis.rules.plan import Plan, changes, read_plan
from perintis.words.errors import BadInput, NotFound

FILE = "plan.yaml"


@dataclass(frozen=True)
class PlanInForce:
    """The plan that an evaluation goes by, and its registration (None: it was never registered, and decides nothing).

    `unregistered_changes` are the differences of the file from what is registered; they do not hold.
    """

    plan: Plan
    registered: RegisteredPlan | None
    unregistered_changes: tuple[str, ...] = ()


def written_plan(folder: Path, pilot: str, file: Path | None = None) -> Plan:
    """The plan in `file`, else in the pilot's own `plan.yaml`; it has to be a plan of `pilot`."""
    if file is not None:
        plan = read_plan(_text(file), str(file))
        if plan.pilot != pilot:
            raise BadInput(f"{file}: it is the plan of {plan.pilot}, not of {pilot}")
        return plan
    promised = find_pilot(folder, pilot)
    text = read_terms(folder, promised, FILE)
    if text is None:
        raise NotFound(f"pilot {pilot} has no plan; write pilots/{promised.module}/{FILE}, or name one with --plan")
    where = f"pilots/{promised.module}/{FILE}"
    plan = read_plan(text, where)
    if plan.pilot != pilot:
        raise BadInput(f"{where}: it is the plan of {plan.pilot}, not of {pilot}")
    return plan


def plan_in_force(database: Database, folder: Path, pilot: str, file: Path | None = None) -> PlanInForce:
    """The registered plan where there is one, else the written one. NotFound where there is neither."""
    registered = find_plan(database, pilot)
    if registered is None:
        return PlanInForce(written_plan(folder, pilot, file), None)
    try:
        written = written_plan(folder, pilot, file)
    except NotFound:
        if file is not None:
            raise
        return PlanInForce(registered.plan, registered)  # an outside log: its file need not be at hand any more
    return PlanInForce(registered.plan, registered, changes(registered.plan, written))


def visible_cases(home: Path, plan: Plan) -> int:
    """How many cases of the judged cohort lie here already as an imported log, where the plan judges one."""
    if plan.design.cases is None:
        return 0
    try:
        return find_baseline(home, plan.design.cases.partition(":")[0]).cases
    except NotFound:
        return 0  # not imported yet: nothing could be seen here


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read as UTF-8 text ({type(error).__name__})") from None
