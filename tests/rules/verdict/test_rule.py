"""The rule, row by row: which readings give which word, and what would change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from perintis.rules.designs.design import Evidence
from perintis.rules.verdict.conditions import Word
from perintis.rules.verdict.gates import Gate
from perintis.rules.verdict.needs import Size
from perintis.rules.verdict.reading import Reading, Role, Unreadable
from perintis.rules.verdict.rule import Context, judge

FINAL = Context(Evidence.B, final=True, look=3, looks=3, look_alpha=0.05, exempt=True)


def primary(effect: float, half: float, *, metric: str = "lead_time", p: float | None = None, **more: Any) -> Reading:
    """A primary metric for which 2 days would be worthwhile, with an interval of plus and minus `half`."""
    p = p if p is not None else (0.001 if abs(effect) > half else 0.4)
    return Reading(metric, Role.PRIMARY, effect, half / 2, None, effect - half, effect + half, effect - half, p,
                   worthwhile=2.0, target=4.0, **more)  # fmt: skip


def guardrail(effect: float, half: float, *, metric: str = "any_rework", margin: float = 0.03) -> Reading:
    """A share that may be worse by three percentage points."""
    p = 0.001 if abs(effect) > half else 0.4
    return Reading(metric, Role.GUARDRAIL, effect, half / 2, None, effect - half, effect + half, effect - half, p,
                   margin=margin)  # fmt: skip


SAFE = guardrail(0.0, 0.02)


@pytest.mark.parametrize(
    ("readings", "word", "code"),
    [
        ([primary(4, 2), SAFE], Word.SCALE, "scale"),
        ([primary(4, 2)], Word.SCALE, "scale"),
        ([primary(4, 2), guardrail(-0.06, 0.02)], Word.STOP, "harm"),
        ([primary(4, 2), guardrail(-0.02, 0.009)], Word.SCALE, "scale"),  # worse, but surely inside the margin
        ([primary(4, 2), guardrail(-0.02, 0.015)], Word.ADJUST, "guardrail_inconclusive"),
        ([primary(-4, 2), SAFE], Word.STOP, "harm"),
        ([primary(0.5, 1), SAFE], Word.STOP, "futility"),
        ([primary(1.5, 1), SAFE], Word.ADJUST, "promising_but_small"),
        ([primary(1.5, 2), SAFE], Word.ADJUST, "underpowered"),
        ([primary(3, 4), SAFE], Word.ADJUST, "underpowered"),
        ([primary(3, 4), guardrail(-0.06, 0.02)], Word.STOP, "harm"),
        # Futility needs every primary; one that is worse stops although the other one is better.
        ([primary(0.5, 1), primary(3, 4, metric="handovers")], Word.ADJUST, "underpowered"),
        ([primary(4, 2), primary(-4, 2, metric="handovers")], Word.STOP, "harm"),
    ],
)  # fmt: skip
def test_the_last_look_gives_scale_adjust_or_stop(readings: list[Reading], word: Word, code: str) -> None:
    """Harm first, then futility, then scale; adjust is what is left."""
    verdict = judge(readings, FINAL)
    assert (verdict.word, verdict.code) == (word, code)


def test_before_the_last_look_what_is_open_goes_on() -> None:
    """Only harm, futility and success end a pilot early; the sentence says what is still open."""
    early = replace(FINAL, final=False, look=1)
    verdict = judge([primary(3, 4), SAFE], early)
    assert (verdict.word, verdict.code) == (Word.CONTINUE, "continue")
    assert verdict.text == (
        "Look 1 of 3 does not decide yet: we cannot tell yet for lead time: effects from 1 day worse to "
        "7 days better remain possible, and 2 days would be worthwhile"
    )
    assert judge([primary(4, 2), SAFE], early).word is Word.SCALE
    assert judge([primary(0.5, 1), SAFE], early).word is Word.STOP


@pytest.mark.parametrize(
    ("grade", "word", "staged"),
    [("A", Word.SCALE, False), ("A-", Word.SCALE, False), ("B", Word.SCALE, False), ("C", Word.SCALE, True),
     ("D", Word.ADJUST, False), ("E", Word.ADJUST, False)],
)  # fmt: skip
def test_weak_evidence_never_scales(grade: str, word: Word, staged: bool) -> None:
    """C scales in stages only, D and E never, however good the figures."""
    verdict = judge([primary(40, 2), SAFE], replace(FINAL, evidence=Evidence(grade)))
    assert (verdict.word, verdict.staged) == (word, staged)
    assert verdict.code == ("scale" if word is Word.SCALE else "evidence_grade")


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"unmet": ("capacity", "legal basis")}, "scalability_incomplete", "capacity, legal basis"),
        ({"exempt": False}, "value_for_money", "could not be computed"),
        ({"exempt": False, "net_benefit": -2000.0}, "value_for_money", "costs 2,000 more than it is worth"),
        ({"harmed_subgroups": ("women",)}, "subgroup_harmed", "works against women"),
        ({"gates": (Gate("G3.scale_offices", False, "6 needed, 5 present", "1 more office", scale_only=True),)},
         "offices", "6 needed, 5 present"),
    ],
)  # fmt: skip
def test_a_success_is_not_scaled_while_something_else_is_missing(change: dict[str, Any], code: str, told: str) -> None:
    """Figures alone do not scale: subgroups, offices, scalability and value for money must hold too."""
    verdict = judge([primary(4, 2), SAFE], replace(FINAL, **change))
    assert (verdict.word, verdict.code) == (Word.ADJUST, code)
    assert told in verdict.text


def test_harm_is_held_against_the_level_of_the_look() -> None:
    """Worse at p = 0.01 does not stop a look whose level is 0.003; at the last one it does."""
    worse = replace(guardrail(-0.06, 0.02), p=0.01)
    assert judge([primary(4, 2, p=0.0), worse], replace(FINAL, look_alpha=0.003)).word is Word.ADJUST
    assert judge([primary(4, 2), worse], FINAL).word is Word.STOP


def test_value_that_is_positive_at_the_lower_limit_is_enough() -> None:
    """Value for money is asked at the lower limit of the effect, not at the estimate."""
    assert judge([primary(4, 2)], replace(FINAL, exempt=False, net_benefit=1.0)).word is Word.SCALE


def test_two_primaries_share_the_level_by_holm() -> None:
    """With p = 0.04 each both pass; with 0.04 and 0.5 neither does; with 0.02 and 0.5 the first does."""

    def word(first: float, second: float) -> Word:
        return judge([primary(4, 3, p=first), primary(4, 5, metric="handovers", p=second)], FINAL).word

    assert word(0.02, 0.5) is Word.SCALE
    assert word(0.04, 0.5) is Word.ADJUST
    both = [primary(4, 3, p=0.04), primary(4, 3, metric="handovers", p=0.04)]
    assert judge(both, FINAL).word is Word.ADJUST  # Holm: the smallest of two is held against half the level
    assert judge([primary(4, 3, p=0.02), primary(4, 3, metric="handovers", p=0.04)], FINAL).word is Word.SCALE


def test_failed_gates_give_no_verdict() -> None:
    """Invalid evidence is never "adjust"; the cure is told."""
    gates = (Gate("G3.offices", False, "pilot: 4 offices needed, 2 present", "2 more offices"),)
    verdict = judge([primary(4, 2), SAFE], replace(FINAL, gates=gates))
    assert (verdict.word, verdict.code) == (Word.NO_VERDICT, "gate")
    assert (verdict.text, verdict.change) == ("Pilot: 4 offices needed, 2 present", "2 more offices")
    unknown = (Gate("G5.calendar", None, "not known"),)
    assert judge([primary(4, 2), SAFE], replace(FINAL, gates=unknown)).word is Word.SCALE


def test_what_was_not_registered_never_decides() -> None:
    """A plan written after the figures were seen can be explored only."""
    assert judge([primary(4, 2)], replace(FINAL, registered=False)).code == "unregistered"


def test_a_metric_that_cannot_be_computed_is_named() -> None:
    """A guardrail without data gives no verdict; a secondary metric without data changes nothing."""
    lost = Unreadable("touch_time", Role.GUARDRAIL, "the baseline has no times at which work started")
    verdict = judge([primary(4, 2), lost], FINAL)
    assert verdict.word is Word.NO_VERDICT
    assert verdict.text == "Time worked on cannot be computed: the baseline has no times at which work started"
    assert judge([primary(4, 2), replace(lost, role=Role.SECONDARY)], FINAL).word is Word.SCALE


def test_the_sentence_says_what_would_change_it() -> None:
    """More cases at the same offices, or more offices like them."""
    sizes = {"lead_time": Size(cases=2000, offices=20, icc=0.0)}
    verdict = judge([primary(1.5, 2), SAFE], replace(FINAL, sizes=sizes))
    # 1.5 is 0.5 from the worthwhile 2 and 1.5 from none: a half-width below 1.5 instead of 2 rules out no effect
    # (1.5 / 2)^2 = 0.5625 of the variance: 2000 / 0.5625 - 2000 = 1,556 cases, 20 / 0.5625 - 20 = 15.6 offices
    assert verdict.change == "about 1,600 more cases or 16 more offices"
    verdict = judge([primary(2.5, 4), SAFE], replace(FINAL, sizes=sizes))
    # (2.5 / (4 + .8416 * 2))^2 = 0.1936 of the variance: 2000 / 0.1936 - 2000 = 8,331 cases, 20 / 0.1936 - 20 = 83.3
    assert verdict.change == "about 8,400 more cases or 84 more offices"


def test_a_guardrail_that_is_open_says_how_many_cases_it_needs() -> None:
    """Half the distance to the margin needs a quarter of the variance."""
    sizes = {"any_rework": Size(cases=1000, offices=10, icc=0.0)}
    verdict = judge([primary(4, 2), guardrail(0.0, 0.06)], replace(FINAL, sizes=sizes))
    assert verdict.code == "guardrail_inconclusive"
    assert verdict.text == (
        "Cases with rework: may still be worse by 6 percentage points, where at most 3 percentage points are tolerated"
    )
    assert verdict.change == "about 3,000 more cases or 30 more offices"
    hopeless = judge([primary(4, 2), guardrail(-0.03, 0.06)], replace(FINAL, sizes=sizes))
    assert hopeless.change == (
        "the estimate itself is worse by the margin, so more cases alone would not do; improve cases with rework"
    )


def test_offices_that_differ_and_cases_that_left_the_design_are_told() -> None:
    """They do not change the word, but say where to adjust."""
    verdict = judge([primary(3, 4)], replace(FINAL, offices_apart=("Medan", "Bogor"), fidelity=0.6))
    assert [r.code for r in verdict.reasons] == ["underpowered", "fidelity", "heterogeneous"]
    assert "Medan, Bogor" in verdict.reasons[2].text


def test_a_reading_without_its_margin_is_a_fault_of_the_program() -> None:
    """The rule does not invent a margin."""
    with pytest.raises(ValueError, match="any_rework: a guardrail reading needs its margin"):
        judge([primary(4, 2), replace(SAFE, margin=None)], FINAL)
