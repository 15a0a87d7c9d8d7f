"""The pilot `fast-track`: a limited-stay permit for a worker or a family member, all agencies side by side."""

from __future__ import annotations

from agencies.indonesia import DUKCAPIL, IMIGRASI, KEMENKES, KEMENKEU, KEMNAKER, POLRI
from perintis import Pilot
from pilots.fast_track.application import Application, Decision
from pilots.fast_track.made_up import made_up
from pilots.fast_track.promises import COURIER, DECISION, DOCUMENTS, PAYMENT

PILOT = Pilot(
    name="fast-track",
    title="Limited-stay permit, fast track",
    version="1",
    lead=IMIGRASI,
    agencies=(IMIGRASI, DUKCAPIL, KEMENKES, POLRI, KEMNAKER, KEMENKEU),
    application=Application,
    decision=Decision,
    segments=("category",),
    service_level=DECISION,
    made_up=made_up,
)

__all__ = ["COURIER", "DOCUMENTS", "PAYMENT", "PILOT", "Application", "Decision"]
