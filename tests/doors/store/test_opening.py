"""Opening cases: one for each application, however often and from however many sides it arrives."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from perintis import Case
from perintis.doors.store.database import Database
from perintis.doors.store.opening import NewCase, Opened, differing_fields, open_cases
from tests.small_pilot import START, Application, Decision, Small, check, define


async def checked(case: Case[Application]) -> Decision:
    await check(case)
    return Decision()


@pytest.fixture
def small(database: Database) -> Small:
    return Small(database, define(checked))


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one())


def test_the_same_file_twice_opens_nothing_twice(small: Small) -> None:
    """The second time every application is known."""
    assert len(small.open("r", "s").cases) == 2
    again = small.open("r", "s", "t")
    assert (len(again.cases), again.already_open, again.conflicts) == (1, 2, {})
    small.verify()


def test_the_same_application_twice_in_one_file(small: Small) -> None:
    """One case; a different application under the same reference is named with the fields that differ."""
    opened = small.open("r", "r")
    assert (len(opened.cases), opened.already_open) == (1, 1)
    assert small.open("r", name="somebody else").conflicts == {"r": ["name"]}
    small.run()
    small.verify()


def test_an_application_read_by_a_newer_model_is_the_same_application(small: Small) -> None:
    """A field that the model got since, and that is empty, makes no difference."""
    small.open("r")
    newer = {"reference": "r", "name": "applicant", "office": "north", "telephone": None}
    opened = open_again(small.database, json.dumps(newer))
    assert (opened.already_open, opened.conflicts) == (1, {})


def open_again(database: Database, application: str, reference: str = "r") -> Opened:
    return open_cases(
        database, [NewCase(reference, None, {}, application, None)], pilot="small", version="1", process="to_be",
        lead="office", intake=None, now=START,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [({"a": 1}, {"a": 1}, []), ({"a": 1}, {"a": 2, "b": 1}, ["a", "b"]), ({"a": None}, {}, []), ({"a": 1}, {}, ["a"])],
)
def test_fields_that_differ(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    """By name, never by value."""
    assert differing_fields(json.dumps(before), json.dumps(after)) == expected


def test_several_intakes_of_the_same_file_at_once(database: Database) -> None:
    """Four workers take in the same thousand applications: a thousand cases."""
    applications = [NewCase(f"r{i}", None, {}, "{}", None) for i in range(1_000)]
    found: list[Opened] = []

    def take_in() -> None:
        found.append(
            open_cases(
                database, applications, pilot="small", version="1", process="to_be", lead="office", intake=None,
                now=START,
            )
        )  # fmt: skip

    threads = [threading.Thread(target=take_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 1_000
    assert sorted(len(o.cases) for o in found) == [0, 0, 0, 1_000]
    assert sum(o.already_open for o in found) == 3_000


def test_nothing_is_opened_of_an_empty_file(small: Small) -> None:
    """And nothing goes wrong."""
    assert small.open() == Opened()
