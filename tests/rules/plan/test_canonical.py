"""The registered form of a plan: the same plan has the same hash, however its file is laid out."""

from __future__ import annotations

import hashlib
import json

from perintis.rules.plan import canonical_json, changes, plan_hash, plan_of_json, read_plan
from tests.rules.plan.plans import PLAN, plan


def test_the_hash_is_of_the_meaning_not_of_the_file() -> None:
    """Comments, order of keys and `1` for `1.0` change nothing; a margin does."""
    lines = PLAN.strip().splitlines()
    moved = "\n".join(["# a comment", *lines[1:], lines[0]]).replace("worthwhile: 2,", "worthwhile: 2.0,")
    assert plan_hash(read_plan(moved)) == plan_hash(plan())
    assert plan_hash(plan("margin: 10", "margin: 11")) != plan_hash(plan())


def test_the_canonical_form_is_sorted_json_that_can_be_read_again() -> None:
    """What the store keeps is the whole plan, and its SHA-256 is what is registered."""
    text = canonical_json(plan())
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert plan_of_json(text) == plan()
    assert plan_hash(plan()) == hashlib.sha256(text.encode()).hexdigest()


def test_differences_are_told_in_words() -> None:
    """One short line each, with what it was and is; parts with a name are told by it."""
    changed = PLAN.replace("worthwhile: 2", "worthwhile: 3").replace("[0.5, 0.75, 1]", "[1]")
    changed = changed.replace("  - {metric: handovers, role: secondary, unit: hand-overs, why: to see}\n", "")
    changed = changed.replace("cases: 100", "cases: 200, weeks: 8").replace("everybody", "workers only")
    assert changes(plan(), read_plan(changed)) == (
        "population: who was everybody, is 'workers only'",
        "metrics, lead_time: worthwhile was 2, is 3",
        "metrics: handovers was taken out",
        "minimums: cases was 100, is 200",
        "minimums: weeks was 0, is 8",
        "looks: fractions was 0.5, 0.75, 1, is 1",
    )
    assert changes(plan(), plan()) == ()


def test_the_order_of_metrics_counts() -> None:
    """It is the order in which a tie is broken and a report is read."""
    one, two = (line for line in PLAN.splitlines() if "role: guardrail" in line)
    swapped = PLAN.replace(f"{one}\n{two}", f"{two}\n{one}")
    assert changes(plan(), read_plan(swapped)) == ("metrics: the order was changed",)
