"""The fast-track pilot, told case by case: answers in a table, then where the case went and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from perintis import Case, SentBack
from perintis.doors.pilot_folder import load_definition
from perintis.engine.definition import Definition
from perintis.engine.replay import Replay
from perintis.rules.agreement import read_agreement
from perintis.rules.checking import check_pilot
from perintis.rules.plan import read_plan
from perintis.words.recorded import TIMER_STEP, Key, Process, WorkKind
from pilots.fast_track import PILOT
from pilots.fast_track.application import REQUIRED_DOCUMENTS, Application, Category, Decision

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)
NEVER = object()  # as an answer: nobody gives one, so the time runs out

ROUTINE: Mapping[str, dict[str, Any]] = {
    "imigrasi.decide": {"grant": True},
    "imigrasi.correct_file": {},
    "imigrasi.register_at_counter": {},
    "imigrasi.open_paper_file": {},
    "dukcapil.verify_identity": {"identity_matched": True},
    "dukcapil.search_at_counter": {"identity_matched": True},
    "kemenkes.register_at_counter": {},
    "kemenkes.health_screening": {"fit": True, "health_certificate": "KES-1"},
    "polri.register_at_counter": {},
    "polri.police_record": {"record_clear": True, "police_certificate": "SKCK-1"},
    "kemnaker.register_at_counter": {},
    "kemnaker.approve_work": {"work_approved": True},
    "kemenkeu.register_at_counter": {},
    "kemenkeu.payment_notice": {"receipt_number": "NTPN-1"},
}
"""What everybody answers unless a test says otherwise; automatic steps without an entry are really done."""


@pytest.fixture(scope="module")
def definition(repository: Path) -> Definition:
    return load_definition(repository, "fast-track")


def application(category: Category = "worker", **changes: Any) -> Application:
    worker = {"employer": "PT Uji", "occupation": "cook"} if category == "worker" else {}
    return Application(
        **{
            "reference": "UJI-1",
            "office": "bandung",
            "category": category,
            "citizenship": "NLD",
            "passport_number": "NX1234AB5",
            "full_name": "Sanne de Uji",
            "date_of_birth": date(1990, 5, 31),
            "sex": "F",
            "sponsor_nik": "3174014505909001",
            "sponsor_name": "Budi Uji",
            "documents": REQUIRED_DOCUMENTS[category],
            **worker,
            **changes,
        }
    )


class Told:
    """A case driven to its end, the oldest request answered first; `answers` are by step, or by step and visit."""

    def __init__(
        self, definition: Definition, of: Application, answers: Mapping[Any, Any] = {}, *, process: str = "to_be"
    ) -> None:
        case = Case(case_id=1, reference=of.reference, office=of.office, opened=NOON, application=of)
        self.answers = {**ROUTINE, **answers}
        self.done: list[Key] = []
        self.side_by_side: set[str] = set()
        self.replay = Replay(definition.process(Process(process)), case)
        while not self.replay.finished:
            self.side_by_side |= set(self.waiting) if len(self.waiting) > 2 else set()
            self.answer_next()

    @property
    def waiting(self) -> list[str]:
        return [key.step for key in self.replay.outstanding]

    def answer_next(self) -> None:
        at = NOON + timedelta(days=len(self.done))
        work = [key for key in self.replay.outstanding if key.step != TIMER_STEP and self.told(key) is not NEVER]
        key = work[0] if work else next(k for k in self.replay.outstanding if k.step == TIMER_STEP)
        self.replay.feed(key, at if key.step == TIMER_STEP else self.result(key), at)
        self.done.append(key)

    def told(self, key: Key) -> Any:
        return self.answers.get((key.step, key.visit), self.answers.get(key.step))

    def result(self, key: Key) -> Any:
        request = self.replay.outstanding[key]
        asked = request.step.build_input(self.replay.case.application, request.inputs)
        told = self.told(key)
        if isinstance(told, SentBack):
            assert request.step.may_send_back
            return told
        if told is None:
            assert request.step.kind is WorkKind.AUTOMATIC, f"the test has no answer for {key}"
            assert request.step.perform is not None
            return request.step.perform([asked], [f"fast-track/1/{key.step}/{key.visit}"])[0]
        return request.step.output.validate_python(told)

    @property
    def decision(self) -> Decision:
        assert isinstance(self.replay.decision, Decision)
        return self.replay.decision

    @property
    def visits(self) -> dict[str, int]:
        return dict(Counter(key.step for key in self.done))

    @property
    def path(self) -> list[str]:
        return [key.step for key in self.done if key.step != TIMER_STEP]

    @property
    def handovers(self) -> int:
        agencies = [step.partition(".")[0] for step in self.path]
        return sum(a != b for a, b in pairwise(agencies))


def sent_back(step: str) -> SentBack:
    return SentBack(step, "the passport page cannot be read")


def test_a_worker_is_granted_a_permit(definition: Definition) -> None:
    """All five checks are asked for at once; then the officer decides and the permit is issued."""
    told = Told(definition, application("worker"))
    assert told.decision.outcome == "granted"
    assert told.decision.permit_number is not None
    assert told.side_by_side >= {
        "dukcapil.verify_identity",
        "kemenkes.health_screening",
        "polri.police_record",
        "kemnaker.approve_work",
        "kemenkeu.billing_code",
    }
    assert set(told.visits.values()) == {1}


def test_a_family_member_does_not_see_manpower(definition: Definition) -> None:
    """Only workers need an approval of their work, in either process."""
    for process in ("to_be", "as_is"):
        told = Told(definition, application("family"), process=process)
        assert told.decision.outcome == "granted"
        assert not [step for step in told.path if step.startswith("kemnaker")]


def test_without_connections_everything_automatic_is_marked_simulated(definition: Definition) -> None:
    """A trial permit says so in its number and in the decision, and is the same however often it is computed."""
    first, second = (Told(definition, application()).decision for _ in range(2))
    assert first == second
    assert first.simulated
    assert str(first.permit_number).startswith("TRIAL-")


@pytest.mark.parametrize(
    ("step", "answer", "ground"),
    [
        ("dukcapil.verify_identity", {"identity_matched": False}, "identity"),
        ("kemenkes.health_screening", {"fit": False}, "health"),
        ("polri.police_record", {"record_clear": False}, "police_record"),
        ("kemnaker.approve_work", {"work_approved": False}, "work"),
    ],
)
def test_an_officer_refuses_on_an_agencys_answer(
    definition: Definition, step: str, answer: dict[str, bool], ground: str
) -> None:
    """The program never refuses by itself: the officer sees the answer and gives the ground. No permit is issued."""
    told = Told(definition, application(), {step: answer, "imigrasi.decide": {"grant": False, "ground": ground}})
    assert told.decision == Decision(outcome="refused", ground=ground)
    assert told.path[-1] == "imigrasi.decide"


def test_an_incomplete_file_comes_back_until_it_is_complete(definition: Definition) -> None:
    """What is missing is asked for, twice here, and each look at the file is a visit of the same step: rework."""
    of = application("family", documents=("passport", "photograph", "sponsorship_letter"))
    told = Told(
        definition,
        of,
        {
            ("imigrasi.request_documents", 1): {"documents": ["family_certificate", "address_statement"]},
            ("imigrasi.request_documents", 2): {"documents": ["sponsor_identity_card"]},
        },
    )
    assert told.path[:5] == [
        "imigrasi.check_documents",
        "imigrasi.request_documents",
        "imigrasi.check_documents",
        "imigrasi.request_documents",
        "imigrasi.check_documents",
    ]
    assert told.decision.outcome == "granted"


@pytest.mark.parametrize(
    ("process", "in_vain"), [("to_be", 0), ("as_is", 7)], ids=["before anybody else works", "after four agencies have"]
)
def test_missing_documents_are_found_early_or_late(definition: Definition, process: str, in_vain: int) -> None:
    """The pilot looks at the file first; on paper nobody does until it is back, and all that work was for nothing."""
    of = application(documents=("passport",))
    told = Told(definition, of, {"imigrasi.request_documents": NEVER}, process=process)
    assert told.decision == Decision(outcome="lapsed", ground="documents_not_supplied")
    assert len([step for step in told.path if not step.startswith("imigrasi")]) == in_vain


@pytest.mark.parametrize("process", ["to_be", "as_is"])
def test_an_unpaid_fee_lets_the_application_lapse(definition: Definition, process: str) -> None:
    """No decision is taken on an application that was not paid for in time."""
    told = Told(definition, application(), {"kemenkeu.payment_notice": NEVER}, process=process)
    assert told.decision == Decision(outcome="lapsed", ground="fee_not_paid")
    assert "imigrasi.decide" not in told.visits


@pytest.mark.parametrize("process", ["to_be", "as_is"])
@pytest.mark.parametrize("step", ["kemenkes.health_screening", "polri.police_record"])
def test_a_file_sent_back_is_put_right_and_asked_for_again(definition: Definition, process: str, step: str) -> None:
    """Immigration corrects the file as often as it is returned; the other agencies are not disturbed."""
    told = Told(definition, application(), {(step, 1): sent_back(step), (step, 2): sent_back(step)}, process=process)
    again = {name: n for name, n in told.visits.items() if n > 1 and name != TIMER_STEP}
    assert again == {step: 3, "imigrasi.correct_file": 2}
    assert told.decision.outcome == "granted"


def test_as_it_was_a_paper_file_went_from_counter_to_counter(definition: Definition) -> None:
    """One agency after another, the same facts typed in at each."""
    told = Told(definition, application("worker"), process="as_is")
    assert told.path == [
        "imigrasi.register_at_counter",
        "dukcapil.search_at_counter",
        "kemenkes.register_at_counter",
        "kemenkes.health_screening",
        "polri.register_at_counter",
        "polri.police_record",
        "kemnaker.register_at_counter",
        "kemnaker.approve_work",
        "imigrasi.open_paper_file",
        "imigrasi.check_documents",
        "kemenkeu.register_at_counter",
        "kemenkeu.billing_code",
        "kemenkeu.payment_notice",
        "imigrasi.decide",
        "imigrasi.issue_permit",
    ]
    assert told.handovers == 7
    assert told.visits[TIMER_STEP] == 6  # journeys of the paper file
    assert not told.side_by_side


def test_typing_the_same_again_is_what_the_pilot_ends(definition: Definition) -> None:
    """Fields typed more than once in a worker's case.

    On paper: 2 at the registry, 3 at Health, 4 at the Police, 3 at Manpower, 8 with the file back, 2 at the Treasury.
    """

    def typed_again(process: str) -> int:
        path = Told(definition, application("worker"), process=process).path
        typed = Counter(field for step in path for field in definition.step(step).keyed)
        return sum(times - 1 for times in typed.values())

    assert typed_again("to_be") == 0
    assert typed_again("as_is") == 2 + 3 + 4 + 3 + 8 + 2


def test_the_pilot_keeps_its_own_promises(definition: Definition, repository: Path) -> None:
    """Every step fits agreement, plan and service levels, without even a warning, on a day of the agreement."""
    folder = repository / "pilots" / "fast_track"
    agreement = read_agreement((folder / "agreement.yaml").read_text("utf-8"))
    plan = read_plan((folder / "plan.yaml").read_text("utf-8"))
    assert check_pilot(definition, agreement, plan, on=date(2026, 6, 1)) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"citizenship": "IDN"}, "a citizen needs no stay permit"),
        ({"employer": " "}, "a worker's application needs it"),
        ({"office": "denpasar"}, "Input should be 'bandung'"),
        ({"documents": "passport;diploma"}, "Input should be 'passport'"),
        ({"sponsor_nik": 3174014505909001}, "treat the column as text"),
        ({"religion": "none"}, "Extra inputs are not permitted"),
    ],
)
def test_an_application_that_cannot_be_one_is_refused(changes: dict[str, Any], told: str) -> None:
    """The sentence says what is wrong and repeats no value."""
    with pytest.raises(ValidationError) as refused:
        application(**changes)
    messages = [error["msg"] for error in refused.value.errors(include_input=False)]
    assert any(told in message for message in messages)
    assert not any("3174014505909001" in message for message in messages)


def test_an_application_comes_back_from_the_store_as_it_went_in() -> None:
    """Documents are a set: written in any order, separated by semicolons or as a list, it is the same application."""
    assert PILOT.made_up is not None
    for number in range(200):
        of = PILOT.made_up(Random(number), number)
        assert Application.model_validate_json(of.model_dump_json()) == of
    assert application(documents="photograph; passport;passport") == application(documents=["passport", "photograph"])
