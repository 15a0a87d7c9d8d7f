"""What leaves as a data set has pseudonyms; identities leave with a reason that is kept."""

from __future__ import annotations

from pathlib import Path

from perintis import Case
from perintis.doors.store.analysis import pilot_dataset
from perintis.doors.store.database import Database
from perintis.doors.vault.exporting import pseudonymous
from perintis.words.recorded import Process
from tests.small_pilot import Application, Decision, Small, check, define


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


def test_cases_and_officers_have_the_same_pseudonym_in_both_tables(database: Database, tmp_path: Path) -> None:
    """Another purpose has others; everything else stays."""
    small = Small(database, define(checked), tmp_path)
    small.open("R-1", "R-2")
    small.run()
    small.answer(1, "office.check 1", officer="Siti")
    data = pilot_dataset(database, small.definition.pilot, process=Process.TO_BE, rehearsal=None, until=small.now)
    export, audit = (pseudonymous(database, data, "office", purpose) for purpose in ("export", "audit"))
    cases = export.cases.get_column("case").to_list()
    assert len(set(cases)) == 2
    assert set(export.steps.get_column("case")) == set(cases)
    assert not set(cases) & (set(data.cases.get_column("case")) | set(audit.cases.get_column("case")))
    assert "Siti" not in export.steps.get_column("officer").to_list()
    assert export.cases.drop("case").equals(data.cases.drop("case"))
