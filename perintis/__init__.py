"""Perintis runs, records and judges pilot projects between public agencies.

An engineer writes a pilot with the names below; everything else is in the rooms of the package (see ARCHITECTURE.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.engine.case import Case, First, all_of, any_of
from perintis.engine.steps import Retry, exchange_step, human_step, step
from perintis.words.agency import Agency, Calendar
from perintis.words.durations import working
from perintis.words.errors import AgencyUnavailable, SentBack
from perintis.words.pilot import Pilot, Sla

if TYPE_CHECKING:
    from perintis.doors.prefect_flow import RunSummary, run_pilot
    from perintis.doors.retention_run import run_retention

__all__ = [
    "Agency",
    "AgencyUnavailable",
    "Calendar",
    "Case",
    "First",
    "Pilot",
    "Retry",
    "RunSummary",
    "SentBack",
    "Sla",
    "all_of",
    "any_of",
    "exchange_step",
    "human_step",
    "run_pilot",
    "run_retention",
    "step",
    "working",
]


def __getattr__(name: str) -> object:
    # What only a flow asks for is imported when it does: the rest starts without a store and without Prefect.
    if name in ("run_pilot", "RunSummary"):
        from perintis.doors import prefect_flow

        return getattr(prefect_flow, name)
    if name == "run_retention":
        from perintis.doors.retention_run import run_retention

        return run_retention
    raise AttributeError(f"module 'perintis' has no attribute {name!r}")
