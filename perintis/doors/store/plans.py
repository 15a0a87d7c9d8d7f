"""Registered plans and their amendments: written once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from perintis.doors.store.database import Database
from perintis.doors.store.models import CaseRow
from perintis.doors.store.models_evaluation import AmendmentRow, EvaluationRow, PlanRow
from perintis.rules.plan import Plan, canonical_json, changes, plan_hash, plan_of_json
from perintis.words.errors import NotAllowed, NotFound


@dataclass(frozen=True)
class Amendment:
    """One later change of a plan; `hash` is that of the plan from then on."""

    number: int
    at: datetime
    hash: str
    reason: str
    results_visible: bool
    changes: tuple[str, ...]


@dataclass(frozen=True)
class RegisteredPlan:
    """The plan in force with how it came about.

    `plan` and `hash` are as last amended; `first_hash` is what was registered `at` first. `late` says that `cases` of
    the pilot or `evaluations` were visible then, `late_reason` why it was done all the same.
    """

    plan: Plan
    hash: str
    first_hash: str
    at: datetime
    late: bool
    late_reason: str | None
    cases: int
    evaluations: int
    amendments: tuple[Amendment, ...] = ()

    @property
    def results_visible(self) -> bool:
        """Whether results could be seen when the plan was registered or at any amendment."""
        return self.late or any(amendment.results_visible for amendment in self.amendments)


def find_plan(database: Database, pilot: str) -> RegisteredPlan | None:
    """The registered plan of a pilot as it is in force, or None."""
    with database.read() as connection:
        return _find(connection, pilot)


def registered_plan(database: Database, pilot: str) -> RegisteredPlan:
    """The same, or NotFound."""
    found = find_plan(database, pilot)
    if found is None:
        raise NotFound(f"no plan of {pilot} is registered; do it with `perintis plan register {pilot}`")
    return found


def register_plan(
    database: Database, plan: Plan, *, at: datetime, visible_cases: int = 0, late_reason: str | None = None
) -> RegisteredPlan:
    """Register a plan. `visible_cases` counts those of an imported log, beside the pilot's own in the store.

    NotAllowed where a plan is registered already, or where cases or evaluations exist and no `late_reason` is given.
    """
    with database.write() as connection:
        if _find(connection, plan.pilot) is not None:
            raise NotAllowed(f"a plan of {plan.pilot} is registered already; change it with `perintis plan amend`")
        cases = visible_cases + live_cases(connection, plan.pilot)
        evaluations = _evaluations(connection, plan.pilot)
        late = cases + evaluations > 0
        if late and late_reason is None:
            raise NotAllowed(
                f"{_counted(cases, 'case')} and {_counted(evaluations, 'evaluation')} of {plan.pilot} are visible "
                "already, so this is no plan made beforehand; register it with --late --reason TEXT, and every report "
                "will say so"
            )
        row: dict[str, Any] = {
            "pilot": plan.pilot, "at": at, "hash": plan_hash(plan), "plan": canonical_json(plan), "late": late,
            "reason": late_reason if late else None, "cases": cases, "evaluations": evaluations,
        }  # fmt: skip
        try:
            connection.execute(insert(PlanRow).values(**row))
        except IntegrityError:
            raise NotAllowed(f"a plan of {plan.pilot} was registered a moment ago by somebody else") from None
        found = _find(connection, plan.pilot)
    assert found is not None
    return found


def amend_plan(
    database: Database, plan: Plan, *, reason: str, at: datetime, results_visible: bool | None = None
) -> Amendment:
    """Put `plan` in the place of the registered one from now on, with the differences in words.

    Results were visible if an evaluation was made, whatever is said; where none was, `results_visible` decides (None:
    no). NotAllowed where nothing changed, NotFound where no plan is registered.
    """
    with database.write() as connection:
        present = _find(connection, plan.pilot)
        if present is None:
            raise NotFound(f"no plan of {plan.pilot} is registered; do it with `perintis plan register {plan.pilot}`")
        told = changes(present.plan, plan)
        if not told:
            raise NotAllowed(f"nothing differs from the registered plan of {plan.pilot}; edit the plan first")
        made = Amendment(
            len(present.amendments) + 1, at, plan_hash(plan), reason,
            bool(results_visible) or _evaluations(connection, plan.pilot) > 0, told,
        )  # fmt: skip
        plan_id = select(PlanRow.id).where(PlanRow.pilot == plan.pilot).scalar_subquery()
        connection.execute(
            insert(AmendmentRow).values(
                plan_id=plan_id, number=made.number, at=at, hash=made.hash, plan=canonical_json(plan), reason=reason,
                results_visible=made.results_visible, changes=list(told),
            )
        )  # fmt: skip
    return made


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def live_cases(connection: Connection, pilot: str) -> int:
    """How many real cases of a pilot were opened; rehearsed ones do not count."""
    query = select(func.count()).select_from(CaseRow).where(CaseRow.pilot == pilot, CaseRow.rehearsal.is_(None))
    return int(connection.execute(query).scalar_one())


def _evaluations(connection: Connection, pilot: str) -> int:
    """How many evaluations of real cases were made; one of a rehearsal shows nothing of the pilot."""
    query = select(func.count()).select_from(EvaluationRow)
    found = connection.execute(query.where(EvaluationRow.pilot == pilot, EvaluationRow.simulated.is_(False)))
    return int(found.scalar_one())


def _find(connection: Connection, pilot: str) -> RegisteredPlan | None:
    first = connection.execute(select(PlanRow.__table__).where(PlanRow.pilot == pilot)).first()
    if first is None:
        return None
    rows = connection.execute(
        select(AmendmentRow.__table__).where(AmendmentRow.plan_id == first.id).order_by(AmendmentRow.number)
    ).all()
    last = rows[-1] if rows else first
    return RegisteredPlan(
        plan=plan_of_json(last.plan), hash=last.hash, first_hash=first.hash, at=first.at, late=first.late,
        late_reason=first.reason, cases=first.cases, evaluations=first.evaluations,
        amendments=tuple(
            Amendment(r.number, r.at, r.hash, r.reason, r.results_visible, tuple(r.changes)) for r in rows
        ),
    )  # fmt: skip


def plan_versions(database: Database, pilot: str) -> dict[str, Plan]:
    """Every plan that was ever in force for a pilot, by its hash; empty where none was registered."""
    with database.read() as connection:
        first = connection.execute(select(PlanRow.id, PlanRow.hash, PlanRow.plan).where(PlanRow.pilot == pilot)).first()
        if first is None:
            return {}
        later = connection.execute(select(AmendmentRow.hash, AmendmentRow.plan).where(AmendmentRow.plan_id == first.id))
        return {first.hash: plan_of_json(first.plan), **{row.hash: plan_of_json(row.plan) for row in later}}
