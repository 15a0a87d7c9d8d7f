"""`run_retention`: what the flow `retention` calls for one pilot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from perintis.doors.pilot_folder import find_agreement, find_pilot, read_terms
from perintis.doors.running import now
from perintis.doors.settings import Settings, read_settings
from perintis.doors.store.upgrading import open_database
from perintis.doors.vault.anchors import anchor
from perintis.doors.vault.erasing import finish
from perintis.doors.vault.retaining import OFFICER, erase_due, retained_cases
from perintis.engine.live import where
from perintis.rules.agreement import Agreement
from perintis.words.errors import PerintisError
from perintis.words.pilot import Pilot


def run_retention(pilot: str) -> dict[str, int]:
    """Destroy the personal data of a pilot's closed cases whose last period of retention has ended.

    Returns counts of cases, which Prefect may keep: `kept`, closed and still within a period; `erased`, which were due;
    `kept_back`, past their period and under legal hold or restricted. `extracts` are files delivered to its registry
    that were destroyed.

    An erasure that was cut short is finished first. Without an agreement, or one that says nothing of retention,
    nothing is erased. Errors are `PerintisError`s that hold no value of any application.
    """
    try:
        return _run(pilot)
    except PerintisError:
        raise
    except Exception as error:  # noqa: BLE001  # Prefect keeps the text of an error, which could hold personal data
        problem = f"retention stopped with {where(error)}; what was erased is erased, start it again"
    raise PerintisError(problem)


def _run(pilot: str) -> dict[str, int]:
    settings = read_settings()
    found = find_pilot(settings.pilots, pilot)
    agreement = find_agreement(settings.pilots, found)
    database = open_database(settings)
    try:
        finish(database, settings.exchange_folder)
        cases, at = retained_cases(database, found, agreement), now()
        past = sum(case.keeping.until <= at for case in cases)
        erased = 0
        if agreement is not None:
            erased = erase_due(database, cases, settings.exchange_folder, agreement, now=at)
        anchor(database, at)
    finally:
        database.close()
    extracts = 0 if agreement is None else erase_extracts(settings, found, agreement, now=at)
    return {"kept": len(cases) - past, "erased": erased, "kept_back": past - erased, "extracts": extracts}


def erase_extracts(
    settings: Settings,
    pilot: Pilot[Any],
    agreement: Agreement,
    *,
    now: datetime,
    officer: str = OFFICER,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Destroy the extracts of a pilot's registry that no purpose keeps any longer; none where it keeps no registry."""
    if not keeps_extracts(settings, pilot, agreement):
        return 0
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.registry.retaining import destroy_due

    with open_registry(pilot.name, settings) as registry:
        return destroy_due(registry, agreement, pilot.lead.calendar, now=now, officer=officer, progress=progress)


def keeps_extracts(settings: Settings, pilot: Pilot[Any], agreement: Agreement) -> bool:
    """Whether a pilot has a registry and its agreement says how long extracts are kept."""
    told = any(kept.of == "extract" for kept in agreement.retention)
    return told and read_terms(settings.pilots, pilot, "registry.yaml") is not None
