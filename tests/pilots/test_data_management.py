"""The pilot data-management: an extract from its delivery until every agency has adopted what it changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from flows.data_management import as_is, to_be
from perintis.doors.pilot_folder import load_definition
from perintis.doors.registry.changes import SAME_PERSON, fields_shown
from perintis.doors.registry.registry import open_registry
from perintis.doors.registry.shelf import digest_of
from perintis.rules.agreement import read_agreement
from perintis.rules.checking import check_pilot
from perintis.rules.plan import read_plan
from perintis.testing import Trial
from perintis.words.errors import BadInput, NotAllowed
from pilots.data_management import PILOT, Application, Decision
from tasks import registry
from tasks.registry import Confirmed, Linked, Reviewed, Version
from tasks.registry_conflicts import Settled
from tasks.registry_parties import ADOPTS, ANSWERS, DELIVERS, MATCHES, TYPES, Adopted, Answered, Matched, TypedRecords
from tests.doors.registry.small_extracts import announced, dukcapil, kemenkes, people

CORRECTED = {"file_name": "again.csv", "sha256": "b" * 64, "row_count": 70}
TYPED = TypedRecords(full_name=1, date_of_birth=1, sex=1, nik=1, passport_number=1)


def application(**changes: Any) -> Application:
    return Application(
        **{
            "reference": "UJI-1",
            "agency": "kemenkes",
            "office": "bali",
            "period": "2026-03",
            "file_name": "k.csv",
            "sha256": "a" * 64,
            "row_count": 70,
            **changes,
        }
    )


def computed(**results: Mapping[str, Any]) -> dict[Any, Any]:
    """Every automatic step answers as told, by its function's name; what is not told goes well."""
    routine: dict[str, Mapping[str, Any]] = {
        "receive_extract": {"rows": 70},
        "validate_extract": {"accepted": 70, "rejected": 0, "left_out": 0},
        "standardise_extract": {"rows": 70, "rewritten": 9, "fields_described": 15},
        "link_records": {"records": 70, "duplicates": 2, "linked": 60},
        "resolve_conflicts": {"conflicts": 8, "resolved": 8, "own_conflicts": 5, "own_resolved": 5},
        "publish_version": {"registry_version": 3, "persons": 80, "records": 140, "duplicates": 2, "conflicts": 8,
                            "resolved": 8},
        "write_notices": {"notices": [{"agency": "kemenkes", "changes_file": "c.csv", "by_field": {"nik": 2}}]},
        **results,
    }  # fmt: skip
    return {getattr(registry, name): lambda requests, r=r: [r] * len(requests) for name, r in routine.items()}


def test_a_good_extract_becomes_a_version_that_everybody_adopts() -> None:
    """Nobody types anything; the case closes when the agency whose records changed has adopted the changes."""
    trial = Trial(PILOT, to_be, replacing=computed())
    case = trial.open(application())
    assert trial.steps(case) == [
        "imigrasi.receive_extract",
        "imigrasi.validate_extract",
        "imigrasi.standardise_extract",
        "imigrasi.link_records",
        "imigrasi.resolve_conflicts",
        "imigrasi.publish_version",
        "imigrasi.write_notices",
        "kemenkes.adopt_changes",
    ]
    trial.answer(case, ADOPTS["kemenkes"], Adopted(adopted=2))
    assert trial.decision(case) == Decision(
        outcome="published",
        registry_version=3,
        records=70,
        duplicates_found=2,
        records_linked=60,
        pairs_left_apart=0,
        conflicts_found=5,
        conflicts_resolved=5,
        settled=0,
    )


@pytest.mark.parametrize(
    "fault",
    [
        {"receive_extract": {"fault": "the column 'nik' is missing"}},
        {"validate_extract": {"accepted": 1, "rejected": 69, "left_out": 0, "fault": "too many"}},
    ],
    ids=["as a whole", "row by row"],
)
def test_a_faulty_extract_goes_back_until_it_is_corrected_or_lapses(fault: dict[str, Any]) -> None:
    """The corrected delivery is received again, which is rework; after thirty days without one the extract lapses."""
    trial = Trial(PILOT, to_be, replacing=computed(**fault))
    case = trial.open(application())
    trial.answer(case, DELIVERS["kemenkes"], CORRECTED)
    assert trial.steps(case).count("imigrasi.receive_extract") == 2
    assert "imigrasi.link_records" not in trial.steps(case)
    trial.pass_time(timedelta(days=31))
    assert trial.outcome(case) == "lapsed"


def test_the_same_file_is_not_taken_twice() -> None:
    """The agency is told under which number it came before."""
    trial = Trial(PILOT, to_be, replacing=computed(receive_extract={"duplicate_of": "UJI-0"}))
    case = trial.open(application())
    assert trial.decision(case) == Decision(outcome="known_already", duplicate_of="UJI-0")


def with_pairs(number: int) -> Trial:
    return Trial(PILOT, to_be, replacing=computed(link_records={"records": 9, "duplicates": 0, "linked": 5,
                                                                "uncertain": number}, write_notices={}))  # fmt: skip


@pytest.mark.parametrize("again", ["Budi", " BUDI ", "BUDI", "Budi\u00a0"])
def test_a_merge_needs_two_officers(again: str) -> None:
    """The recorded officer of the review may not confirm, however the name is written; another one may."""
    trial = with_pairs(1)
    case = trial.open(application())
    trial.answer(case, registry.review_pair, Reviewed(same_person=True), officer="Budi")
    with pytest.raises(NotAllowed, match=r"needs a second officer, and .* was the first; another"):
        trial.answer(case, registry.confirm_merge, Confirmed(merge=True), officer=again)
    assert [w.step for w in trial.waiting(case)] == ["imigrasi.confirm_merge"]
    trial.answer(case, registry.confirm_merge, Confirmed(merge=True), officer="Sari")
    assert trial.outcome(case) == "published"


def test_the_officer_is_who_is_recorded_and_not_who_is_typed() -> None:
    """A name in the answer does not stand in for the officer who gives it."""
    trial = with_pairs(1)
    case = trial.open(application())
    trial.answer(case, registry.review_pair, Reviewed(same_person=True, reviewed_by="Sari"), officer="Budi")
    with pytest.raises(NotAllowed, match="needs a second officer"):
        trial.answer(case, registry.confirm_merge, Confirmed(merge=True, confirmed_by="Sari"), officer="Budi")


def test_two_persons_need_one_officer() -> None:
    """Leaving records apart can be put right later; a merge mixes two people's files."""
    trial = with_pairs(2)
    case = trial.open(application())
    assert [w.step for w in trial.waiting(case)] == ["imigrasi.review_pair"] * 2
    for _ in range(2):
        trial.answer(case, registry.review_pair, Reviewed(same_person=False))
    assert trial.outcome(case) == "published"
    assert "imigrasi.confirm_merge" not in trial.steps(case)


def test_conflicts_that_no_rule_decides_are_settled_by_an_officer_in_batches() -> None:
    """Two conflicts are one work item; what is chosen and keyed reaches the version, and is counted in the decision."""
    conflict = {"field": "full_name", "kind": "name", "records": ["dukcapil D1", "imigrasi I1"]}
    batch = {"side_by_side": ["1=1  full_name ..."], "conflicts": [conflict, conflict]}
    found = {"conflicts": 9, "resolved": 7, "own_conflicts": 6, "own_resolved": 4, "open": [batch]}
    trial = Trial(PILOT, to_be, replacing=computed(resolve_conflicts=found, write_notices={}))
    case = trial.open(application())
    assert [w.step for w in trial.waiting(case)] == ["imigrasi.settle_conflicts"]
    with pytest.raises(BadInput, match="nothing is said of conflict 2"):
        trial.answer(case, registry.settle_conflicts, Settled(choices=("1=1",), reason="in the file"), officer="Budi")
    chosen = Settled(choices=("1=1", "2=key Siti Aminah"), reason="in the file")
    trial.answer(case, registry.settle_conflicts, chosen, officer="Budi")
    decision = trial.decision(case)
    assert isinstance(decision, Decision)
    assert (decision.outcome, decision.settled, decision.hand_keyed) == ("published", 2, 1)
    assert (decision.conflicts_found, decision.conflicts_resolved) == (6, 6)  # four by a rule and two by the officer


def test_as_it_was_three_agencies_type_the_list_of_the_fourth() -> None:
    """Side by side, once the list has come; what does not match is asked for by letter and looked up again."""
    trial = Trial(PILOT, as_is)
    case = trial.open(application())
    trial.pass_time(timedelta(days=7))
    assert {w.step for w in trial.waiting(case)} == {f"{a}.type_records" for a in ("imigrasi", "dukcapil", "kemnaker")}
    for agency in ("imigrasi", "dukcapil", "kemnaker"):
        trial.answer(case, TYPES[agency], TYPED)
        trial.answer(case, MATCHES[agency], Matched(unclear=agency == "dukcapil"))
    trial.pass_time(timedelta(days=7))
    trial.answer(case, ANSWERS["kemenkes"], Answered())
    trial.pass_time(timedelta(days=7))
    trial.answer(case, MATCHES["dukcapil"], Matched(unclear=False))
    decision = trial.decision(case)
    assert isinstance(decision, Decision)
    assert decision.hand_keyed == 70 * 5 * 3
    assert decision.records_linked is None  # nobody counted, which is not "none was found"


@pytest.mark.parametrize(
    ("came_back", "counted"),
    [
        ({"dukcapil": {"lines_found": "1-50; 60"}, "imigrasi": {"lines_found": "50-52", "lines_double": "7"},
          "kemnaker": {"lines_double": "7; 9"}}, (70, 53, 2)),
        ({"dukcapil": {"lines_found": "1-50"}, "kemnaker": {"looked_up": None}}, (None, None, None)),
        ({}, (70, 0, 0)),
    ],
    ids=["by several agencies", "one did not count", "nothing found"],
)  # fmt: skip
def test_as_it_was_what_the_lists_say_that_come_back_is_counted(
    came_back: dict[str, dict[str, Any]], counted: tuple[int | None, ...]
) -> None:
    """A line counts once, whoever found it; conflicts are not looked for, so their number is not known, never zero."""
    trial = Trial(PILOT, as_is)
    case = trial.open(application())
    trial.pass_time(timedelta(days=7))
    for agency in ("imigrasi", "dukcapil", "kemnaker"):
        trial.answer(case, TYPES[agency], TYPED)
        told = {"unclear": False, "looked_up": 70, **came_back.get(agency, {})}
        trial.answer(case, MATCHES[agency], Matched.model_validate(told))
    decision = trial.decision(case)
    assert isinstance(decision, Decision)
    assert (decision.records, decision.records_linked, decision.duplicates_found) == counted
    assert (decision.conflicts_found, decision.conflicts_resolved) == (None, None)


@pytest.mark.parametrize("written", ["9-3", "0", "x", "1-", 60, ["1", "-2"], [0]])
def test_a_line_that_is_none_is_refused(written: Any) -> None:
    """Lines count from 1, and a bare number does not say whether it is a line or how many there are."""
    with pytest.raises(ValidationError):
        Matched.model_validate({"unclear": False, "lines_found": written})


def test_the_pilot_keeps_its_own_promises(repository: Path) -> None:
    """Every step fits agreement, plan and service levels, without even a warning."""
    folder = repository / "pilots" / "data_management"
    agreement = read_agreement((folder / "agreement.yaml").read_text("utf-8"))
    plan = read_plan((folder / "plan.yaml").read_text("utf-8"))
    assert check_pilot(load_definition(repository, "data-management"), agreement, plan, on=date(2026, 6, 1)) == []


def test_every_field_that_an_agency_is_told_of_has_its_place_in_the_request(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a term lets an agency see is a field of what it is asked to adopt, and no other; and none has the name of a
    field of the announcement, which would fill it."""
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path))
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    always = {"registry_version", "changes_file", SAME_PERSON}
    with open_registry("data-management") as kept:
        survive = {rule.field for rule in kept.settings.survivor_rules()}
        for agency, step in ADOPTS.items():
            shown = set(fields_shown(kept, agency, lead="imigrasi", on=date(2026, 6, 1)))
            assert shown & survive == set(step.fields) - always, agency
            assert not set(step.fields) & set(Application.model_fields)


def test_extracts_really_go_through(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing replaced: two agencies' files become two versions, and the second tells Health of its changed record."""
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path))
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    left, rows = tmp_path / "exchange" / "extracts", people()
    other = [{**rows[0], "full_name": "Boedi Santoso"}, *rows[1:]]
    trial = Trial(PILOT, to_be)
    for extract in (announced(left, "dukcapil", dukcapil(rows)), announced(left, "kemenkes", kemenkes(other))):
        case = trial.open(Application(**asdict(extract), office="bali"))
    assert trial.problem(case) is None
    assert [w.step for w in trial.waiting(case)] == ["kemenkes.adopt_changes"]
    trial.answer(case, ADOPTS["kemenkes"], Adopted(adopted=1))
    decision = trial.decision(case)
    assert isinstance(decision, Decision)
    assert (decision.outcome, decision.registry_version, decision.records_linked) == ("published", 2, 13)


def test_a_corrected_extract_is_taken_in_place_of_the_faulty_one(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renamed column goes back with the name that is meant; the corrected file need not be announced anew."""
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path))
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    left, rows = tmp_path / "exchange" / "extracts", dukcapil(people())
    renamed = [{("Tgl Lahir" if name == "tgl_lahir" else name): cell for name, cell in row.items()} for row in rows]
    faulty = announced(left, "dukcapil", renamed, name="first.csv")
    good = announced(left, "dukcapil", rows, name="second.csv")
    trial = Trial(PILOT, to_be)
    case = trial.open(Application(**asdict(faulty), office="bali"))
    trial.answer(
        case, DELIVERS["dukcapil"], {"file_name": good.file_name, "sha256": good.sha256, "row_count": good.row_count}
    )
    assert trial.outcome(case) == "published"
    assert trial.steps(case).count("imigrasi.receive_extract") == 2


@pytest.mark.parametrize(
    ("times", "all_or_nothing", "goes_back"),
    [(1, False, True), (3, False, False), (3, True, True)],
    ids=["1 bad row of 13", "1 of 39", "1 of 39, all or nothing"],
)
def test_good_rows_are_kept_or_none_by_choice(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, times: int, all_or_nothing: bool, goes_back: bool
) -> None:
    """More than 5 % of bad rows send an extract back as a whole, with all_or_nothing a single one; the file of rejects
    explains what the spreadsheet did to a NIK."""
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path))
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    bad = dukcapil(people() * times)
    bad[4]["nik"] = "3.17401E+15"
    extract = announced(tmp_path / "exchange" / "extracts", "dukcapil", bad)
    trial = Trial(PILOT, to_be)
    case = trial.open(Application(**asdict(extract), office="bali", all_or_nothing=all_or_nothing))
    assert ("dukcapil.deliver_again" in trial.steps(case)) is goes_back
    [rejects] = (tmp_path / "exchange" / "registry" / "dukcapil").glob("rejects-*")
    assert "scientific notation" in rejects.read_text("utf-8")
    with open_registry("data-management") as kept:
        assert [d["accepted"] for d in kept.standardised()] == ([] if goes_back else [38])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"period": "2026-13"}, "String should match"),
        ({"file_name": "../k.csv"}, "leave folders out"),
        ({"file_name": "3174012304909001.csv"}, "has an identity number in it"),
        ({"sha256": "abc"}, "String should match"),
        ({"agency": "polri"}, "Input should be 'imigrasi'"),
        ({"row_count": 0}, "greater than or equal to 1"),
    ],
)
def test_an_announcement_that_cannot_be_one_is_refused(changes: dict[str, Any], told: str) -> None:
    """Before anything is opened."""
    with pytest.raises(ValidationError) as refused:
        application(**changes)
    assert any(told in error["msg"] for error in refused.value.errors(include_input=False))


@pytest.mark.parametrize("changes", [{"sha256": "../../perintis.db"}, {"file_name": "../k.csv"}, {"row_count": 0}])
def test_a_corrected_extract_names_a_file_and_no_folder(changes: dict[str, Any]) -> None:
    """Name and checksum become parts of a path."""
    with pytest.raises(ValidationError):
        DELIVERS["kemenkes"].output.validate_python({**CORRECTED, **changes})


def test_made_up_announcements_are_the_same_each_time() -> None:
    """No file stands behind them, and their references say that they are made up."""
    assert PILOT.made_up is not None
    made = [PILOT.made_up(Random(7), n) for n in range(50)]
    assert made == [PILOT.made_up(Random(7), n) for n in range(50)]
    assert all(of.reference.startswith("UJI-") for of in made)


def test_a_rehearsal_may_say_how_many_pairs_are_uncertain() -> None:
    """A number stands for so many pairs with nobody behind them; a yes does not."""
    assert len(Linked(records=1, duplicates=0, linked=0, uncertain=3).uncertain) == 3  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        Linked(records=1, duplicates=0, linked=0, uncertain=True)  # type: ignore[arg-type]
    assert Version.model_fields.keys() >= {"registry_version", "conflicts"}


def test_the_sample_extracts_are_those_that_were_announced(repository: Path) -> None:
    """Checksum by checksum; together they stay small enough for a repository."""
    import json

    folder = repository / "samples" / "extracts"
    lines = (folder / "deliveries.jsonl").read_text("utf-8").splitlines()
    deliveries = [Application(**json.loads(line)) for line in lines]
    assert {d.agency for d in deliveries} == {"imigrasi", "dukcapil", "kemenkes", "kemnaker"}
    for delivery in deliveries:
        assert digest_of(folder / delivery.file_name) == delivery.sha256
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000


def test_the_samples_can_be_made_again(repository: Path, tmp_path: Path) -> None:
    """To the last character, as samples/README.md says."""
    import runpy

    runpy.run_path(str(repository / "samples" / "make_extracts.py"))["make"](tmp_path)
    for path in sorted((repository / "samples" / "extracts").iterdir()):
        made = (tmp_path / path.name).read_bytes()
        assert hashlib.sha256(made).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest(), path.name
