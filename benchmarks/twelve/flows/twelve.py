"""One case goes through twelve steps, one after another."""

from __future__ import annotations

from prefect import flow

from perintis import Case, RunSummary, run_pilot
from pilots import PILOT, Application, Decision
from tasks import registry


async def to_be(case: Case[Application]) -> Decision:
    """Twelve steps."""
    for step in registry.STEPS:
        await step(case)
    return Decision()


@flow(name="twelve")
def twelve(intake: str | None = None) -> RunSummary:
    """Move every case as far as it can go."""
    return run_pilot(PILOT, to_be, intake=intake)
