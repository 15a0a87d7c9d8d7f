"""Persons keep their ids from one version of a registry to the next, and what happened to them is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from perintis.rules.linkage.clustering import person_id

Ref = tuple[str, str]


class Change(StrEnum):
    """What became of a person since the version before."""

    NEW = "new"
    GONE = "gone"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Continued:
    """`persons` with the ids that they keep, and `changes`: person, change, others (the other ids concerned).

    A merged person lists the ids it took in, a split one the ids that part of its records now have.
    """

    persons: pl.DataFrame
    changes: pl.DataFrame


CHANGES = pl.Schema({"person": pl.String(), "change": pl.String(), "others": pl.List(pl.String)})


def keep_ids(now: pl.DataFrame, before: pl.DataFrame) -> Continued:
    """Gives each person (source, record, person, size) the earlier id with which most of its records agree.

    An id goes to one person only, to the one with more of its records (then the one with the smaller first record);
    everybody else gets a new id. Records that are in one of the versions alone do not matter.
    """
    earlier = {(source, record): person for source, record, person in _rows(before)}
    members: dict[str, list[Ref]] = {}
    for source, record, person in _rows(now):
        members.setdefault(person, []).append((source, record))
    kept = _assigned({person: Counter(earlier[r] for r in refs if r in earlier) for person, refs in members.items()})
    taken = set(earlier.values())
    ids = {person: kept.get(person) or _fresh(min(refs), taken) for person, refs in members.items()}
    persons = now.with_columns(pl.col("person").replace_strict(ids, return_dtype=pl.String))
    later = {ref: ids[person] for person, refs in members.items() for ref in refs}
    return Continued(persons, _changes(earlier, later))


def _rows(persons: pl.DataFrame) -> list[tuple[str, str, str]]:
    return persons.select("source", "record", "person").sort("source", "record").rows()


def _assigned(shared: Mapping[str, Counter[str]]) -> dict[str, str]:
    """Each person's earlier id, the strongest claims first."""
    claims = [(-count, old, new) for new, counts in shared.items() for old, count in counts.items()]
    kept: dict[str, str] = {}
    used: set[str] = set()
    for _, old, new in sorted(claims):
        if new not in kept and old not in used:
            kept[new] = old
            used.add(old)
    return kept


def _fresh(first: Ref, taken: set[str]) -> str:
    """An id from the first record; where an earlier person has it, the next one."""
    number, found = 0, person_id(*first)
    while found in taken:
        number += 1
        found = person_id(first[0], f"{first[1]}\x1f{number}")
    return found


def _changes(earlier: Mapping[Ref, str], later: Mapping[Ref, str]) -> pl.DataFrame:
    came_from: dict[str, set[str]] = {person: set() for person in later.values()}
    went_to: dict[str, set[str]] = {person: set() for person in earlier.values()}
    for ref, old in earlier.items():
        if ref in later:
            came_from[later[ref]].add(old)
            went_to[old].add(later[ref])
    rows: list[tuple[str, str, list[str]]] = []
    for person in sorted(came_from.keys() | went_to.keys()):
        took_in = sorted(came_from.get(person, set()) - {person})
        gave = sorted(went_to.get(person, set()) - {person})
        if person not in went_to and not took_in:
            rows.append((person, Change.NEW.value, []))
        if person not in came_from and not gave:
            rows.append((person, Change.GONE.value, []))
        if took_in and person in went_to:
            rows.append((person, Change.MERGED.value, took_in))
        if gave and person in came_from:
            rows.append((person, Change.SPLIT.value, gave))
    return pl.DataFrame(rows, schema=CHANGES, orient="row")
