"""`rehearsal.yaml`: every figure is a named entry that says where it comes from."""

from __future__ import annotations

import pytest

from perintis.rules.assumptions import Assumptions, parse_assumptions
from perintis.words.errors import BadInput
from perintis.words.recorded import Process

SMALL = """
currency: IDR
arrivals:
  start: {value: 2025-01-06, assumption: true, reason: a Monday}
  days: {value: 5, assumption: true, reason: one week}
  warm_up_days: {value: 0, assumption: true, reason: none}
  follow_up_days: {value: 7, assumption: true, reason: a week more}
  per_day: {value: {mon: 10, tue: 8.5}, source: "Annual report 2024, table 3"}
  by_hour: {value: {8: 2, 9: 1}, assumption: true, reason: mornings}
  on_working_days: {value: true, assumption: true, reason: a counter}
officers:
  imigrasi: {value: 3, assumption: true, reason: three windows}
  polri: {value: {north: 2, south: 1}, assumption: true, reason: by office}
cost_per_hour:
  imigrasi: {value: 75000, assumption: true, reason: pay}
steps:
  imigrasi.decide:
    service_minutes: {value: {lognormal: {median: 20, p90: 45}}, assumption: true, reason: guess}
    answers:
      grant: {value: 0.95, assumption: true, reason: guess}
      ground: {value: {choice: {health: 0.5, work: 0.5}}, assumption: true, reason: guess}
  polri.record:
    delay: {value: {working_days: {constant: 2}}, assumption: true, reason: guess}
processes:
  as_is:
    imigrasi.decide:
      service_minutes: {value: 30, assumption: true, reason: on paper}
    kurir.carry:
      delay: {value: {days: 1}, assumption: true, reason: a courier}
"""


def change(old: str, new: str) -> str:
    """The small file with one place changed."""
    assert old in SMALL
    return SMALL.replace(old, new, 1)


@pytest.fixture
def small() -> Assumptions:
    return parse_assumptions(SMALL)


def test_a_process_changes_only_what_it_says(small: Assumptions) -> None:
    """Both processes share a step's assumptions; an entry under `processes` replaces single ones."""
    to_be, as_is = (small.of_step("imigrasi.decide", p) for p in (Process.TO_BE, Process.AS_IS))
    assert to_be is not None
    assert as_is is not None
    assert to_be.service_minutes is not None
    assert as_is.service_minutes is not None
    assert to_be.service_minutes.value.lognormal is not None
    assert as_is.service_minutes.value.constant == 30
    assert as_is.answers == to_be.answers


def test_a_step_of_one_process_is_none_of_the_other(small: Assumptions) -> None:
    """What is only said of as-is does not hold for to-be."""
    assert small.of_step("kurir.carry", Process.AS_IS) is not None
    assert small.of_step("kurir.carry", Process.TO_BE) is None
    assert small.named_steps() == {"imigrasi.decide", "polri.record", "kurir.carry"}


def test_every_assumption_can_be_listed_with_its_reason(small: Assumptions) -> None:
    """A report shows path, value, and source or reason of each."""
    entries = {e.path: e for e in small.entries()}
    assert entries["arrivals/per_day"].sourced
    assert entries["arrivals/per_day"].why == "Annual report 2024, table 3"
    decide = entries["steps/imigrasi.decide/service_minutes"]
    assert (decide.value, decide.sourced, decide.why) == ({"lognormal": {"median": 20, "p90": 45}}, False, "guess")
    assert entries["processes/as_is/kurir.carry/delay"].value == {"days": {"constant": 1}}
    assert len(entries) == 16


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("assumption: true, reason: three windows", "", "officers/imigrasi: give either `source:`"),
        ("reason: three windows", "source: a report", "officers/imigrasi: give either `source:`"),
        ("assumption: true, reason: three windows", "assumption: true", "officers/imigrasi: give either"),
        ("value: 3,", "value: 0,", "officers/imigrasi/value"),
        ("{mon: 10, tue: 8.5}", "{monday: 10}", "arrivals/per_day/value/monday"),
        ("{8: 2, 9: 1}", "{24: 1}", "arrivals/by_hour/value/24"),
        ("{mon: 10, tue: 8.5}", "{mon: 0}", "arrivals: per_day and by_hour need"),
        ("value: 0.95", "value: 1.5", "steps/imigrasi.decide/answers/grant/value/probability"),
        ("health: 0.5", "health: 0.6", "must add up to 1"),
        ("{constant: 2}", "{constant: 2}, days: 1", "steps/polri.record/delay/value: give exactly one of"),
        ("service_minutes: {value: {log", "servce_minutes: {value: {log", "steps/imigrasi.decide/servce_minutes"),
        ("currency: IDR", "", "currency: is missing"),
        ("  as_is:", "  as_was:", "processes/as_was"),
        ("currency: IDR", "currency: IDR\ncurrency: EUR", "'currency' is written twice"),
        ("currency: IDR", "currency: 2025-02-30", "'2025-02-30' is not a day of the calendar"),
        ("currency: IDR", "currency: [IDR", "this is not YAML"),
    ],
)
def test_an_error_names_the_file_and_the_place(old: str, new: str, told: str) -> None:
    """What is wrong is told with the path of the field."""
    with pytest.raises(BadInput) as error:
        parse_assumptions(change(old, new), "pilots/fast_track/rehearsal.yaml")
    assert str(error.value).startswith("pilots/fast_track/rehearsal.yaml")
    assert told in str(error.value)


@pytest.mark.parametrize("text", ["", "a list", "- 1"])
def test_a_file_that_holds_something_else_is_refused(text: str) -> None:
    """An empty file, or one with no entries, is no set of assumptions."""
    with pytest.raises(BadInput, match="the whole file"):
        parse_assumptions(text)


def test_shares_of_findings_add_up() -> None:
    """Findings without `when` are drawn by their shares, which must leave nothing open."""
    text = change(
        "    answers:\n",
        "    findings: {value: [{share: 0.5, gives: {grant: true}}], assumption: true, reason: g}\n    answers:\n",
    )
    with pytest.raises(BadInput, match="shares of the findings without `when` must add up to 1"):
        parse_assumptions(text)
