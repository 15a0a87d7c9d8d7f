"""`perintis harm`: a trip pauses the intake until somebody answers it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from perintis.doors.settings import read_settings
from perintis.doors.store.harm_trips import record_trip
from perintis.doors.store.upgrading import open_database
from tests.faces.office import Office, application, write_csv

AT = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
ANSWER = ("harm", "small", "--answer", 1, "--by", "steering committee", "--reason", "untrained officers")


@pytest.fixture
def tripped(office: Office) -> Office:
    """One case is open, and the monitor has tripped once."""
    office.opened(application(1))
    record(office)
    return office


def record(office: Office, pilot: str = "small") -> None:
    """A trip as an evaluation records it."""
    assert os.getcwd() == str(office.folder)
    database = open_database(read_settings())
    record_trip(
        database, pilot, "error_rate", estimate=-0.06, bound=-0.03,
        sentence="error_rate has been worse than the baseline since 2026-03-05", data_until=AT, at=AT,
    )  # fmt: skip
    database.close()


def test_an_intake_is_refused_until_somebody_answers(tripped: Office) -> None:
    """The sentence says how; open cases go on; after --resume the same file is taken."""
    file = write_csv(tripped.folder / "new.csv", [application(2)])
    intake = ("run", "small", file, "--without-prefect", "--json")
    refused = tripped(*intake)
    assert refused.status == 1
    assert "small takes no new cases since 9 March 2026" in refused.err
    assert "perintis harm small --answer 1 --by ROLE --reason WHY --resume" in refused.err
    tripped.done("run", "small", "--without-prefect")
    assert "small opens no new cases: the harm monitor tripped" in tripped.done("status", "small").out
    tripped.done(*ANSWER, "--resume")
    assert tripped.done(*intake).json["opened"] == 1
    assert "opens no new cases" not in tripped.done("status", "small").out


def test_the_list_says_what_was_seen_and_what_was_answered(tripped: Office) -> None:
    """Oldest first, in the office's time; the last line says whether new cases are opened."""
    told = tripped.done("harm", "small").out
    assert "1  Mon 9 Mar 2026 10:00  error_rate" in told
    assert "Nobody has answered." in told
    assert "No new cases are opened until `perintis harm small --answer 1" in told
    told = tripped.done(*ANSWER, "--stop").out
    assert "Stop, said steering committee on" in told
    assert "No new cases are opened; open ones go on." in told
    assert (
        "the answer was to stop" in tripped("run", "small", write_csv(tripped.folder / "n.csv", [application(2)])).err
    )
    assert [m["kind"] for m in tripped.done("history", "small", "--json").json if "harm" in str(m)] == ["harm"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("harm", "small", "--answer", 1, "--reason", "r", "--resume"), "say who answers with --by"),
        (("harm", "small", "--answer", 1, "--by", "head", "--resume"), "say why with --reason"),
        (ANSWER, "say what follows: --resume"),
        (("harm", "small", "--answer", 2, *ANSWER[4:], "--resume"), "there is no harm trip 2 of small"),
        (("harm", "small", "--by", "head"), "say which trip is answered with --answer N"),
        (("harm", "smal"), "there is no pilot 'smal'"),
    ],
)
def test_an_answer_names_a_trip_a_person_and_a_reason(
    tripped: Office, arguments: tuple[object, ...], told: str
) -> None:
    """Otherwise nothing is written."""
    record(tripped, "other")  # trip 2 is another pilot's
    answer = tripped(*arguments)
    assert answer.status == 1
    assert told in answer.err
    assert tripped.done("harm", "small", "--json").json[0]["answered_by"] is None


def test_a_stop_can_be_taken_back_by_a_second_person(tripped: Office) -> None:
    """The list says how; both answers stay in it and in the history."""
    told = tripped.done(*ANSWER, "--stop").out
    assert "--answer 1 --by ROLE --reason WHY --resume --confirmed-by OTHER" in " ".join(told.split())
    assert "a second person has to be named with --confirmed-by" in tripped(*ANSWER, "--resume").err
    told = tripped.done(*ANSWER, "--resume", "--confirmed-by", "inspector").out
    assert "Stop, said steering committee" in told
    assert "(confirmed by inspector)" in " ".join(told.split())
    assert "New cases are opened." in told
    assert tripped.done("harm", "small", "--json").json[0]["pauses"] is False
    assert "opens no new cases" not in tripped.done("status", "small").out
    said = [m["title"] for m in tripped.done("history", "small", "--json").json if m["kind"] == "resumed"]
    assert said == ["intake stays paused", "intake resumed"]
    assert "harm trip 1 was answered already" in tripped(*ANSWER, "--resume", "--confirmed-by", "x").err


def test_a_pilot_without_trips(office: Office) -> None:
    """Says so."""
    assert "has seen nothing of small" in office.done("harm", "small").out
    assert office.done("harm", "small", "--json").json == []
