"""Retention by purpose: what no purpose of the agreement keeps is erased, by a person or by the night's flow."""

from __future__ import annotations

import os
import signal
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from perintis.doors import retention_run
from perintis.doors.vault import erasing
from perintis.faces.cli import agreement_command, retention_command
from perintis.words.errors import BadInput, PerintisError
from tests.faces.office import Office, application

RETENTION = """
retention:
  - {article: art. 2(1), purpose: answer objections, after: 90 days}
  - {article: art. 2(2), purpose: be audited, after: 1 year}
"""
BY = ("--officer", "archivist")
PERIOD = timedelta(days=366)


@pytest.fixture
def kept(office: Office) -> Office:
    """Four cases: two withdrawn, one withdrawn and under legal hold, one open."""
    file = office.folder / "pilots" / "small" / "agreement.yaml"
    file.write_text(file.read_text("utf-8") + RETENTION, "utf-8")
    office.opened(*(application(n) for n in range(1, 5)))
    for reference in ("A-001", "A-002", "A-003"):
        office.done("withdraw", reference, "--reason", "moved away", "--yes")
    office.done("subject", "hold", "small", "--case", "A-003", "--officer", "dpo", "--reason", "letter 12")
    return office


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    at = datetime.now(UTC) + by
    for module in (retention_command, retention_run):
        monkeypatch.setattr(module, "now", lambda: at)


def states(office: Office) -> dict[str, Any]:
    shown = office.done("retention", "show", "small", "--json").json
    return {case["reference"]: case["due"] for case in shown["cases"]}


def test_within_its_longest_purpose_nothing_is_due(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 90 days the auditors still need it; both purposes are shown, and what comes due within a month."""
    later(monkeypatch, timedelta(days=91))
    assert (states(kept), kept.done("retention", "run", "small", *BY, "--json").json) == (
        {}, {"erased": 0, "kept_back": 0, "extracts": 0},
    )  # fmt: skip
    assert "art. 2(2): 1 year after closing, to be audited" in kept.done("retention", "show", "small").out
    later(monkeypatch, timedelta(days=350))
    assert states(kept) == {"A-001": False, "A-002": False, "A-003": False}


def test_past_it_the_data_are_destroyed_but_for_what_is_held(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for first; article and purpose are recorded; the chain holds; the open case is not touched."""
    later(monkeypatch, PERIOD)
    assert states(kept) == {"A-001": True, "A-002": True, "A-003": False}
    assert "add --yes" in kept("retention", "run", "small", *BY).err
    done = kept.done("retention", "run", "small", *BY, "--yes")
    assert "2 cases are destroyed" in done.out
    assert "1 case past the period stay" in done.out
    assert kept.done("case", "A-001", "--personal", "--json").json["application"] == {}
    assert kept.done("case", "A-004", "--personal", "--json").json["application"] != {}
    assert "All is well" in kept.done("db", "verify").out
    assert "Nothing is due" in kept.done("retention", "run", "small", *BY).out
    event = kept.done("case", "A-001", "--json").json["events"][-1]
    assert (event["step"], event["officer"]) == ("person.erase", "archivist")


def test_the_flow_does_the_same_each_night(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer, which Prefect keeps, is four counts."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(kept.folder))
    assert retention_run.run_retention("small") == {"kept": 3, "erased": 0, "kept_back": 0, "extracts": 0}
    later(monkeypatch, PERIOD)
    assert retention_run.run_retention("small") == {"kept": 0, "erased": 2, "kept_back": 1, "extracts": 0}
    assert retention_run.run_retention("small") == {"kept": 0, "erased": 0, "kept_back": 1, "extracts": 0}
    assert "All is well" in kept.done("db", "verify").out


def test_an_error_nobody_foresaw_tells_prefect_no_value(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect keeps texts of errors and their causes: neither has the value that was at hand."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(kept.folder))

    def broken(*_: Any) -> None:
        person = "Siti Aminah"
        raise RuntimeError(person)

    monkeypatch.setattr(retention_run, "retained_cases", broken)
    with pytest.raises(PerintisError, match="retention stopped with RuntimeError") as stopped:
        retention_run.run_retention("small")
    assert "Siti" not in "".join(traceback.format_exception(stopped.value))


@pytest.mark.parametrize("act", ["hold", "restrict"])
def test_what_is_kept_while_a_run_is_at_work_is_passed_over(
    kept: Office, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:  # fmt: skip
    """Set on the first case just before its turn: it stays as it is, and the others are erased."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(kept.folder))
    later(monkeypatch, PERIOD)
    whole, seen = vars(retention_run)["erase_due"], []

    def erase_due(database: Any, cases: Any, *arguments: Any, **options: Any) -> int:
        kept.done("subject", act, "small", "--case", "A-001", "--officer", "judge", "--reason", "court order 5")
        seen.append([case.due(options["now"]) for case in cases])
        return int(whole(database, cases, *arguments, **options))

    monkeypatch.setattr(retention_run, "erase_due", erase_due)
    assert retention_run.run_retention("small") == {"kept": 0, "erased": 1, "kept_back": 2, "extracts": 0}
    assert seen == [[True, True, False]]
    assert kept.done("case", "A-002", "--personal", "--json").json["application"] == {}
    events = [event["step"] for event in kept.done("case", "A-001", "--json").json["events"]]
    assert (events[-1], "person.erase" in events) == (f"person.{act}", False)
    assert "All is well" in kept.done("db", "verify").out


def test_killed_in_the_middle_the_next_night_finishes(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first case is erased and its files are not cleared yet; the other is whole."""
    monkeypatch.setenv("PERINTIS_PILOTS", str(kept.folder))
    later(monkeypatch, PERIOD)
    done: list[Any] = []
    whole = erasing._destroy

    def destroy(*arguments: Any, **options: Any) -> None:
        if done:
            os.kill(os.getpid(), signal.SIGKILL)
        done.append(arguments)
        whole(*arguments, **options)

    child = os.fork()
    if child == 0:
        erasing._destroy = destroy
        retention_run.run_retention("small")
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert retention_run.run_retention("small") == {"kept": 0, "erased": 1, "kept_back": 1, "extracts": 0}
    assert "All is well" in kept.done("db", "verify").out


def test_without_a_word_of_retention_nothing_is_erased_by_time(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says so in one sentence; the flow does nothing."""
    office.opened(application(1))
    office.done("withdraw", "A-001", "--reason", "moved away", "--yes")
    later(monkeypatch, 10 * PERIOD)
    refused = office("retention", "run", "small", *BY)
    assert (refused.status, "says nothing of retention" in refused.err) == (1, True)
    monkeypatch.setenv("PERINTIS_PILOTS", str(office.folder))
    assert retention_run.run_retention("small") == {"kept": 0, "erased": 0, "kept_back": 0, "extracts": 0}


def test_another_pilots_agreement_erases_nothing(kept: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was copied from another pilot and not yet made one's own is refused, by the command and the flow."""
    file = kept.folder / "pilots" / "small" / "agreement.yaml"
    file.write_text(file.read_text("utf-8").replace("pilot: small", "pilot: other"), "utf-8")
    later(monkeypatch, PERIOD)
    monkeypatch.setenv("PERINTIS_PILOTS", str(kept.folder))
    assert "is on pilot other, not on small" in kept("retention", "run", "small", *BY, "--yes").err
    with pytest.raises(BadInput, match="is on pilot other"):
        retention_run.run_retention("small")


def version_2(office: Office, retention: str) -> Path:
    """A new version of the agreement as it stands, with another word on retention."""
    text = (office.folder / "pilots" / "small" / "agreement.yaml").read_text("utf-8").partition("retention:")[0]
    new = office.folder / "new.yaml"
    replaces = "pilot: small\nversion: 2\nreplaces: {number: MoU-7, version: 1}"
    new.write_text(text.replace("pilot: small", replaces) + retention, "utf-8")
    return new


@pytest.mark.parametrize(
    ("retention", "change", "cases"),
    [
        (RETENTION, None, (0, 0, 0)),
        (RETENTION.replace("1 year", "60 days"), "art. 2(2): cases are kept 60 days to be audited, not 1 year",
         (3, 0, 2)),
        (RETENTION.replace("90 days", "80 days"), "art. 2(1): cases are kept 80 days to answer objections, not 90 days",
         (0, 0, 0)),
        (RETENTION.replace("1 year", "2 years"), "art. 2(2): cases are kept 2 years to be audited, not 1 year",
         (0, 3, 0)),
        ("", "art. 2(2): cases are not kept any more to be audited (1 year before)", (0, 3, 0)),
    ],
)  # fmt: skip
def test_a_new_version_says_whose_data_it_keeps_otherwise(
    kept: Office, monkeypatch: pytest.MonkeyPatch, retention: str, change: str | None, cases: tuple[int, int, int]
) -> None:
    """After 100 days: closed cases kept shorter, longer, and to be destroyed at once; what is held is not."""
    at = datetime.now(UTC) + timedelta(days=100)
    monkeypatch.setattr(agreement_command, "now", lambda: at)
    new = version_2(kept, retention)
    told = kept.done("agreement", "diff", "small", new, "--json").json["retention"]
    assert (change in told["changes"]) if change else told["changes"] == []
    assert told["cases"] == dict(zip(("shorter", "longer", "due"), cases, strict=True))
    shown = kept.done("agreement", "diff", "small", new).out
    assert ("Nothing changes." in shown) is (change is None)
    assert (f"{cases[2]} would be destroyed by the next" in shown) is (cases != (0, 0, 0))
