"""Matching as it was: by exact identity number, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Ref = tuple[str, str]


def matched_by_number(records: Iterable[tuple[Ref, Sequence[str | None]]]) -> dict[Ref, Ref]:
    """The group of each record: records that share any of their identity numbers, named by the first of them."""
    parent: dict[Ref, Ref] = {}
    first_with: dict[tuple[int, str], Ref] = {}

    def root(ref: Ref) -> Ref:
        while parent[ref] != ref:
            parent[ref] = ref = parent[parent[ref]]
        return ref

    for ref, numbers in records:
        parent.setdefault(ref, ref)
        for place, number in enumerate(numbers):
            if number:
                other = first_with.setdefault((place, number), ref)
                left, right = sorted((root(ref), root(other)))
                parent[right] = left
    return {ref: root(ref) for ref in parent}
