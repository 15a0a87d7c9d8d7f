"""Plan, decide, history from the command line: registered in time, decided beside the verdict, told in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from perintis.doors.settings import read_settings
from perintis.doors.store.judgements import keep_evaluation
from perintis.doors.store.upgrading import open_database
from perintis.rules.plan import plan_hash
from tests.doors.store.judged import evaluation
from tests.faces.office import Office, application
from tests.faces.test_comparing import LOG
from tests.faces.test_documented_keys import listed_keys, nested, section, table_keys
from tests.rules.plan.plans import PLAN, plan


@pytest.fixture
def planned(office: Office) -> Office:
    """The small pilot with a plan."""
    write(office, PLAN)
    return office


def write(office: Office, text: str, file: str = "pilots/small/plan.yaml") -> Path:
    path = office.folder / file
    path.write_text(text, "utf-8")
    return path


def judged(word: str) -> None:
    """Keep an evaluation of the pilot `small` with this verdict."""
    database = open_database(read_settings())
    keep_evaluation(database, evaluation(word=word, sentence="We cannot tell yet", change="about 40 more cases"))
    database.close()


def test_a_plan_is_registered_once_and_amended_with_a_reason(planned: Office) -> None:
    """Its hash is printed; what changed is told in words; the file alone changes nothing."""
    assert plan_hash(plan())[:16] in planned.done("plan", "register", "small").out
    assert "is registered already" in planned("plan", "register", "small").err
    write(planned, PLAN.replace("margin: 10", "margin: 20"))
    assert "- metrics, rework: margin was 10, is 20" in planned.done("plan", "show", "small").out
    assert planned.done("plan", "show", "small", "--json").json["hash"] == plan_hash(plan())
    told = planned.done("plan", "amend", "small", "--reason", "too strict", "--results-visible", "no").out
    assert "Amendment 1" in told
    assert "no results were visible" in told
    shown = planned.done("plan", "show", "small", "--json").json
    assert (shown["unregistered_changes"], shown["registration"]["amendments"][0]["number"]) == ([], 1)
    assert "nothing differs from the registered plan" in planned("plan", "amend", "small", "--reason", "again").err


def test_after_the_first_case_only_a_late_registration_is_left(planned: Office) -> None:
    """With its reason, which is kept and shown."""
    planned.opened(application(1), application(2))
    assert "2 cases and 0 evaluations of small are visible already" in planned("plan", "register", "small").err
    assert "belong together" in planned("plan", "register", "small", "--late").err
    planned.done("plan", "register", "small", "--late", "--reason", "nobody had thought of it")
    assert "Late: 2 cases and 0 evaluations could be seen then. Reason: nobody had" in planned.done(
        "plan", "show", "small"
    ).out.replace("\n", " ")


def test_the_plan_of_an_outside_log_is_a_file(office: Office) -> None:
    """Its name is in the file; it needs no pilot here."""
    file = write(office, PLAN.replace("pilot: small", "pilot: fines"), "fines.yaml")
    assert "it is the plan of fines, not of small" in office("plan", "register", "small", "--plan", file).err
    office.done("plan", "register", "fines", "--plan", file)
    file.unlink()
    assert "Registered" in office.done("plan", "show", "fines").out
    assert "plan registered" in office.done("history", "fines").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("plan", "show", "small"), "pilot small has no plan; write pilots/small/plan.yaml, or name one with --plan"),
        (("plan", "register", "large"), "there is no pilot 'large'; there is small"),
        (("plan", "register", "small", "--plan", "none.yaml"), "there is no file none.yaml"),
        (("plan", "amend", "small", "--reason", " "), "--reason is empty"),
        (("decide", "small", "scale", "--by", "head"), "say why with --reason"),
        (("decide", "small", "scale", "--reason", "r"), "say who decides with --by"),
        (("decide", "small", "--reason", "r", "--by", "head"), "say what was decided: scale, adjust or stop"),
        (("decide", "small", "--confirm", "--by", "head"), "no decision on small waits for a second person"),
        (("decide", "small", "stop", "--confirm", "--by", "head"), "--confirm takes only --by"),
        (("history", "large"), "there is no pilot 'large'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(office: Office, arguments: tuple[str, ...], told: str) -> None:
    """What, where, what to do."""
    answer = office(*arguments)
    assert answer.status == 1
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_a_bad_plan_is_named_with_file_and_entry(office: Office) -> None:
    """One sentence, before anything is written."""
    write(office, PLAN.replace("tau: 60 days", "tau: -1 days"))
    assert office("plan", "register", "small").err == (
        "error: pilots/small/plan.yaml: metrics, entry 1, tau: tau has to be more than 0, not -1 days\n"
    )


def test_a_decision_against_the_verdict_needs_two_people_and_all_of_it_is_history(planned: Office) -> None:
    """Registered, tried, judged, decided, confirmed: in order, and readable on 80 columns."""
    planned.done("plan", "register", "small")
    planned.opened(application(1), application(2))
    judged("adjust")
    told = planned.done("decide", "small", "scale", "--reason", "the law requires it", "--by", "Head of service").out
    assert "This differs from the verdict and waits for a second person." in told.replace("\n", " ")
    same = planned("decide", "small", "--confirm", "--by", "head of service")
    assert "somebody else has to confirm it" in same.err
    planned.done("decide", "small", "--confirm", "--by", "Inspector")
    kinds = [moment["kind"] for moment in planned.done("history", "small", "--json").json]
    assert sorted(kinds) == ["confirmation", "decision", "evaluation", "phase", "plan"]
    assert kinds.index("decision") < kinds.index("confirmation")
    text = planned.done("history", "small").out
    assert max(map(len, text.splitlines())) <= 80
    assert "verdict: adjust" in text
    assert "We cannot tell yet. Would change it: about 40 more cases." in text.replace("\n ", "")


def test_what_a_plan_can_show_is_told_in_figures_and_words(planned: Office) -> None:
    """Without a baseline it says what it assumed; the registered plan counts, not the file."""
    told = planned.done("plan", "power", "small", "--repetitions", 200).out
    assert "12 offices a cohort with 160 cases each, 3 looks" in told
    assert "assumed: a share of 10%" in told
    assert "what is just worthwhile" in told
    assert "When nothing is wrong, all 2 guardrails together are found to be safe in" in told
    write(planned, PLAN.replace("kind: parallel_cohorts", "kind: before_after"))
    assert "never answers 'scale'" in planned.done("plan", "power", "small", "--repetitions", 200).out


def test_what_a_plan_can_show_may_rest_on_a_baseline(
    office: Office, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spread and likeness of offices come from its cases."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    office.done("rehearse", "fast-track", "--cases", 300, "--process", "as-is")
    found = office.done("plan", "power", "fast-track", "--baseline", "rehearsal:1", "--repetitions", 200, "--json").json
    lead = found["metrics"][0]
    assert (lead["metric"], lead["measured"], lead["unit"]) == ("lead_time", True, "days")
    assert 5 < lead["mean"] < 40
    assert lead["worthwhile"] == pytest.approx(0.1 * lead["mean"])
    assert found["clusters_a_cohort"] == 8


def test_keys_of_planning(planned: Office, repository: Path) -> None:
    """docs/reference/commands.md has every key, and no other."""
    reference = (repository / "docs" / "reference" / "commands.md").read_text("utf-8")
    registered = planned.done("plan", "register", "small", "--json").json
    assert set(registered) == table_keys(section(reference, "plan register"))
    write(planned, PLAN.replace("margin: 10", "margin: 20"))
    amended = planned.done("plan", "amend", "small", "--reason", "r", "--json").json
    assert set(amended) == table_keys(section(reference, "plan amend"))
    shown = planned.done("plan", "show", "small", "--json").json
    assert set(shown) == listed_keys(section(reference, "plan show"), "JSON:")
    power = planned.done("plan", "power", "small", "--repetitions", 100, "--json").json
    assert set(power) == table_keys(section(reference, "plan power"))
    assert set(power["metrics"][0]) == nested(section(reference, "plan power"), "metrics")
    assert set(power["rows"][0]) == nested(section(reference, "plan power"), "rows")
    judged("scale")
    decided = planned.done("decide", "small", "scale", "--reason", "r", "--by", "head", "--json").json
    assert set(decided) == table_keys(section(reference, "decide"))
    (first, *_) = planned.done("history", "small", "--json").json
    assert set(first) == listed_keys(section(reference, "history"), "JSON:")


def test_an_imported_log_can_be_seen_before_its_plan(office: Office) -> None:
    """A plan that judges an imported log is late by as many cases as the log has."""
    (office.folder / "log.csv").write_text(LOG, "utf-8")
    flags = ("--case", "permit", "--activity", "task", "--timestamp", "done", "--name", "old")
    cases = office.done("baseline", "import", "small", "log.csv", *flags, "--json").json["cases"]
    file = write(office, PLAN.replace("baseline: last-year", "baseline: old:before\n  cases: old:after"), "log.yaml")
    assert f"{cases} cases and 0 evaluations" in office("plan", "register", "small", "--plan", file).err
    late = ("--late", "--reason", "the log was there first")
    assert office.done("plan", "register", "small", "--plan", file, *late, "--json").json["cases"] == cases
