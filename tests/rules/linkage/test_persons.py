"""Scored pairs become persons and verdicts under the settings and the decisions of clerks."""

from __future__ import annotations

import polars as pl
import pytest

from perintis.rules.linkage.persons import DECIDED, REFUSED, Decision, Formed, form_persons, weight_of
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role
from perintis.rules.linkage.standard import standardise
from perintis.words.errors import NotFound

LINKAGE = Linkage(
    columns=(LinkedColumn(name="nik", role=Role.NIK),), link_at=0.9, review_at=0.2, verified_in=frozenset({"civil"})
)
SOURCES = {
    "civil": pl.DataFrame({"record": ["1", "2"], "nik": ["3174016304900007", "3174016304900008"]}),
    "health": pl.DataFrame({"record": ["1", "2"], "nik": [None, "3174016304900007"]}),
}
RECORDS = standardise(SOURCES, LINKAGE).records
C1, C2, H1, H2 = ("civil", "1"), ("civil", "2"), ("health", "1"), ("health", "2")


def form(*pairs: tuple[int, int, float], decisions: tuple[Decision, ...] = ()) -> Formed:
    """Persons of the four records (rows 0 to 3: civil 1, 2, health 1, 2) from pairs with probabilities."""
    frame = pl.DataFrame(
        [(left, right, weight_of(chance)) for left, right, chance in pairs],
        schema={"left": pl.UInt32, "right": pl.UInt32, "weight": pl.Float64},
        orient="row",
    )
    return form_persons(RECORDS, frame, LINKAGE, decisions)


def verdicts(formed: Formed) -> dict[tuple[int, int], tuple[str, str | None]]:
    """The verdict and note of each pair."""
    return {(row["left"], row["right"]): (row["verdict"], row["note"]) for row in formed.pairs.iter_rows(named=True)}


def test_link_review_and_no() -> None:
    """At least 0.9, between 0.2 and 0.9, below 0.2."""
    found = verdicts(form((0, 3, 0.95), (1, 2, 0.5), (2, 3, 0.1)))
    assert found == {(0, 3): ("link", None), (1, 2): ("review", None), (2, 3): ("no", None)}


def test_two_verified_numbers_go_to_a_clerk_and_never_into_one_person() -> None:
    """Both civil records are verified; the number in the health record is not."""
    formed = form((0, 1, 0.99))
    assert verdicts(formed) == {(0, 1): ("review", REFUSED)}
    assert formed.persons["size"].to_list() == [1, 1, 1, 1]


def test_a_decision_holds_and_is_not_asked_again() -> None:
    """One person although unlikely, two persons although likely."""
    joined = form((2, 3, 0.3), decisions=(Decision(H1, H2, same=True),))
    assert verdicts(joined) == {(2, 3): ("link", DECIDED)}
    parted = form((0, 3, 0.99), decisions=(Decision(H2, C1, same=False),))
    assert verdicts(parted) == {(0, 3): ("no", DECIDED)}


def test_a_decision_does_not_cross_a_barrier() -> None:
    """Two verified numbers stay two persons, whoever decides."""
    formed = form((0, 1, 0.99), decisions=(Decision(C1, C2, same=True),))
    assert formed.persons["person"].n_unique() == 4


def test_a_decision_on_an_unknown_record_is_refused() -> None:
    """The message names the source, not the record."""
    with pytest.raises(NotFound, match="source 'health' has no such record"):
        form(decisions=(Decision(C1, ("health", "9"), same=True),))


def test_persons_have_ids_and_sizes() -> None:
    """The id comes from the first record of the person, so a further record does not change it."""
    alone, together = form(), form((0, 3, 0.95))
    assert together.persons["size"].to_list() == [2, 1, 1, 2]
    assert together.persons["person"][0] == together.persons["person"][3] == alone.persons["person"][0]
