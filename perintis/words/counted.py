"""The mark by which a decision says which of its numbers are figures of the case."""

from __future__ import annotations

from dataclasses import dataclass

from perintis.words.tables import ATTRIBUTE_PREFIX

FIGURE, FIGURE_OF = "figure:", "figure_of:"
"""How the attributes of a case begin that hold a figure, and what a figure that is a part is a part of."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Marks a number of a decision as a figure: `duplicates_found: Annotated[int | None, Counted()] = None`.

    It is recorded in clear when the case is closed, and is a metric from then on, so it may not be personal. `of` names
    the number of the same decision of which it is a part; then it is a share too. None is "not counted", never zero.
    """

    of: str | None = None


def figure_column(name: str) -> str:
    """The column of the case table for a figure."""
    return f"{ATTRIBUTE_PREFIX}{FIGURE}{name}"


def whole_column(name: str) -> str:
    """The column of the case table for what a figure is a part of."""
    return f"{ATTRIBUTE_PREFIX}{FIGURE_OF}{name}"
