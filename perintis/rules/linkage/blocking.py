"""Which pairs are compared at all: keys that must be equal, chosen by what they cost.

Comparing every record with every other is quadratic. A key (`same family name and year of birth`) costs as many pairs
as its groups hold, which can be counted beforehand. Cheap keys are taken first until the budget is spent.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from perintis.rules.linkage.settings import Linkage, Role
from perintis.rules.linkage.standard import SOURCE

Key = tuple[str, ...]
EVERY_PAIR: Key = ()
"""The key on which all pairs agree."""
ALWAYS_AFFORDABLE = 600_000
"""Pairs up to which every record is compared with every other (about 1,100 records of one source)."""


@dataclass(frozen=True, slots=True)
class Block:
    """A key and the number of pairs that agree on it."""

    key: Key
    pairs: int


# Roles and the derived key of each that must be equal; a role given to several columns makes one key a column.
_CANDIDATES: tuple[tuple[tuple[Role, str], ...], ...] = (
    ((Role.NIK, ""),),
    ((Role.IDENTITY_NUMBER, ""),),
    ((Role.PASSPORT, ""),),
    ((Role.PHONE, ""),),
    ((Role.EMAIL, ""),),
    ((Role.EMAIL, "start"),),
    ((Role.DATE_OF_BIRTH, ""),),
    ((Role.GIVEN_NAME, "sound"),),
    ((Role.FAMILY_NAME, "sound"),),
    ((Role.FULL_NAME, "sound"),),
    ((Role.POSTCODE, ""),),
    ((Role.ADDRESS, ""),),
    ((Role.GIVEN_NAME, "sound"), (Role.FAMILY_NAME, "sound")),
    ((Role.GIVEN_NAME, "start"), (Role.FAMILY_NAME, "start")),
    ((Role.GIVEN_NAME, "sound"), (Role.DATE_OF_BIRTH, "year")),
    ((Role.FAMILY_NAME, "sound"), (Role.DATE_OF_BIRTH, "year")),
    ((Role.GIVEN_NAME, "start"), (Role.DATE_OF_BIRTH, "")),
    ((Role.FAMILY_NAME, "start"), (Role.DATE_OF_BIRTH, "")),
    ((Role.FULL_NAME, "start"), (Role.DATE_OF_BIRTH, "year")),
    ((Role.GIVEN_NAME, "start"), (Role.POSTCODE, "start")),
    ((Role.FAMILY_NAME, "start"), (Role.POSTCODE, "start")),
    ((Role.FULL_NAME, "start"), (Role.POSTCODE, "start")),
    ((Role.DATE_OF_BIRTH, "year"), (Role.POSTCODE, "start")),
    ((Role.GIVEN_NAME, "start"), (Role.PLACE, "")),
    ((Role.FAMILY_NAME, "start"), (Role.PLACE, "")),
    ((Role.FULL_NAME, "start"), (Role.PLACE, "")),
    ((Role.DATE_OF_BIRTH, "year"), (Role.PLACE, "")),
    ((Role.DATE_OF_BIRTH, ""), (Role.SEX, "")),
)


def candidate_keys(linkage: Linkage) -> tuple[Key, ...]:
    """The keys that the columns' roles allow, of columns of the standard frame."""
    keys: list[Key] = []
    for parts in _CANDIDATES:
        found: list[Key] = [()]
        for role, derived in parts:
            named = [_key(place, derived) for place, column in enumerate(linkage.columns) if column.role is role]
            found = [(*key, name) for key in found for name in named]
        keys += found
    return tuple(keys)


def _key(place: int, derived: str) -> str:
    return f"c{place}_{derived}" if derived else f"c{place}"


def pairs_of(records: pl.DataFrame, key: Key, linkage: Linkage) -> int:
    """How many pairs agree on a key, without pairs inside a source that holds no person twice."""
    present = records.drop_nulls(list(key))
    total = _pairs(present, list(key))
    inside = present.filter(pl.col(SOURCE).is_in(sorted(linkage.unique_within)))
    return total - _pairs(inside, [*key, SOURCE])


def _pairs(frame: pl.DataFrame, by: list[str]) -> int:
    sizes = (frame.group_by(by).len() if by else frame.select(pl.len()))["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def choose_blocks(records: pl.DataFrame, linkage: Linkage) -> tuple[Block, ...]:
    """The blocking rules of the settings, or the cheapest candidates within the budget, the cheapest first."""
    if linkage.blocking:
        place = {column.name: f"c{n}" for n, column in enumerate(linkage.columns)}
        keys = [tuple(place[name] for name in rule) for rule in linkage.blocking]
        return tuple(Block(key, pairs_of(records, key, linkage)) for key in keys)
    every = pairs_of(records, EVERY_PAIR, linkage)
    if every <= ALWAYS_AFFORDABLE:
        return (Block(EVERY_PAIR, every),)
    costed = sorted((pairs_of(records, key, linkage), key) for key in candidate_keys(linkage))
    left, chosen = linkage.pairs_per_record * records.height, []
    for pairs, key in costed:
        if 0 < pairs <= left:
            chosen.append(Block(key, pairs))
            left -= pairs
    # A key that another chosen one implies adds no pair.
    return tuple(b for b in chosen if not any(_implied(b.key, other.key) for other in chosen if other is not b))


def _implied(key: Key, by: Key) -> bool:
    return set(by) < set(key)
