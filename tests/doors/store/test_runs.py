"""The end of a run reads what was completed since the run before it, however large the store has become."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from perintis.doors.store.database import Database
from perintis.doors.store.runs import COMPLETED_SINCE, COUNTED_SINCE
from tests.databases import new_sqlite


def test_the_figures_of_a_run_do_not_read_every_case(tmp_path: Path) -> None:
    """Else an officer who answers one case would wait for a look at all of them."""
    database = Database(new_sqlite(tmp_path / "perintis.db"))
    given = {"pilot": "small", "process": "to_be", "since": 1, "until": 2}
    with database.read() as connection:
        steps, figures = (
            [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"), given)]
            for query in (COMPLETED_SINCE, COUNTED_SINCE)
        )
    database.close()
    assert figures == ["SEARCH cases USING INDEX ix_cases_closed (pilot=? AND process=? AND closed>? AND closed<?)"]
    assert steps == [
        "SEARCH work USING INDEX ix_work_completed (completed>? AND completed<?)",
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)",
    ]
