"""The agreement: what may be shown to whom, by which article and until when, and what a refusal says."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, computed_field

from perintis.rules.agreement import (
    Agreement,
    Refusal,
    answered_fields,
    check_step,
    may_disclose,
    read_agreement,
    shown_fields,
    warnings,
    why_no_new_case,
)
from perintis.words.errors import BadInput

PKS_12 = """
number: PKS-12
title: Exchange between Immigration and the Civil Registry
pilot: fast-track
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: stop
parties:
  - {code: imigrasi, name: Directorate General of Immigration}
  - {code: dukcapil, name: Civil Registry}
  - {code: polri, name: National Police}
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
        "imigrasi may not disclose 'religion' to dukcapil: agreement PKS-12 art. 4 lists nik, name"
    ]


def test_an_answer_is_a_disclosure_to_the_lead(agreement: Agreement) -> None:
    """An agency may tell the lead no more than was agreed."""
    assert told(agreement, answered=("match", "address")) == [
        "dukcapil may not disclose 'address' to imigrasi: agreement PKS-12 art. 5 lists match"
    ]


def test_without_a_term_nothing_may_be_shown(agreement: Agreement) -> None:
    """Silence is a no."""
    assert told(agreement, "name", agency="polri") == [
        "imigrasi may not disclose 'name' to polri: agreement PKS-12 has no term on what imigrasi may disclose to polri"
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


STRANGER = "art. 4 names bpjs, which is not among the parties"
TWICE = "line 6: 'status' is written twice"
SIGNED_BY = "\nsignatories: [{party: imigrasi, office: Director, signed: 2026-01-01}]"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("receives: dukcapil", "receives: bpjs", STRANGER),
        ("\nuntil: 2026-12-31", "\nuntil: 2025-12-31", "the agreement ends before it begins"),
        ("    until: 2026-12-31", "    until: 2025-12-31", "art. 4 ends before it begins"),
        ("    until: 2026-12-31", "    until: 2027-01-01", "art. 4 holds on days on which the agreement does not"),
        ("    until: 2026-12-31", "    until: someday", "terms, entry 1, until"),
        ("[nik, name]", "[nik, nik]", "art. 4 lists a field twice"),
        ("[nik, name]", "[]", "terms, entry 1, fields"),
        ("receives: dukcapil", "receives: imigrasi", "art. 4: an agency needs no agreement with itself"),
        ("article: art. 5", "article: art. 4", "art. 4 is written twice"),
        ("article: art. 5", "article: art. 4(2)", "art. 4 has paragraphs too; give it a paragraph of its own"),
        ("article: art. 4", "article: section 4", "write the article as `art. 4`"),
        ("purpose: confirm", "porpose: confirm", "terms, entry 1, porpose: is not a field here"),
        ("legal_basis: UU 24/2013", "legal_basis: ''", "terms, entry 1, legal_basis"),
        ("code: polri", "code: dukcapil", "dukcapil is among the parties twice"),
        ("open_cases: stop", "open_cases: perhaps", "open_cases: is none of 'finish' or 'stop'"),
        ("pilot: fast-track", "pilot: fast-track\nversion: 2", "a later version says which one it replaces"),
        ("pilot: fast-track", "pilot: fast-track\nreplaces: {number: PKS-12, version: 1}", "cannot replace itself"),
        ("status: draft", "status: signed", "it is said to be signed, but dukcapil has no signatory with a day"),
        ("status: draft", "status: signed" + SIGNED_BY, "but dukcapil has no signatory with a day"),
        ("status: draft", "status: maybe", "status: is none of 'draft' or 'signed'"),
        ("status: draft", "status: signed\nstatus: draft", TWICE),
        ("from: 2026-01-01", "from: 2026-13-01", "line 6: '2026-13-01' is not a day of the calendar"),
        (
            "pilot: fast-track",
            "pilot: fast-track\ndata: {nik: {name: NIK}}",
            "name is disclosed, but `data` does not say",
        ),
        ("terms:", "terms: [", "this is not YAML"),
    ],
)
def test_an_agreement_that_does_not_hold_together_is_refused(old: str, new: str, fault: str) -> None:
    """The error names the file, the entry counted from one, and the fault."""
    assert old in PKS_12
    with pytest.raises(BadInput) as refused:
        read_agreement(PKS_12.replace(old, new, 1), "pilots/x/agreement.yaml")
    assert str(refused.value).startswith("pilots/x/agreement.yaml")
    assert fault in str(refused.value)


def test_many_faults_are_told_in_one_sentence() -> None:
    """The first five, and how many more there are."""
    with pytest.raises(BadInput, match=r"agreement.yaml: number: .*and \d more$"):
        read_agreement("{}")


def test_a_term_without_days_has_those_of_the_agreement(agreement: Agreement) -> None:
    """A lawyer writes the duration once."""
    days = "    from: 2026-01-01\n    until: 2026-12-31\n"
    assert days in PKS_12
    assert read_agreement(PKS_12.replace(days, "")) == agreement


SOME_DAYS = """
number: MoU-3
title: Days
pilot: p
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: OPEN_CASES
parties: [{code: a, name: A}, {code: b, name: B}]
terms:
  - {article: art. 1, discloses: a, receives: b, fields: [x], purpose: p, legal_basis: l}
  - {article: art. 2, discloses: a, receives: b, fields: [y], purpose: p, legal_basis: l, until: 2026-06-30}
  - {article: art. 3, discloses: a, receives: b, fields: [y], purpose: p, legal_basis: l, from: 2026-10-01}
"""
NO_MORE = "and nothing more is disclosed of those that are open"
BEFORE, DURING, LATE, AFTER = date(2025, 12, 1), date(2026, 3, 1), date(2026, 11, 1), date(2027, 2, 1)


@pytest.mark.parametrize(
    ("open_cases", "field", "on", "opened", "article"),
    [
        ("finish", "x", DURING, DURING, "art. 1"),
        ("finish", "x", AFTER, DURING, "art. 1"),  # open cases may finish
        ("stop", "x", AFTER, DURING, None),
        ("finish", "x", AFTER, AFTER, None),  # not one that was opened after the end
        ("finish", "x", AFTER, BEFORE, None),  # nor before the beginning
        ("finish", "x", AFTER, None, None),
        ("finish", "x", BEFORE, BEFORE, None),  # nothing holds before it begins
        ("finish", "y", DURING, DURING, "art. 2"),
        ("finish", "y", date(2026, 8, 1), DURING, None),  # a term that ended early has ended for all
        ("finish", "y", LATE, LATE, "art. 3"),
        ("finish", "y", AFTER, LATE, "art. 3"),
        ("finish", "y", AFTER, DURING, None),  # the term that runs to the end did not hold when the case was opened
    ],
)
def test_open_cases_finish_where_the_agreement_says_so(
    open_cases: str, field: str, on: date, opened: date | None, article: str | None
) -> None:
    """By terms that ran to the agreement's last day, for cases opened while they held; else nothing is shown."""
    agreement = read_agreement(SOME_DAYS.replace("OPEN_CASES", open_cases))
    decided = may_disclose(agreement, discloses="a", receives="b", fields=[field], on=on, opened=opened)
    assert ([d.term.article for d in decided] if isinstance(decided, tuple) else None) == (article and [article])


def test_a_disclosure_says_which_fields_rest_on_which_article() -> None:
    """Fields are grouped by the term that allows them; marks are none; the number follows from what it says."""
    agreement = read_agreement(SOME_DAYS.replace("OPEN_CASES", "stop"))
    asked = {"discloses": "a", "receives": "b", "fields": ["x", "y", "simulated"]}
    early, again = (may_disclose(agreement, **asked, on=DURING) for _ in range(2))  # type: ignore[arg-type]
    late = may_disclose(agreement, **asked, on=LATE)  # type: ignore[arg-type]
    assert not isinstance(early, Refusal)
    assert not isinstance(again, Refusal)
    assert not isinstance(late, Refusal)
    assert [(d.fields, d.term.article) for d in early] == [(("x",), "art. 1"), (("y",), "art. 2")]
    assert [d.id for d in early] == [d.id for d in again]
    assert early[0].id == late[0].id != late[1].id != early[1].id


@pytest.mark.parametrize(
    ("on", "told"),
    [
        (date(2025, 12, 31), ["agreement MoU-3 is not in force before 2026-01-01; no case can be opened"]),
        (date(2026, 1, 1), []),
        (date(2026, 5, 31), []),
        (date(2026, 6, 1), ["art. 2 of agreement MoU-3 ends on 2026-06-30, in 29 days"]),
        (date(2026, 6, 30), ["art. 2 of agreement MoU-3 ends on 2026-06-30, today"]),
        (date(2026, 12, 1), []),
        (date(2026, 12, 2), [f"agreement MoU-3 ends on 2026-12-31, in 29 days; then no case can be opened, {NO_MORE}"]),
        (date(2027, 1, 1), [f"agreement MoU-3 ended on 2026-12-31; no case can be opened, {NO_MORE}"]),
    ],
)  # fmt: skip
def test_thirty_days_ahead_the_end_is_warned_of(on: date, told: list[str]) -> None:
    """Time enough to sign the next one; also where only one term ends."""
    assert list(warnings(read_agreement(SOME_DAYS.replace("OPEN_CASES", "stop")), on)) == told


@pytest.mark.parametrize(
    ("on", "why"),
    [
        (date(2025, 12, 31), "and today is 2025-12-31: no case may be opened before it is in force"),
        (date(2026, 1, 1), None),
        (date(2026, 12, 31), None),
        (date(2027, 1, 1), "and today is 2027-01-01: no case may be opened any more; sign the next version"),
    ],
)
def test_a_new_case_needs_an_agreement_in_force(on: date, why: str | None) -> None:
    """First and last day included; the sentence has the dates."""
    told = why_no_new_case(read_agreement(SOME_DAYS.replace("OPEN_CASES", "finish")), on)
    assert told == (why and f"agreement MoU-3 is in force from 2026-01-01 until 2026-12-31, {why}")


class Nested(BaseModel):
    street: str


class Shown(BaseModel):
    name: str
    home: Nested | None = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def initials(self) -> str:
        """Goes out with the request although nobody filled it in."""
        return self.name[0]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    fit: bool


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (Shown, ("name", "home", "initials")),
        (Open, ("fit", "any other field")),  # what it may carry besides nobody can have agreed to
        (Open | Nested | None, ("fit", "any other field", "street")),
        (Annotated[Nested, "note"], ("street",)),
        (None, ()),
        (str, ("answer",)),
        (list[Nested], ("answer",)),
        (dict[str, str], ("answer",)),
    ],
)
def test_everything_that_an_answer_would_show_has_a_name(answer: Any, fields: tuple[str, ...]) -> None:
    """Computed fields, alternatives, and whatever is no model: nothing passes unnamed."""
    assert answered_fields(answer) == fields
    if answer is Shown:
        assert shown_fields(Shown) == fields


NAMES = st.sampled_from(["a", "b", "c"])
FIELDS = st.lists(st.sampled_from(["u", "v", "w", "x", "y", "z"]), min_size=1, max_size=4, unique=True)
END = date(2027, 6, 30)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(
    listed=st.lists(st.tuples(NAMES, NAMES, FIELDS, DAYS, DAYS), min_size=1, max_size=6),
    asked=st.lists(st.sampled_from(["u", "v", "w", "x", "y", "z", "other"]), unique=True),
    pair=st.tuples(NAMES, NAMES),
    on=DAYS,
    opened=DAYS,
    open_cases=st.sampled_from(["finish", "stop"]),
)
def test_no_field_leaves_that_no_term_lists(
    listed: list[tuple[str, str, list[str], date, date]], asked: list[str], pair: tuple[str, str], on: date,
    opened: date, open_cases: str,
) -> None:  # fmt: skip
    """Whatever the agreement: every field that may be shown stands in a term for that pair that holds for the case."""
    terms = [
        {"article": f"art. {n}", "discloses": a, "receives": b, "fields": fields, "purpose": "p", "legal_basis": "l",
         "from": min(days), "until": max(days)}
        for n, (a, b, fields, *days) in enumerate(listed, start=1)
        if a != b and max(days) <= END
    ]  # fmt: skip
    agreement = Agreement.model_validate({
        "number": "M", "title": "t", "pilot": "p", "status": "draft", "from": date(2025, 1, 1),
        "until": END, "open_cases": open_cases,
        "parties": [{"code": code, "name": code} for code in "abc"],
        "terms": terms,
    })  # fmt: skip
    decided = may_disclose(agreement, discloses=pair[0], receives=pair[1], fields=asked, on=on, opened=opened)
    listing = {
        field
        for t in agreement.terms
        if (t.discloses, t.receives) == pair
        and (t.valid_from <= on <= t.until
             or (open_cases == "finish" and t.until == agreement.until < on and t.valid_from <= opened <= t.until))
        for field in t.fields
    }  # fmt: skip
    if isinstance(decided, Refusal):
        assert set(decided.fields) == set(asked) - listing != set()
    else:
        assert {field for d in decided for field in d.fields} == set(asked) <= listing
        assert all((d.term.discloses, d.term.receives) == pair for d in decided)
