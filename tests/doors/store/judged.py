"""An evaluation as it is kept, for tests that need one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from perintis.doors.store.judgements import JudgedEvaluation

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_ONE = JudgedEvaluation(
    pilot="small", version="1", at=AT, data_until=AT, baseline="last-year", simulated=False, plan_hash="ab" * 32,
    registered=True, look=1, looks=3, final=False, fraction=0.5, information=2.25, word="scale", code="scale",
    sentence="Lead time is better", change=None, staged=False, grade="B", snapshot="cd" * 32,
)  # fmt: skip


def evaluation(**changes: Any) -> JudgedEvaluation:
    """One evaluation of the pilot `small`, with some fields changed."""
    return replace(_ONE, **changes)
