"""The pilot `data-management`: four agencies bring their records of the same persons into one reference registry."""

from __future__ import annotations

from agencies.indonesia import DUKCAPIL, IMIGRASI, KEMENKES, KEMNAKER
from perintis import Pilot
from pilots.data_management.application import Application, Decision
from pilots.data_management.made_up import made_up
from pilots.data_management.promises import AGREEMENT_OF_REGISTERS, CORRECTION, COURIER

PILOT = Pilot(
    name="data-management",
    title="One reference registry of persons",
    version="1",
    lead=IMIGRASI,
    agencies=(IMIGRASI, DUKCAPIL, KEMENKES, KEMNAKER),
    application=Application,
    decision=Decision,
    segments=("agency", "period"),
    service_level=AGREEMENT_OF_REGISTERS,
    made_up=made_up,
    samples="samples/extracts/deliveries.jsonl",
)

__all__ = ["CORRECTION", "COURIER", "PILOT", "Application", "Decision"]
