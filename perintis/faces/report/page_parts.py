"""What a page is made of: text, tables, and drawings that always come with their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup


@dataclass(frozen=True)
class Table:
    """Rows under a head; the first column names the row. `right` are the columns of numbers, by
    place; `roomy` gives the first column more room."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    roomy: bool = False
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Drawing:
    """A chart for a wide and for a narrow page, what it shows in one sentence, and the same as a table.

    `told` is false where the sentence stands above the chart already.
    """

    wide: Markup
    narrow: Markup
    caption: str
    alt: str
    table: Table
    told: bool = True
    kind: str = field(default="drawing", init=False)


@dataclass(frozen=True)
class Line:
    """A paragraph. `tone` is `lead` (large), `plain`, `muted` or `warning`."""

    text: str
    tone: str = "plain"
    kind: str = field(default="line", init=False)


@dataclass(frozen=True)
class Items:
    """A list of sentences, with a heading of its own where it has one."""

    items: tuple[str, ...]
    heading: str | None = None
    kind: str = field(default="items", init=False)


@dataclass(frozen=True)
class Heading:
    """A heading below that of the section."""

    text: str
    kind: str = field(default="heading", init=False)


@dataclass(frozen=True)
class FlowBox:
    """One box of the case flow: what it counts, and how many on either side."""

    label: str
    counts: tuple[str, str]
    note: tuple[str, str] = ("", "")
    level: str = "main"


@dataclass(frozen=True)
class Flow:
    """The case flow of both cohorts, side by side."""

    names: tuple[str, str]
    about: tuple[tuple[str, ...], tuple[str, ...]]
    boxes: tuple[FlowBox, ...]
    kind: str = field(default="flow", init=False)


@dataclass(frozen=True)
class Mark:
    """One check: its sign in words and as a shape, what it found, and what would cure it."""

    sign: str
    word: str
    text: str
    cure: str = ""
    note: str = ""


@dataclass(frozen=True)
class Marks:
    """Checks under a heading."""

    heading: str
    marks: tuple[Mark, ...]
    kind: str = field(default="marks", init=False)


Block = Table | Drawing | Line | Items | Heading | Flow | Marks


@dataclass(frozen=True)
class Section:
    """One panel: its number, name and content."""

    key: str
    number: int | None
    title: str
    blocks: tuple[Block, ...]


def kept(blocks: Sequence[Block | None]) -> tuple[Block, ...]:
    """The blocks that there are."""
    return tuple(block for block in blocks if block is not None)
