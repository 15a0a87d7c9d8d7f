"""What every counter does with a file that comes on paper; the pilot does without these steps."""

from __future__ import annotations

from pydantic import BaseModel


class Registered(BaseModel):
    """The counter's own register."""

    counter_number: str | None = None
