"""What was promised: one folder a pilot. A pilot takes part because it is named here."""

from __future__ import annotations

from pilots import data_management, fast_track

ALL = (fast_track.PILOT, data_management.PILOT)
