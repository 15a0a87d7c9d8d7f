"""Levels of likeness as Splink's comparisons on DuckDB. Column names are ours (`c0`, `c0_sound`), never an agency's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import splink.comparison_level_library as levels_of
from splink.comparison_library import CustomComparison

from perintis.rules.linkage.levels import Level, Test, levels_for
from perintis.rules.linkage.settings import Linkage, Role

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator
    from splink.internals.comparison_level_creator import ComparisonLevelCreator

_DAY_MONTH_SWAPPED = (
    "substr({c}_l, 1, 4) = substr({c}_r, 1, 4) and substr({c}_l, 5, 2) = substr({c}_r, 7, 2)"
    " and substr({c}_l, 7, 2) = substr({c}_r, 5, 2)"
)
_TWO_PARTS = (
    "cast(substr({c}_l, 1, 4) = substr({c}_r, 1, 4) as int) + cast(substr({c}_l, 5, 2) = substr({c}_r, 5, 2) as int)"
    " + cast(substr({c}_l, 7, 2) = substr({c}_r, 7, 2) as int) >= 2"
)
_SHORT_FORM = (
    "{c}_l <> {c}_r and (starts_with({c}_l, {c}_r) or starts_with({c}_r, {c}_l)) and least(len({c}_l), len({c}_r)) <= 4"
)
_WORDS_INSIDE = (
    "list_has_all(string_split({c}_l, ' '), string_split({c}_r, ' '))"
    " or list_has_all(string_split({c}_r, ' '), string_split({c}_l, ' '))"
)
_SHARED_WORD = "len(list_intersect(string_split({c}_l, ' '), string_split({c}_r, ' '))) > 0"
_SQL = {
    Test.SAME_SOUND: "{c}_sound_l = {c}_sound_r",
    Test.JARO_WINKLER: "jaro_winkler_similarity({c}_l, {c}_r) >= {at}",
    Test.EDITS: "damerau_levenshtein({c}_l, {c}_r) <= {at:.0f}",
    Test.CROSSED: "{c}_l = {partner}_cross_r or {c}_r = {partner}_cross_l",
    Test.SHORT_FORM: _SHORT_FORM,
    Test.SHARED_WORD: _SHARED_WORD,
    Test.SWAPPED_DAY_MONTH: _DAY_MONTH_SWAPPED,
    Test.TWO_PARTS: _TWO_PARTS,
    Test.SAME_YEAR: "{c}_year_l = {c}_year_r",
    Test.SAME_START: "{c}_start_l = {c}_start_r",
}


def comparisons(linkage: Linkage, *, by_frequency: bool) -> list[ComparisonCreator]:
    """One comparison a column, in the order of the settings.

    `by_frequency` False leaves the frequency of values out, where too few records tell it.
    """
    return [_comparison(linkage, place, by_frequency) for place in range(len(linkage.columns))]


def partner_of(linkage: Linkage, place: int) -> int | None:
    """The place of the family name for a given name, and the other way round."""
    crossed = {Role.GIVEN_NAME: Role.FAMILY_NAME, Role.FAMILY_NAME: Role.GIVEN_NAME}
    other = crossed.get(linkage.columns[place].role)
    return next((n for n, column in enumerate(linkage.columns) if other and column.role is other), None)


def levels_at(linkage: Linkage, place: int) -> tuple[Level, ...]:
    """The levels by which the column at this place is compared."""
    return levels_for(linkage.columns[place].role, partner=partner_of(linkage, place) is not None)


def _comparison(linkage: Linkage, place: int, by_frequency: bool) -> CustomComparison:
    name, partner = f"c{place}", partner_of(linkage, place)
    full = linkage.columns[place].role is Role.FULL_NAME
    levels = [
        _level(level if by_frequency else replace(level, by_frequency=False), name, f"c{partner}", full)
        for level in levels_at(linkage, place)
    ]
    return CustomComparison(output_column_name=name, comparison_levels=[levels_of.NullLevel(name), *levels])


def _level(level: Level, name: str, partner: str, full: bool) -> ComparisonLevelCreator:
    if level.test is Test.OTHERWISE:
        return levels_of.ElseLevel().configure(m_probability=level.m, u_probability=level.u)
    if level.test is Test.EQUAL:
        equal = levels_of.ExactMatchLevel(name, term_frequency_adjustments=level.by_frequency)
        return equal.configure(m_probability=level.m, u_probability=level.u)
    sql = _WORDS_INSIDE if full and level.test is Test.SHORT_FORM else _SQL[level.test]
    custom = levels_of.CustomLevel(sql.format(c=name, partner=partner, at=level.at), label_for_charts=level.words)
    return custom.configure(m_probability=level.m, u_probability=level.u)
