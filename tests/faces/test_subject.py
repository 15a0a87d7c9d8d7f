"""What a person may ask for, from the command line: found by identity, shown, set aside, held, erased."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing

import pytest

from tests.faces.office import Answer, Office, application

NIK = "3173014507900001"
BY = ("--officer", "dpo", "--reason", "letter 12")


@pytest.fixture
def opened(office: Office) -> Office:
    """Two cases of two persons, both waiting for the laboratory."""
    office.opened(application(1), application(2))
    return office


def about(office: Office, monkeypatch: pytest.MonkeyPatch, person: str, *arguments: str) -> Answer:
    """Run `perintis subject ARGUMENTS` with the person on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(person + "\n"))
    return office("subject", *arguments)


@pytest.mark.parametrize("person", [NIK, "siti  NOMOR xx"], ids=["number", "name"])
def test_a_person_is_found_by_what_identifies_them(
    opened: Office, monkeypatch: pytest.MonkeyPatch, person: str
) -> None:
    """Exactly, but for capitals and spaces; the answer says in which field."""
    (found,) = about(opened, monkeypatch, person, "find", "small", "--json").json
    assert found["reference"] == "A-001"
    assert found["named_in"] == (["nik"] if person == NIK else ["full_name"])


@pytest.mark.parametrize(
    "person", ["317301450790000", "Siti", "north", ""], ids=["part", "first name", "office", "none"]
)
def test_nobody_is_found_by_less(opened: Office, monkeypatch: pytest.MonkeyPatch, person: str) -> None:
    """One sentence, which does not repeat whom one looked for."""
    answer = about(opened, monkeypatch, person, "find", "small")
    assert (answer.status, answer.out) == (1, "")
    assert not person or person not in answer.err


def test_everything_is_shown_and_that_it_was_shown_is_an_event(opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Application, answers, events, disclosures; who asked and why comes last."""
    (traced,) = about(opened, monkeypatch, NIK, "trace", "small", *BY, "--json").json
    assert traced["application"]["nik"] == NIK
    assert traced["disclosures"][0]["fields"] == ["nik"]
    assert traced["answers"][0]["answer"] == {"known": True}
    last = traced["events"][-1]
    assert (last["step"], last["officer"], last["reason"]) == ("person.trace", "dpo", "letter 12")
    text = about(opened, monkeypatch, NIK, "trace", "small", *BY).out
    assert f"application.nik: {NIK}" in text
    assert "person.trace complete by dpo, because: letter 12" in text


def test_erased_it_is_gone_and_the_rest_still_holds(opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused while the case is open; withdrawn and erased, the person cannot be found any more."""
    erase = ("subject", "erase", "small", "--case", "A-001", *BY, "--yes")
    assert "still open" in opened(*erase).err
    assert opened.done(*erase, "--force-withdraw", "--json").json == [
        {"case": 1, "reference": "A-001", "state": "erased"}
    ]
    assert about(opened, monkeypatch, NIK, "find", "small").status == 1
    assert opened.done("case", "A-001", "--personal", "--json").json["application"] == {}
    assert "All is well" in opened.done("db", "verify").out
    assert "was erased on" in opened(*erase).err


def test_a_legal_hold_keeps_it(opened: Office) -> None:
    """Until it is released."""
    opened.done("subject", "hold", "small", "--case", "A-001", *BY)
    erase = ("subject", "erase", "small", "--case", "A-001", *BY, "--yes", "--force-withdraw")
    assert "legal hold" in opened(*erase).err
    opened.done("subject", "release", "small", "--case", "A-001", *BY)
    opened.done(*erase)


def test_a_restricted_case_is_in_no_list(opened: Office) -> None:
    """Nor is its personal data shown; lifted, it is back."""
    opened.done("subject", "restrict", "small", "--case", "A-001", *BY)
    assert [case["reference"] for case in opened.done("status", "--json").json] == ["A-002"]
    assert [work["reference"] for work in opened.done("inbox", "lab", "--json").json] == ["A-002"]
    assert "is restricted" in opened("case", "A-001", "--personal").err
    opened.done("subject", "lift", "small", "--case", "A-001", *BY)
    assert len(opened.done("inbox", "lab", "--json").json) == 2


def test_identities_leave_with_a_reason_only(opened: Office) -> None:
    """Pseudonyms by default; without officer and reason nothing is written."""
    opened.done("export", "small", "out.csv")
    assert "A-001" not in (opened.folder / "out.csv").read_text("utf-8")
    assert opened("export", "small", "named.csv", "--identifiable").status == 1
    assert not (opened.folder / "named.csv").exists()
    opened.done("export", "small", "named.csv", "--identifiable", *BY)
    assert "A-001" in (opened.folder / "named.csv").read_text("utf-8")


def test_an_export_with_identities_is_in_the_record_of_processing(opened: Office) -> None:
    """Who and why; it stays with the lead, so another agency gets none."""
    refused = opened("export", "small", "named.csv", "--identifiable", "--for", "lab", *BY)
    assert (refused.status, "identities stay with desk" in refused.err) == (1, True)
    opened.done("export", "small", "named.csv", "--identifiable", *BY)
    told = [line for line in opened.done("disclosures", "small", "--json").json if line["step"] == "export"]
    assert [(line["discloses"], line["receives"], line["fields"], line["reason"]) for line in told] == [
        ("desk", "desk", ["reference", "officer"], f"{BY[1]}: {BY[3]}")
    ]
    assert "instead of pseudonyms" in opened.done("disclosures", "small").out
    [traced] = opened.done("subject", "trace", "small", "--case", "A-001", *BY, "--json").json
    assert [(export["officer"], export["reason"]) for export in traced["exports"]] == [(BY[1], BY[3])]
    assert "exported with its reference" in opened.done("subject", "trace", "small", "--case", "A-001", *BY).out
    assert all(
        line["step"] != "export" for line in opened.done("disclosures", "small", "--agency", "lab", "--json").json
    )


def test_what_is_sealed_is_verified_where_the_key_is(opened: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case and event are named; without the key the chain alone is verified, and a sentence says so."""
    assert "sealed texts opened" in opened.done("db", "verify").out
    with closing(sqlite3.connect(next(opened.folder.rglob("perintis.db")))) as store:
        store.execute("UPDATE payloads SET application = 'AAAA' WHERE case_id = 2")
        store.commit()
    found = opened("db", "verify", "--json")
    assert found.status == 1
    assert [(line["case"], line["seq"]) for line in json.loads(found.out)] == [(2, 1)]
    assert opened.done("db", "verify", "--no-contents", "--json").json == []
    monkeypatch.setenv("PERINTIS_KEY", "11" * 32)
    assert "sealed with key" in opened("db", "verify", "--contents").err
    without = opened.done("db", "verify")
    assert "was not opened" in without.err
    assert "sealed text" not in without.out
