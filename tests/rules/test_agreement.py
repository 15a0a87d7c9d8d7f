"""The agreement: what may be shown to whom, by which article and until when, and what a refusal says."""

from __future__ import annotations

from datetime import date

import pytest

from perintis.rules.agreement import Agreement, check_step, read_agreement
from perintis.words.errors import BadInput

PKS_12 = """
name: PKS-12
title: Exchange between Immigration and the Civil Registry
pilot: fast-track
status: signed
parties: [imigrasi, dukcapil, polri]
terms:
  - article: art. 4
    discloses: imigrasi
    receives: dukcapil
    fields: [nik, name]
    purpose: confirm who the sponsor is
    legal_basis: UU 24/2013
    from: 2026-01-01
    until: 2026-12-31
  - article: art. 5
    discloses: dukcapil
    receives: imigrasi
    fields: [match]
    purpose: confirm who the sponsor is
    legal_basis: UU 24/2013
    from: 2026-01-01
    until: 2026-12-31
    retention: 1 year
"""
IN_FORCE, TOO_EARLY, TOO_LATE = date(2026, 6, 1), date(2025, 12, 31), date(2027, 1, 1)


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return read_agreement(PKS_12)


def told(agreement: Agreement, *shown: str, agency: str = "dukcapil", on: date | None = IN_FORCE, answered: tuple[str, ...] = ()) -> list[str]:  # fmt: skip  # noqa: E501
    problems = check_step(agreement, step="s", lead="imigrasi", agency=agency, shown=shown, answered=answered, on=on)
    return [problem.message for problem in problems]


def test_fields_that_a_term_lists_may_be_shown(agreement: Agreement) -> None:
    """In both directions: what is asked with, and what is answered."""
    assert told(agreement, "nik", "name", answered=("match",)) == []


def test_another_field_is_refused_by_the_article_that_lists_fields(agreement: Agreement) -> None:
    """The sentence names the agencies, the field, the article, and what it does allow."""
    assert told(agreement, "nik", "religion") == [
        "dukcapil may not be shown 'religion' by imigrasi: agreement PKS-12 art. 4 lists nik, name"
    ]


def test_an_answer_is_a_disclosure_to_the_lead(agreement: Agreement) -> None:
    """An agency may tell the lead no more than was agreed."""
    assert told(agreement, answered=("match", "address")) == [
        "imigrasi may not be shown 'address' by dukcapil: agreement PKS-12 art. 5 lists match"
    ]


def test_without_a_term_nothing_may_be_shown(agreement: Agreement) -> None:
    """Silence is a no."""
    assert told(agreement, "name", agency="polri") == [
        "polri may not be shown 'name' by imigrasi: agreement PKS-12 has no term on what imigrasi may show polri"
    ]


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (TOO_EARLY, False),
        (date(2026, 1, 1), True),
        (IN_FORCE, True),
        (date(2026, 12, 31), True),
        (TOO_LATE, False),
        (None, True),
    ],
)
def test_a_term_holds_from_its_first_to_its_last_day(agreement: Agreement, on: date | None, allowed: bool) -> None:
    """Both days included; without a day asked about, any term counts."""
    refusals = told(agreement, "nik", on=on)
    assert (refusals == []) is allowed
    for refusal in refusals:
        assert refusal.endswith("PKS-12 allows it by art. 4 from 2026-01-01 until 2026-12-31 only")


def test_the_leads_own_steps_disclose_nothing(agreement: Agreement) -> None:
    """An agency needs no agreement with itself."""
    assert told(agreement, "religion", agency="imigrasi") == []


def test_whether_an_answer_was_simulated_needs_no_term(agreement: Agreement) -> None:
    """It says nothing of a person."""
    assert told(agreement, answered=("match", "simulated")) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("receives: dukcapil", "receives: bpjs", "terms, entry 1: art. 4 names bpjs, which is not among the parties"),
        ("until: 2026-12-31", "until: 2025-12-31", "terms, entry 1: art. 4 ends before it begins"),
        ("until: 2026-12-31", "until: someday", "terms, entry 1, until"),
        ("[nik, name]", "[nik, nik]", "art. 4 lists a field twice"),
        ("[nik, name]", "[]", "terms, entry 1, fields"),
        ("receives: dukcapil", "receives: imigrasi", "art. 4: an agency needs no agreement with itself"),
        ("purpose: confirm", "porpose: confirm", "terms, entry 1, porpose: is not a field here"),
        ("legal_basis: UU 24/2013", "legal_basis: ''", "terms, entry 1, legal_basis"),
        ("status: signed", "status: maybe", "status: is none of 'draft' or 'signed'"),
        ("status: signed", "status: signed\nstatus: draft", "line 6: 'status' is written twice"),
        ("from: 2026-01-01", "from: 2026-13-01", "line 14: '2026-13-01' is not a day of the calendar"),
        ("terms:", "terms: [", "this is not YAML"),
    ],
)
def test_an_agreement_that_does_not_hold_together_is_refused(old: str, new: str, fault: str) -> None:
    """The error names the file, the entry counted from one, and the fault."""
    with pytest.raises(BadInput) as refused:
        read_agreement(PKS_12.replace(old, new, 1), "pilots/x/agreement.yaml")
    assert str(refused.value).startswith("pilots/x/agreement.yaml")
    assert fault.removeprefix("terms, entry 1: ") in str(refused.value)


def test_many_faults_are_told_in_one_sentence() -> None:
    """The first five, and how many more there are."""
    with pytest.raises(BadInput, match=r"agreement.yaml: name: .*and 1 more$"):
        read_agreement("{}")
