"""`run_retention`: what the flow `retention` calls each night for one pilot."""

from __future__ import annotations

from perintis.doors.pilot_folder import find_pilot, read_terms
from perintis.doors.running import now
from perintis.doors.settings import read_settings
from perintis.doors.store.upgrading import open_database
from perintis.doors.vault.erasing import finish
from perintis.doors.vault.retaining import erase_due, retained_cases
from perintis.rules.agreement import read_agreement


def run_retention(pilot: str) -> dict[str, int]:
    """Destroy the personal data of a pilot's closed cases whose last period of retention has ended.

    Returns counts of cases, which Prefect may keep: `kept`, closed and still within a period; `erased`, which were due;
    `kept_back`, past their period and under legal hold or restricted.

    An erasure that was cut short is finished first. Without an agreement, or one that says nothing of retention,
    nothing is erased. Errors are `PerintisError`s that hold no value of any application.
    """
    settings = read_settings()
    found = find_pilot(settings.pilots, pilot)
    text = read_terms(settings.pilots, found, "agreement.yaml")
    agreement = None if text is None else read_agreement(text, f"pilots/{found.module}/agreement.yaml")
    database = open_database(settings)
    try:
        finish(database, settings.exchange_folder)
        cases, at = retained_cases(database, found, agreement), now()
        past = sum(case.keeping.until <= at for case in cases)
        erased = 0
        if agreement is not None:
            erased = erase_due(database, cases, settings.exchange_folder, agreement, now=at)
    finally:
        database.close()
    return {"kept": len(cases) - past, "erased": erased, "kept_back": past - erased}
