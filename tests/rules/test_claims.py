"""The grade of a data set caps what may be claimed from it."""

from __future__ import annotations

import pytest

from perintis.rules.claims import claim_cap
from perintis.rules.designs.design import Evidence
from perintis.words.tables import Grade


@pytest.mark.parametrize(
    ("grade", "best", "may_scale", "effect"),
    [
        (Grade.MEASURED, Evidence.A, True, True),
        (Grade.SAMPLE, Evidence.D, False, True),
        (Grade.PROMISED, Evidence.E, False, False),
        (Grade.REHEARSAL, None, False, True),
    ],
)
def test_each_grade_has_its_cap(grade: Grade, best: Evidence | None, may_scale: bool, effect: bool) -> None:
    """A measured log bears any claim, a sample D, a promise E and no effect, a rehearsal nothing of real cases."""
    claim = claim_cap(grade)
    assert (claim.grade, claim.evidence, claim.may_scale, claim.effect) == (grade, best, may_scale, effect)


@pytest.mark.parametrize(
    ("grade", "design", "left"),
    [
        (Grade.MEASURED, Evidence.B, Evidence.B),
        (Grade.SAMPLE, Evidence.A, Evidence.D),
        (Grade.SAMPLE, Evidence.E, Evidence.E),
        (Grade.PROMISED, Evidence.A, Evidence.E),
        (Grade.REHEARSAL, Evidence.A, None),
    ],
)
def test_the_cap_lowers_a_design_and_never_raises_it(grade: Grade, design: Evidence, left: Evidence | None) -> None:
    """The worse of the two grades of evidence stands."""
    assert claim_cap(grade).cap(design) is left
