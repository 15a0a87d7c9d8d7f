"""Small numbers are not published, and cannot be worked out from what is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.suppression import SUPPRESSED, THRESHOLD, publish, publish_one


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ({"a": 5, "b": 12}, "5 12"),
        ({"a": 4, "b": 3, "c": 12}, "<5 <5 12"),
        ({"a": 4, "b": 9, "c": 12}, "<5 <5 12"),
        ({"a": 0, "b": 12}, "0 12"),
        ({"a": 3, "b": 0}, "<5 0"),
        ({}, ""),
    ],
    ids=["large", "two small", "one small", "none", "alone", "empty"],
)
def test_what_is_published(counts: dict[str, int], published: str) -> None:
    """Below five is left out; where that is one group alone, the next smallest goes with it."""
    assert " ".join(map(str, publish(counts).values())) == published


def test_rounding() -> None:
    """To the nearest multiple; the small ones are left out first."""
    assert publish({"a": 7, "b": 8, "c": 2}, rounding=5) == {"a": 5, "b": 10, "c": SUPPRESSED}
    assert [str(publish_one(count)) for count in (0, 1, 4, 5)] == ["0", "<5", "<5", "5"]


@given(st.dictionaries(st.integers(), st.integers(0, 40), max_size=8))
def test_no_small_number_follows_from_the_total(counts: dict[int, int]) -> None:
    """Total minus all that is published is never a number from one to four, unless the total is."""
    shown = publish(counts)
    rest = sum(counts.values()) - sum(count for count in shown.values() if isinstance(count, int))
    assert not 0 < rest < THRESHOLD or sum(counts.values()) == rest


def test_nonsense_is_refused() -> None:
    """A negative count has no place in a table."""
    with pytest.raises(ValueError, match="at least"):
        publish({"a": -1})
