"""How much more is needed: cases lower the error only so far, offices always."""

from __future__ import annotations

import pytest

from perintis.rules.verdict.needs import More, Size, more_needed


@pytest.mark.parametrize(
    ("ratio", "size", "more", "told"),
    [
        # Without likeness, four times the cases halve the error.
        (0.25, Size(1000, 10, 0.0), More(3000, 30), "about 3,000 more cases or 30 more offices"),
        # 10 offices of 100 cases, correlation 0.02: 1 + 99 * .02 = 2.98. Half of 2.98 / 100 leaves .0149 - .02 < 0.
        (0.5, Size(1000, 10, 0.02), More(None, 10), "10 more offices"),
        # correlation 0.005: 1.495 / 100 * .75 - .005 = .0062125; .995 / .0062125 * 10 = 1,602 cases, so 602 more.
        (0.75, Size(1000, 10, 0.005), More(610, 4), "about 610 more cases or 4 more offices"),
        (0.9, Size(20, 0, None), More(3, None), "about 3 more cases"),
        (1.2, Size(1000, 10, 0.0), More(0, 0), "about 0 more cases or 0 more offices"),
        (0.0, Size(1000, 10, 0.0), More(None, None), "more than can be had at these offices"),
    ],
)  # fmt: skip
def test_more_cases_or_more_offices(ratio: float, size: Size, more: More, told: str) -> None:
    """Rounded up to two digits; None where that way alone can never do."""
    found = more_needed(ratio, size)
    assert (found, str(found)) == (more, told)
