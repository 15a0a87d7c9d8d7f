"""Precision, recall and F1 of a linkage, by pairs, by clusters and by records, on cases counted by hand."""

from __future__ import annotations

import pytest

from perintis.rules.linkage.measures import (
    Quality,
    b_cubed,
    cluster_quality,
    pair_quality,
    pair_quality_of_clusters,
)
from perintis.words.errors import BadInput

TRUE = dict(zip("abcdefg", (1, 1, 1, 2, 2, 3, 4), strict=True))
FOUND = dict(zip("abcdefg", (1, 1, 2, 2, 2, 3, 3), strict=True))


def test_pairs() -> None:
    """True pairs ab, ac, bc, de; found ab, cd, ce, de, fg: two of five are true, two of four are found."""
    quality = pair_quality_of_clusters(FOUND, TRUE)
    assert (quality.precision, quality.recall) == (2 / 5, 2 / 4)
    assert quality.f1 == pytest.approx(4 / 9)


def test_pairs_as_a_list_know_no_order() -> None:
    """(b, a) is the pair (a, b), and a pair counts once."""
    quality = pair_quality([("b", "a"), ("a", "b"), ("c", "d")], [("a", "b"), ("a", "c")])
    assert (quality.precision, quality.recall) == (1 / 2, 1 / 2)


def test_whole_clusters() -> None:
    """Found are {ab}, {cde}, {fg}, true {abc}, {de}, {f}, {g}: none is exact."""
    assert cluster_quality(FOUND, TRUE) == Quality(0.0, 0.0)
    assert cluster_quality(TRUE, TRUE) == Quality(1.0, 1.0)
    assert Quality(0.0, 0.0).f1 == 0.0


def test_records_by_b_cubed() -> None:
    """Mean over records: precision (1+1+1/3+2/3+2/3+1/2+1/2)/7, recall (2/3+2/3+1/3+1+1+1+1)/7."""
    quality = b_cubed(FOUND, TRUE)
    assert quality.precision == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3 + 1 / 2 + 1 / 2) / 7)
    assert quality.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1 + 1) / 7)


def test_nothing_linked_has_no_precision() -> None:
    """There is no share of nothing, and no F1 without it."""
    alone = {record: record for record in TRUE}
    quality = pair_quality_of_clusters(alone, TRUE)
    assert (quality.precision, quality.recall, quality.f1) == (None, 0.0, None)


def test_other_records_than_the_truth_has_are_refused() -> None:
    """A record left out would flatter the measure."""
    with pytest.raises(BadInput, match="1 records are in the linkage or in the truth alone"):
        b_cubed({"a": 1}, {"a": 1, "b": 1})
