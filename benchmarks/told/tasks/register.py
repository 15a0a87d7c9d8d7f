"""The twelve steps of the other agency."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from perintis import Agency, step

REGISTER = Agency("register", "Register")


class Request(BaseModel):
    """What the register is shown."""

    name: str


class Answer(BaseModel):
    """What it answers."""

    ok: bool = True


def _declare(number: int) -> None:
    def look_up(requests: Sequence[Request]) -> list[Answer]:
        """Answer yes."""
        return [Answer() for _ in requests]

    look_up.__name__ = f"look_up_{number}"
    globals()[look_up.__name__] = step(REGISTER)(look_up)


for _number in range(12):
    _declare(_number)
STEPS = [globals()[f"look_up_{number}"] for number in range(12)]
