"""Persons keep their ids from one version of a registry to the next."""

from __future__ import annotations

import polars as pl

from perintis.rules.linkage.continuity import keep_ids


def version(**persons: str) -> pl.DataFrame:
    """Persons by id, with the letters of their records: version(P1="ab", P2="c")."""
    rows = [("s", record, person, len(records)) for person, records in persons.items() for record in records]
    return pl.DataFrame(rows, schema=["source", "record", "person", "size"], orient="row")


def continued(now: pl.DataFrame, before: pl.DataFrame) -> tuple[dict[str, str], list[tuple[str, str, list[str]]]]:
    """Records by the id they have now, and the changes."""
    found = keep_ids(now, before)
    return dict(found.persons.select("record", "person").iter_rows()), found.changes.rows()


def test_the_same_persons_keep_their_ids_and_nothing_changed() -> None:
    """Whatever id the linkage proposes, and although a record came and another went."""
    ids, changes = continued(version(X="ad", Y="c"), version(P1="ab", P2="c"))
    assert ids == {"a": "P1", "d": "P1", "c": "P2"}
    assert changes == []


def test_a_merged_person_keeps_the_id_of_most_records() -> None:
    """P2 was taken into P1."""
    ids, changes = continued(version(X="abc"), version(P1="ab", P2="c"))
    assert set(ids.values()) == {"P1"}
    assert changes == [("P1", "merged", ["P2"])]


def test_the_larger_part_of_a_split_person_keeps_the_id() -> None:
    """The other part gets a new id, which nobody had."""
    ids, changes = continued(version(X="ab", Y="c"), version(P1="abc"))
    assert ids["a"] == ids["b"] == "P1"
    assert ids["c"] not in {"P1", "X", "Y"}
    assert changes == [("P1", "split", [ids["c"]])]


def test_new_and_gone_persons_are_named() -> None:
    """P2 has no record any more; e is somebody new."""
    ids, changes = continued(version(X="ab", Y="e"), version(P1="ab", P2="c"))
    assert sorted(changes) == sorted([("P2", "gone", []), (ids["e"], "new", [])])


def test_a_new_id_is_never_one_that_somebody_had() -> None:
    """A part that is split off begins with the record from which the old id came."""
    first = keep_ids(version(X="abc"), version())
    old = first.persons["person"][0]
    ids, _ = continued(version(X="a", Y="bc"), first.persons)
    assert ids["b"] == ids["c"] == old
    assert ids["a"] != old
