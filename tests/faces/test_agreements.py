"""Agreements from the command line: read as a document, compared, enforced, and the record of what was disclosed."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, timedelta

import pytest

from perintis.faces.cli import answer_command
from perintis.faces.cli.app import run
from tests.faces.office import AGREEMENT, Office, application, write_csv


def write_agreement(office: Office, text: str) -> None:
    """Put an agreement in place, as another process would find it."""
    (office.folder / "pilots" / "small" / "agreement.yaml").write_text(text, "utf-8")
    office.forget()


def test_an_agreement_reads_as_a_document(office: Office) -> None:
    """Parties by their full names, articles in order, who tells whom what, by which law, until when; signatures."""
    told = office.done("agreement", "show", "small", "--lang", "id").out
    inside = " ".join(told.split())
    for part in (
        "PERJANJIAN KERJA SAMA TENTANG A SMALL PILOT NOMOR: MoU-7",
        "RANCANGAN. Naskah ini belum ditandatangani",
        "untuk dan atas nama Front Desk, selanjutnya disebut PIHAK KESATU;",
        "PIHAK KESATU sampai dengan PIHAK KETIGA secara bersama-sama disebut PARA PIHAK",
        "Pasal 1 Pengungkapan Data (1) PIHAK KESATU (Front Desk) mengungkapkan data berikut kepada PIHAK KETIGA (Civil",
        "(4) PIHAK KEDUA (State Laboratory) mengungkapkan data berikut kepada PIHAK KESATU (Front Desk) untuk decide:",
        "decide: a. fit; b. grade; c. level; d. remarks; dan e. known. Dasar hukum: a law.",
        "Pasal 2 Jangka Waktu (1) Perjanjian Kerja Sama ini berlaku sejak tanggal 1 Januari 2020 sampai dengan",
        "dibuat dalam rangkap 3 (tiga)",
        "LAMPIRAN: DATA YANG DIUNGKAPKAN",
    ):
        assert part in inside, part
    assert "The FIRST PARTY (Front Desk) discloses the following data" in " ".join(
        office.done("agreement", "show", "small").out.split()
    )
    assert office.done("agreement", "show", "small", "--json").json["number"] == "MoU-7"


@pytest.mark.parametrize(
    ("name", "holds"), [("a.html", '<html lang="id">'), ("a.md", "# PERJANJIAN"), ("a.txt", "NOMOR")]
)
def test_a_document_is_written_by_the_ending_of_its_name(office: Office, name: str, holds: str) -> None:
    """For the screen, for a word processor, for print."""
    office.done("agreement", "show", "small", "--lang", "id", "--out", office.folder / name)
    assert holds in (office.folder / name).read_text("utf-8")
    assert "use .md, .html, .txt" in office("agreement", "show", "small", "--out", "a.docx").err


def test_a_new_version_is_compared_before_it_takes_effect(office: Office) -> None:
    """Which steps it touches, how, and how many open cases may come to them; status 1 where one would be refused."""
    office.opened(application(1), application(2))
    new = office.folder / "new.yaml"
    text = AGREEMENT.replace("pilot: small", "pilot: small\nversion: 2\nreplaces: {number: MoU-7, version: 1}")
    new.write_text(text, "utf-8")
    assert "Nothing changes." in office.done("agreement", "diff", "small", new).out
    new.write_text(text.replace("fields: [full_name]", "fields: [name]").replace("finish", "stop"), "utf-8")
    answer = office("agreement", "diff", "small", new, "--json")
    assert answer.status == 1
    assert "these steps would be refused: lab.confirm, lab.examine" in answer.err
    found = json.loads(answer.out)
    assert found["general"] == ["cases that are open at its end stop, where before they finish"]
    steps = {s["step"]: (s["open_cases_there"], s["open_cases_before_it"], s["refused"]) for s in found["steps"]}
    assert steps == {"lab.examine": (2, 0, True), "lab.confirm": (0, 2, True)}
    assert found["steps"][0]["changes"] == ["desk to lab, 'full_name': allowed by art. 1(3), not allowed any more"]
    new.write_text(AGREEMENT.replace("pilot: small", "pilot: other"), "utf-8")
    assert "new.yaml is on pilot other, not on small" in office("agreement", "diff", "small", new).err


def test_a_case_that_may_not_go_on_says_why_and_goes_on_once_it_may(office: Office) -> None:
    """The article in the status, in the list of refusals, and a retry after the agreement was amended."""
    write_agreement(office, AGREEMENT.replace("fields: [full_name]", "fields: [name]"))
    office.opened(application(1))
    [case] = office.done("status", "--json").json
    sentence = "desk may not disclose 'full_name' to lab: agreement MoU-7 art. 1(3) lists name"
    assert (case["status"], case["problem"]) == ("failed", f"not-agreed: {sentence}")
    refused = office.done("disclosures", "small")
    assert f"A-001: {sentence}; once it is amended, `perintis retry {case['case']}`" in refused.err
    write_agreement(office, AGREEMENT)
    office.done("retry", "A-001")
    assert office.done("status", "--json").json[0]["status"] == "waiting"
    assert office.done("disclosures", "small").err == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (AGREEMENT.replace("pilot: small", "pilot: other"), "is on pilot other, not on small"),
        (AGREEMENT.replace("terms:", "trems:"), "trems"),
    ],
)
def test_an_agreement_that_no_run_would_take_is_one_problem_of_the_check(office: Office, text: str, told: str) -> None:
    """The check says so among everything else it finds; a run, and the agreement as a document, are refused by it."""
    write_agreement(office, text)
    answer = office("check", "small", "--json")
    [problem] = [p for p in json.loads(answer.out) if p["where"] == "agreement.yaml"]
    assert (answer.status, told in problem["message"]) == (1, True)
    for command in ("run", "agreement show", "agreement diff"):
        refused = office(*command.split(), "small", *([office.folder / "new.yaml"] if "diff" in command else []))
        assert (refused.status, told in refused.err) == (1, True), command


def days(first: int, last: int) -> str:
    """The agreement, in force from so many days from now until so many days from now."""
    today = date.today()  # noqa: DTZ011
    return AGREEMENT.replace("2020-01-01", str(today + timedelta(days=first))).replace(
        "2099-12-31", str(today + timedelta(days=last))
    )


@pytest.mark.parametrize(
    ("first", "last", "refusal", "warning"),
    [
        (-400, 400, None, None),
        (-400, 20, None, "agreement MoU-7 ends on"),
        (-400, -2, "no case may be opened any more; sign the next version", "agreement MoU-7 ended on"),
        (3, 400, "no case may be opened before it is in force", "agreement MoU-7 is not in force before"),
    ],
)
def test_outside_its_days_no_case_is_opened_and_before_its_end_it_warns(
    office: Office, first: int, last: int, refusal: str | None, warning: str | None
) -> None:
    """In `run`, `status` and `check`; with both dates in the sentence."""
    office.opened(application(1))
    write_agreement(office, days(first, last))
    file = office.folder / "more.csv"
    file.write_text((office.folder / "applications.csv").read_text().replace("A-001", "A-002"))
    taken = office("run", "small", file, "--without-prefect")
    assert (taken.status, refusal or "") == (1 if refusal else 0, refusal if refusal and refusal in taken.err else "")
    for command in (("run", "small", "--without-prefect"), ("status",)):
        assert (warning or "MoU-7") in office.done(*command).err or warning is None
    assert any(warning in p["message"] for p in office("check", "small", "--json").json) if warning else True
    assert len(office.done("status", "--json").json) == (1 if refusal else 2)


def test_a_draft_takes_made_up_persons_only_which_is_said(office: Office) -> None:
    """Whoever hands applications in is told, and so is whoever checks; the cases are opened."""
    write_csv(office.folder / "a.csv", [application(1)])
    done = office.done("run", "small", office.folder / "a.csv", "--without-prefect")
    assert "is a draft and not signed: enter made-up persons only, until it is" in done.err
    assert any("is a draft and not signed" in p["message"] for p in office("check", "small", "--json").json)


def test_without_an_agreement_no_other_agency_is_asked(office: Office) -> None:
    """`run` refuses in one sentence and opens nothing; an answer is not taken in either."""
    office.opened(application(1))
    (office.folder / "pilots" / "small" / "agreement.yaml").unlink()
    office.forget()
    refused = office("run", "small", office.folder / "applications.csv", "--without-prefect")
    assert refused.status == 1
    assert refused.err.startswith("error: pilots/small/agreement.yaml is missing, so nothing may be disclosed to ")
    [item] = office.done("inbox", "lab", "--json").json
    answer = office("answer", item["work"], "--set", "fit=yes", "--set", "grade=good")
    assert "not-agreed: desk may disclose nothing to lab: pilots/small/agreement.yaml is missing" in answer.err


def test_the_record_of_processing(office: Office) -> None:
    """Each disclosure with fields, purpose, law, article and time; by case, agency and day; JSON and CSV; no value."""
    office.opened(application(1), application(2))
    [item, _] = office.done("inbox", "lab", "--json").json
    office.done("answer", item["work"], "--set", "fit=yes", "--set", "grade=good", "--no-advance")
    lines = office.done("disclosures", "small", "--json").json
    one = [
        (e["discloses"], e["receives"], e["fields"], e["article"], e["step"])
        for e in lines
        if e["reference"] == "A-001"
    ]
    assert one == [
        ("desk", "register", ["nik"], "art. 1(1)", "register.look_up"),
        ("register", "desk", ["known"], "art. 1(2)", "register.look_up"),
        ("desk", "lab", ["full_name"], "art. 1(3)", "lab.examine"),
        ("lab", "desk", ["fit", "grade", "level", "remarks"], "art. 1(4)", "lab.examine"),
    ]
    assert {
        (e["agreement"], e["version"], e["purpose"], e["legal_basis"]) for e in lines if e["article"] == "art. 1(3)"
    } == {("MoU-7", 1, "examine", "a law")}
    assert len(office.done("disclosures", "small", "--agency", "lab", "--json").json) == 3
    assert len(office.done("disclosures", "small", "--case", "A-002", "--json").json) == 3
    assert office.done("disclosures", "small", "--since", "2099-01-01", "--json").json == []
    file = office.folder / "record.csv"
    office.done("disclosures", "small", "--out", file)
    assert len(list(csv.DictReader(file.read_text("utf-8").splitlines()))) == len(lines) == 7
    everything = file.read_text() + json.dumps(lines) + office.done("disclosures", "small").out
    for row in (application(1), application(2)):
        assert row["full_name"] not in everything
        assert row["nik"] not in everything
    assert "has no case A-009" in office("disclosures", "small", "--case", "A-009").err
    assert "police takes no part in small" in office("disclosures", "small", "--agency", "police").err


SEEN = {
    "lab": {"full_name"},
    "desk": {"full_name", "fit"},
}
"""What each agency's officer may see of an application of the small pilot, whatever else is known of it."""


@pytest.mark.parametrize("agency", SEEN)
def test_an_officer_sees_the_agreed_fields_and_no_other(
    office: Office, agency: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agency by field, over everything the command line shows an officer: list, list as JSON, and the form."""
    values = {"full_name": "Siti Marked", "nik": "3173014507901234", "born": "1990-07-31", "note": "a marked note"}
    office.opened(application(1, **values))
    if agency == "desk":
        [first] = office.done("inbox", "lab", "--json").json
        office.done("answer", first["work"], "--set", "fit=yes", "--set", "grade=good")
    [item] = office.done("inbox", agency, "--json").json
    monkeypatch.setattr(answer_command, "is_interactive", lambda: True)
    capsys.readouterr()
    run(["answer", str(item["work"])])  # the form is shown, then the input ends
    shown = capsys.readouterr()
    form = set(re.findall(r"^  (\w+) ", shown.out, re.MULTILINE)) - {"1", "2"}
    assert form == SEEN[agency]
    everything = office.done("inbox", agency).out + json.dumps(office.done("inbox", agency, "--json").json) + shown.err
    assert [name for name, value in values.items() if value in everything] == []
    assert [n for n, v in values.items() if v in shown.out] == sorted(SEEN[agency] & values.keys())


def mutated(text: str, field: str) -> str:
    """The agreement with one field renamed in every term."""
    return re.sub(rf"\b{field}\b(?=[,\]])", f"{field}_x", text)


@pytest.mark.parametrize("field", ["nik", "known", "full_name", "fit", "grade", "level", "remarks"])
def test_every_field_needs_its_term(office: Office, field: str) -> None:
    """Rename any one of them in the agreement, and the step that shows it is refused with that field's name."""
    write_agreement(office, mutated(AGREEMENT, field))
    office.opened(application(1))
    [case] = office.done("status", "--json").json
    assert case["status"] == "failed"
    assert f"may not disclose {field!r} to" in case["problem"]
