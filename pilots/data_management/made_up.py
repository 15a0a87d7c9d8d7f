"""Made-up announcements of extracts for rehearsals; no file stands behind them."""

from __future__ import annotations

import hashlib
from random import Random
from typing import get_args

from pilots.data_management.application import Agency, Application, Office

AGENCIES, OFFICES = get_args(Agency), get_args(Office)
ROWS = (20, 120)
"""New and changed records of a month in a province: an assumption, to be replaced by the agencies' own figures."""


def made_up(random: Random, number: int) -> Application:
    """Make up one announcement; the same generator state and number give the same one."""
    agency = random.choice(AGENCIES)
    return Application(
        reference=f"UJI-{number:06}",
        agency=agency,
        office=random.choice(OFFICES),
        period=f"2025-{1 + number % 12:02}",
        file_name=f"{agency}-uji-{number:06}.csv",
        sha256=hashlib.sha256(f"uji {number}".encode()).hexdigest(),
        row_count=random.randint(*ROWS),
    )
