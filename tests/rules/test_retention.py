"""How long the data of a closed case are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from perintis.rules.agreement import Agreement, read_agreement
from perintis.rules.retention import case_kept, kept_by_term
from perintis.words.agency import Calendar

JAKARTA = Calendar(timezone="Asia/Jakarta", hours={})
CLOSED = datetime(2028, 2, 28, 18, tzinfo=UTC)  # 29 February in Jakarta


def agreed(*retentions: str | None) -> Agreement:
    """An agreement with a term for each retention."""
    terms = "".join(
        f"  - {{article: art. 3({n}), discloses: a, receives: b, fields: [f{n}], purpose: p, legal_basis: law"
        + (f", retention: {kept}}}\n" if kept else "}\n")
        for n, kept in enumerate(retentions, start=1)
    )
    return read_agreement(
        "number: X\ntitle: t\npilot: p\nstatus: draft\nfrom: 2025-01-01\nuntil: 2029-12-31\nopen_cases: finish\n"
        "parties:\n  - {code: a, name: A}\n  - {code: b, name: B}\n" + f"terms:\n{terms}"
    )


@pytest.mark.parametrize(
    ("retentions", "until"),
    [
        (("1 year",), datetime(2029, 2, 28, 17, tzinfo=UTC)),
        (("1 month",), datetime(2028, 3, 29, 17, tzinfo=UTC)),
        (("10 days", "1 year", None), datetime(2029, 2, 28, 17, tzinfo=UTC)),
    ],
)
def test_a_case_goes_after_its_longest_retention(retentions: tuple[str | None, ...], until: datetime) -> None:
    """Days are the lead's; the last day is kept whole; a term without retention adds nothing."""
    assert case_kept(agreed(*retentions), CLOSED, JAKARTA) == until


@pytest.mark.parametrize(
    ("retentions", "reason"),
    [
        ((None,), "no term of agreement X says how long"),
        (("1 year", "with the file"), r"art. 3\(2\) keeps data 'with the file'"),
        (("9000 years",), "beyond the year 9999"),
    ],
)
def test_a_case_never_falls_due_where_no_day_follows(retentions: tuple[str | None, ...], reason: str) -> None:
    """Where one retention cannot be counted the case stays, and the reason is told."""
    kept = case_kept(agreed(*retentions), CLOSED, JAKARTA)
    assert isinstance(kept, str)
    assert re.search(reason, kept)


def test_each_term_has_its_own_end() -> None:
    """Ten days end before a year does."""
    ends = [one.until for one in kept_by_term(agreed("10 days", "1 year", None), CLOSED, JAKARTA)]
    assert ends == [datetime(2028, 3, 10, 17, tzinfo=UTC), datetime(2029, 2, 28, 17, tzinfo=UTC), None]
