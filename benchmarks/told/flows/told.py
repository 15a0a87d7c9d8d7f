"""One case goes through twelve steps of another agency, one after another."""

from __future__ import annotations

from prefect import flow

from perintis import Case, RunSummary, run_pilot
from pilots import PILOT, Application, Decision
from tasks import register


async def to_be(case: Case[Application]) -> Decision:
    """Twelve steps, each of which shows the other agency a field and is told one."""
    for step in register.STEPS:
        await step(case)
    return Decision()


@flow(name="told")
def told(intake: str | None = None) -> RunSummary:
    """Move every case as far as it can go."""
    return run_pilot(PILOT, to_be, intake=intake)
