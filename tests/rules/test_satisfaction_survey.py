"""How far a survey has come: counts, the index where enough answered, and never what one person said."""

from __future__ import annotations

import pytest

from perintis.rules.satisfaction_survey import QUESTIONS, survey_so_far
from perintis.rules.statistics.satisfaction import ELEMENTS

Said = tuple[str | None, dict[str, int | None] | None]


def said(office: str | None, *each: int, number: int = 1) -> list[Said]:
    """So many respondents of an office; one number stands for all nine answers."""
    answers = each if len(each) > 1 else each * 9
    return [(office, {f"U{k}": value for k, value in enumerate(answers, 1)})] * number


def silent(office: str | None, number: int) -> list[Said]:
    return [(office, None)] * number


def test_the_questions_are_the_nine_elements_of_the_index() -> None:
    """The same codes and names in the same order, four words for each scale."""
    assert {q.code: q.name for q in QUESTIONS} == ELEMENTS
    assert all(len(q.scale) == len(q.skala) == 4 and q.nama and q.pertanyaan and q.question for q in QUESTIONS)


def test_the_index_is_that_of_complete_answers_and_the_share_that_of_all_who_were_asked() -> None:
    """Five complete answers of 3, one of 4 without U9, four silent: 75 points, B is from 76.61: C; 6 of 10 answered."""
    partly = [("north", {**{f"U{k}": 4 for k in range(1, 9)}, "U9": None})]
    found = survey_so_far([*said("north", 3, number=5), *partly, *silent("north", 4)])
    whole = found.whole
    assert (whole.asked, whole.answered, whole.complete) == (10, 6, 5)
    assert (whole.index, whole.category, whole.hidden) == (75.0, "C", None)
    assert [(e.mean, e.answers) for e in found.elements[-2:]] == [(pytest.approx(19 / 6), 6), (3.0, 5)]


def test_an_index_of_fewer_than_five_is_not_shown() -> None:
    """Nor are their means; the counts are."""
    found = survey_so_far([*said("north", 2, number=4), *silent("north", 1)])
    assert (found.whole.asked, found.whole.answered, found.whole.index) == (5, 4, None)
    assert found.whole.hidden == "4 complete answers; shown from 5 on"
    assert all(e.mean is None and e.answers == 4 for e in found.elements)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"a": 9, "b": 6}, "ab"),
        ({"a": 9, "b": 6, "c": 1}, "a"),  # c would follow from the whole, a and b: b is left out with it
        ({"a": 9, "b": 6, "c": 3, "d": 2}, "ab"),  # c and d only follow together, and are five
        ({"a": 9, "b": 6, "c": 0}, "ab"),
        ({"a": 9, "c": 1}, ""),
        ({"a": 9, "b": 6, None: 1}, "a"),  # one without an office is told apart too
    ],
)
def test_no_small_office_follows_from_what_is_shown(sizes: dict[str | None, int], shown: str) -> None:
    """What is left out is always that of five respondents or more together."""
    asked = [one for office, number in sizes.items() for one in (*said(office, 3, number=number), (office, None))]
    found = survey_so_far(asked)
    assert [g.office for g in found.offices if g.index is not None] == list(shown)
    assert [g.office for g in found.offices] == sorted(name for name in sizes if name is not None)


def test_nobody_asked() -> None:
    """Nothing is divided by nothing."""
    found = survey_so_far([])
    assert (found.whole.asked, found.whole.index, found.offices) == (0, None, ())
