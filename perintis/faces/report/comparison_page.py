"""The page of a comparison: one HTML file that needs nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from perintis.faces.report.page_template import page_template
from perintis.faces.report.wording import (
    cautions_to_tell,
    group_line,
    lines,
    not_compared,
    sentences,
    side_line,
    warning_line,
)
from perintis.rules.publishing import publishable_comparison

if TYPE_CHECKING:
    from perintis.rules.comparison import Comparison

MOST_GROUPS_IN_FULL = 30


def comparison_page(comparison: Comparison, *, title: str, made: datetime) -> str:
    """The page as text; `made` is shown as the day it was made.

    A page is made to be passed on, so small numbers and what would tell them are left out.
    """
    comparison = publishable_comparison(comparison)
    return page_template("comparison.html").render(
        title=title,
        made=made,
        comparison=comparison,
        warning=warning_line(comparison),
        cautions=cautions_to_tell(comparison),
        sentences=sentences(comparison),
        sides=(side_line(comparison.a), side_line(comparison.b)),
        lines=lines(comparison.metrics),
        missing=not_compared(comparison),
        groups=[group_line(g) for g in comparison.groups],
        full_groups=[(g.value, lines(g.metrics)) for g in comparison.groups[:MOST_GROUPS_IN_FULL]],
        by=(comparison.by or "").removeprefix("case:"),
    )
