"""Settings that contradict themselves are refused when they are read, with what to change."""

from __future__ import annotations

import pytest

from perintis.rules.linkage.levels import LEVELS, Test, levels_for, reason
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role

GIVEN = {"name": "given_name", "role": "given name"}
FAMILY = {"name": "family", "role": "family name"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": []}, "at least 1 item"),
        ({"columns": [GIVEN, GIVEN]}, "column 'given_name' is named twice"),
        ({"columns": [GIVEN, {"name": "x", "role": "given name"}]}, "two columns have the role 'given name'"),
        ({"columns": [GIVEN, {"name": "x", "role": "full name"}]}, "are the same evidence"),
        ({"columns": [GIVEN], "link_at": 0.3, "review_at": 0.4}, "review_at .* is above link_at"),
        ({"columns": [GIVEN], "blocking": [["city"]]}, "names the column 'city'"),
        ({"columns": [GIVEN], "link_at": 1.0}, "less than 1"),
        ({"columns": [GIVEN], "treshold": 0.5}, "Extra inputs"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, object], message: str) -> None:
    """Each message names what is wrong."""
    with pytest.raises(ValueError, match=message):
        Linkage.model_validate(settings)


def test_settings_can_be_written_in_a_file_of_text() -> None:
    """Roles are words, so that a pilot can keep its settings beside its agreement."""
    linkage = Linkage.model_validate({"columns": [GIVEN, FAMILY], "unique_within": ["civil"]})
    assert Linkage.model_validate_json(linkage.model_dump_json()) == linkage
    assert linkage.columns[0].words == "given name"
    assert linkage.column_of(Role.FAMILY_NAME) == LinkedColumn(name="family", role=Role.FAMILY_NAME)
    assert linkage.column_of(Role.NIK) is None


@pytest.mark.parametrize("role", Role)
def test_every_role_has_levels_from_equal_to_otherwise(role: Role) -> None:
    """The start values of a role are probabilities that add up to about one."""
    levels = LEVELS[role]
    assert (levels[0].test, levels[-1].test) == (Test.EQUAL, Test.OTHERWISE)
    assert sum(level.m for level in levels) == pytest.approx(1, abs=0.02)
    assert sum(level.u for level in levels) == pytest.approx(1, abs=0.02)


def test_names_cross_only_where_there_is_a_partner() -> None:
    """Without a family name a given name has nothing to be crossed with."""
    assert Test.CROSSED in {level.test for level in levels_for(Role.GIVEN_NAME, partner=True)}
    assert Test.CROSSED not in {level.test for level in levels_for(Role.GIVEN_NAME, partner=False)}


def test_the_reason_names_the_level_reached() -> None:
    """Levels are counted from the least alike; -1 is a missing value."""
    levels = levels_for(Role.DATE_OF_BIRTH, partner=False)
    assert reason("date of birth", levels, len(levels) - 1) == "date of birth: equal"
    assert reason("date of birth", levels, len(levels) - 2) == "date of birth: day and month swapped"
    assert reason("date of birth", levels, 0) == "date of birth: different"
    assert reason("date of birth", levels, -1) == "date of birth: missing"
