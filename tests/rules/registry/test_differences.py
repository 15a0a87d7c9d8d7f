"""What changed between two versions of a registry."""

from __future__ import annotations

from perintis.rules.registry.differences import Change, difference
from perintis.rules.registry.exact import matched_by_number
from perintis.rules.suppression import shown

BEFORE = ({("P1", "name"): "A", ("P1", "nik"): "1", ("P2", "name"): "B"}, {("x", "1"): "P1", ("y", "1"): "P2"})
AFTER = (
    {("P1", "name"): "AA", ("P1", "sex"): "F", ("P3", "name"): "C"},
    {("x", "1"): "P1", ("y", "1"): "P1", ("x", "2"): "P3"},
)


def test_each_value_is_added_changed_or_removed() -> None:
    """By field and in counts; P2 went into P1, so its value is removed."""
    found = difference(BEFORE, AFTER)
    assert found.by_field() == {
        "name": {Change.ADDED: 1, Change.CHANGED: 1, Change.REMOVED: 1},
        "nik": {Change.REMOVED: 1},
        "sex": {Change.ADDED: 1},
    }
    assert (found.persons_added, found.persons_removed) == ({"P3"}, {"P2"})
    assert (found.records_added, found.records_removed, found.records_moved) == (1, 0, 1)


def test_a_version_does_not_differ_from_itself() -> None:
    """And nothing is told."""
    found = difference(AFTER, AFTER)
    assert not found.values
    assert (found.records_added, found.records_moved) == (0, 0)


def test_matching_by_exact_number_follows_any_number_and_nothing_else() -> None:
    """a and b share a NIK, b and c a passport; d has the NIK of a as its passport, which is no match; e has none."""
    records = [(("x", "a"), ["1", None]), (("y", "b"), ["1", "P"]), (("z", "c"), [None, "P"]),
               (("z", "d"), [None, "1"]), (("z", "e"), [None, None])]  # fmt: skip
    groups = matched_by_number(records)
    assert groups[("x", "a")] == groups[("y", "b")] == groups[("z", "c")]
    assert len(set(groups.values())) == 3


def test_small_numbers_are_not_shown() -> None:
    """Zero tells of nobody; one to four could tell of somebody."""
    assert [shown(n) for n in (0, 1, 4, 5, 1234)] == ["0", "fewer than 5", "fewer than 5", "5", "1,234"]
