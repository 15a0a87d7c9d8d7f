"""Until when the data of a closed case are kept: by the longest period of the agreement, to its last midnight."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from perintis import Calendar
from perintis.rules.agreement import read_agreement
from perintis.rules.retention import Touched, kept_for, longest, touched
from perintis.words.errors import BadInput

JAKARTA = Calendar.weekdays("Asia/Jakarta")
HEAD = """
number: MoU-1
title: Kept
pilot: small
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: stop
parties: [{code: desk, name: Desk}, {code: lab, name: Laboratory}]
terms: [{article: art. 1(1), discloses: desk, receives: lab, fields: [nik], purpose: p, legal_basis: l}]
"""


def agreement(*periods: str) -> str:
    kept = [
        f"{{article: art. 2({n}), purpose: purpose {n}, after: {period}}}" for n, period in enumerate(periods, start=1)
    ]
    return f"{HEAD}retention: [{', '.join(kept)}]\n"


@pytest.mark.parametrize(
    ("period", "closed", "until"),
    [
        ("90 days", "2026-03-02T10:00+07:00", "2026-06-01T00:00+07:00"),
        ("1 day", "2026-03-02T23:59+07:00", "2026-03-04T00:00+07:00"),
        ("1 day", "2026-03-02T17:30+00:00", "2026-03-05T00:00+07:00"),  # past midnight in Jakarta
        ("6 months", "2026-08-31T10:00+07:00", "2027-03-01T00:00+07:00"),  # February has no 31st
        ("1 year", "2028-02-29T10:00+07:00", "2029-03-01T00:00+07:00"),
        ("5 years", "2026-12-31T10:00+07:00", "2032-01-01T00:00+07:00"),
    ],
)
def test_when_a_period_ends(period: str, closed: str, until: str) -> None:
    """Counted in days of the lead's clock, without the day of closing."""
    [keeping] = kept_for(read_agreement(agreement(period)), datetime.fromisoformat(closed), JAKARTA)
    assert keeping.until == datetime.fromisoformat(until)


def test_the_longest_purpose_keeps_the_whole() -> None:
    """What is sealed as a whole goes as a whole; the purpose that ends last is named."""
    found = longest(read_agreement(agreement("1 year", "5 years", "90 days")), datetime.fromisoformat(
        "2026-03-02T10:00+07:00"), JAKARTA)  # fmt: skip
    assert found is not None
    assert (found.kept.article, found.until.isoformat()) == ("art. 2(2)", "2031-03-03T00:00:00+07:00")


def test_extracts_have_periods_of_their_own() -> None:
    """What keeps the file that was delivered does not keep the case, nor the other way round."""
    text = agreement("1 year", "90 days").replace("after: 90 days", "after: 90 days, of: extract")
    closed = datetime.fromisoformat("2026-03-02T10:00+07:00")
    of_case, of_extract = longest(read_agreement(text), closed, JAKARTA), longest(
        read_agreement(text), closed, JAKARTA, "extract"
    )  # fmt: skip
    assert of_case is not None
    assert of_extract is not None
    assert (of_case.kept.article, of_extract.kept.article) == ("art. 2(1)", "art. 2(2)")
    assert longest(read_agreement(agreement("1 year")), closed, JAKARTA, "extract") is None


def test_where_nothing_is_said_nothing_falls_due() -> None:
    """No retention in the agreement: only a person can decide to erase."""
    assert longest(read_agreement(HEAD), datetime.fromisoformat("2026-03-02T10:00+07:00"), JAKARTA) is None


@pytest.mark.parametrize("period", ["5 working days", "for ever", "0 days", "1.5 years"])
def test_a_period_is_a_number_with_its_unit(period: str) -> None:
    """One sentence says how to write it."""
    with pytest.raises(BadInput, match="like `5 years` or `90 days`"):
        read_agreement(agreement(period))


def test_two_agreements_are_compared_by_when_data_go() -> None:
    """Shorter, longer, and due at once but for what is kept back; what one of them does not end is kept without end."""
    day = [datetime(2026, 1, n, tzinfo=UTC) for n in range(1, 10)]
    before = {"same": day[3], "shorter": day[8], "held": day[8], "longer": day[3], "no end": day[3]}
    after = {"same": day[3], "shorter": day[4], "held": day[4], "longer": day[8], "new end": day[7]}
    assert touched(before, after, day[5], {"held"}) == Touched(shorter=3, longer=2, due=1)
    assert touched(before, after, day[2]).due == 0
    assert touched(before, before, day[8]) == Touched(0, 0, 0)
