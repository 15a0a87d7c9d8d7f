"""The log-rank test is the score test of a Cox regression with one covariate; the program has the former alone."""

from __future__ import annotations

import pytest

from perintis.rules.statistics.log_rank import LogRank, log_rank


def test_the_log_rank_of_the_rossi_data() -> None:
    """Financial aid and arrest, 432 persons: chi-square 3.8376, p 0.0501 (R: survdiff; lifelines: logrank_test)."""
    rossi = pytest.importorskip("lifelines.datasets").load_rossi()
    found = log_rank(rossi["week"], rossi["arrest"], rossi["fin"])
    assert isinstance(found, LogRank)
    assert found.chi2 == pytest.approx(3.8376, abs=1e-4)
    assert found.p == pytest.approx(0.0501, abs=1e-4)
