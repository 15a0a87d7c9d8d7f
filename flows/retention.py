"""Retention: what is no longer kept for any purpose of a pilot's agreement is erased. No pilot's process."""

from __future__ import annotations

from prefect import flow

from perintis import run_retention


@flow(name="retention")
def retention(pilot: str) -> dict[str, int]:
    """Destroy the personal data of the closed cases of one pilot whose last period of retention has ended."""
    return run_retention(pilot)
