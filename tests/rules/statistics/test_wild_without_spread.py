"""The wild bootstrap where some pattern of signs leaves no effect and no spread at all."""

from __future__ import annotations

import numpy as np

from perintis.rules.statistics.case_values import CaseValues
from perintis.rules.statistics.effect import Units
from perintis.rules.statistics.wild_bootstrap import WildP, wild_bootstrap


def test_offices_that_do_not_differ_give_a_p_value_and_no_fault() -> None:
    """Four offices in both cohorts, each with the same two cases: no effect, no spread, and nothing is surprising."""
    pilot = np.repeat([False, True], 4)
    units = Units(
        tuple(f"c{k}" for k in range(8)), pilot, np.tile(np.arange(4), 2), np.zeros(8, dtype=np.int64), tuple("abcd"),
        ("2026-01-01",),
    )  # fmt: skip
    found = wild_bootstrap(CaseValues("m", "days", np.full(8, 5.0), np.ones(8, dtype=bool), units).difference())

    assert isinstance(found, WildP)
    assert (found.p, found.t) == (1.0, 0.0)
