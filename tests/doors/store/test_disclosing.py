"""The tables of the record of processing: only added to, each term once, nothing without its event and its term."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from perintis.doors.store.database import Database
from perintis.doors.store.disclosing import keep_terms
from perintis.doors.store.verifying import verify_store
from perintis.rules.agreement import Disclosure, may_disclose, read_agreement
from tests.engine.agreeing import AGREEMENT, KINDS, ask_tax, at_work


def test_the_record_cannot_be_changed_and_holds_no_value(database: Database, tmp_path: Path) -> None:
    """Rows are only added; the name that was shown stands nowhere in them."""
    small = at_work(database, tmp_path, [KINDS["automatic"](ask_tax)])
    small.open("R-1", name="Marked Name")
    small.run()
    with small.database.read() as connection:
        kept = [
            tuple(row)
            for t in ("disclosures", "disclosure_terms")
            for row in connection.execute(text(f"SELECT * FROM {t}"))
        ]
    assert len(kept) == 4
    assert "Marked" not in repr(kept)
    for act in ("UPDATE disclosures SET seq = 1", "DELETE FROM disclosures", "DELETE FROM disclosure_terms"):
        with pytest.raises(Exception, match="only added"), small.database.write() as connection:
            connection.execute(text(act))


@pytest.mark.parametrize(
    "row",
    [
        "1, 99, (SELECT min(id) FROM disclosure_terms)",  # no such event
        "1, 1, 42",  # no such term
    ],
)
def test_a_disclosure_that_belongs_to_nothing_is_found(database: Database, tmp_path: Path, row: str) -> None:
    """Whoever writes a line past the program is found by `perintis db verify`; the same line twice is refused."""
    small = at_work(database, tmp_path, [KINDS["automatic"](ask_tax)])
    small.open("R-1")
    small.run()
    small.verify()
    insert = f"INSERT INTO disclosures (case_id, seq, term_id) VALUES ({row})"
    with database.write() as connection:
        connection.execute(text(insert))
    told = "case 1: 1 of its disclosures belong to no event or to no term of an agreement"
    assert [str(problem) for problem in verify_store(database)] == [told]
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text(insert))


def test_a_term_is_kept_once_by_whoever_comes_first(database: Database) -> None:
    """Two workers that know nothing of each other keep the same row."""
    agreement = read_agreement(AGREEMENT.replace("OPEN_CASES", "stop"))
    found = may_disclose(agreement, discloses="office", receives="tax", fields=["name"], on=None)
    assert isinstance(found, tuple)
    for _ in range(2):
        keep_terms(database, found)
        database.kept_terms.clear()
    again = Disclosure(agreement.number, 2, ("name",), found[0].term)
    keep_terms(database, [*found, again])
    with database.read() as connection:
        rows = connection.execute(
            text("SELECT id, version, fields, article FROM disclosure_terms ORDER BY version")
        ).all()
    assert [tuple(row) for row in rows] == [
        (found[0].id, 1, "name", "art. 1(1)"),
        (again.id, 2, "name", "art. 1(1)"),
    ]
