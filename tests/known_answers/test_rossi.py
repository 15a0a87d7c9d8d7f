"""The Cox regression behind the adjusted log-rank test, and the plain test, against the Rossi data.

Source: Rossi, Berk and Lenihan 1980 (432 persons released from prison, arrests within a year); values of R survival
(coxph, survdiff) and of the documentation of lifelines.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from perintis.rules.statistics.cox import Cox, cox
from perintis.rules.statistics.log_rank import LogRank, log_rank

COEFFICIENTS = {
    "fin": -0.379422, "age": -0.057438, "race": 0.3139, "wexp": -0.149796, "mar": -0.433704, "paro": -0.084871,
    "prio": 0.091497,
}  # fmt: skip
LOG_LIKELIHOOD = -658.747659


@pytest.fixture(scope="module")
def rossi() -> Any:
    return pytest.importorskip("lifelines.datasets").load_rossi()


def test_the_cox_regression_of_the_rossi_data(rossi: Any) -> None:
    """S6: coefficients and log-likelihood with Efron's ties, to four decimals; R: errors 0.1914, 0.0220, ... 0.0286."""
    x = rossi[list(COEFFICIENTS)].to_numpy(dtype=float)
    found = cox(rossi["week"].to_numpy(dtype=float), rossi["arrest"].to_numpy(dtype=bool), x)

    assert isinstance(found, Cox)
    assert found.coefficients == pytest.approx(list(COEFFICIENTS.values()), abs=1e-4)
    assert found.log_likelihood == pytest.approx(LOG_LIKELIHOOD, abs=1e-4)
    errors = np.sqrt(np.diag(np.linalg.inv(found.information)))
    assert errors[[0, 1, 6]] == pytest.approx([0.1914, 0.0220, 0.0286], abs=1e-4)


def test_the_log_rank_of_the_rossi_data(rossi: Any) -> None:
    """Financial aid and arrest, 432 persons: chi-square 3.8376, p 0.0501 (R: survdiff; lifelines: logrank_test)."""
    found = log_rank(rossi["week"], rossi["arrest"], rossi["fin"])
    assert isinstance(found, LogRank)
    assert found.chi2 == pytest.approx(3.8376, abs=1e-4)
    assert found.p == pytest.approx(0.0501, abs=1e-4)
