"""Sums over cases are the same as by `@`, and the same to the last digit on any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from perintis.rules.statistics.products import combined, crossed

PRINT = """
import numpy as np
from perintis.rules.statistics.products import combined, crossed
x = np.random.default_rng(1).normal(size=(200_000, 4))
print(crossed(x, x).tobytes().hex(), combined(x, x[:4]).sum(axis=0).tobytes().hex())
"""


def test_they_are_the_products() -> None:
    """Of a tall table with itself, with a vector, with a small table."""
    x = np.random.default_rng(2).normal(size=(500, 3))
    np.testing.assert_allclose(crossed(x, x), x.T @ x)
    np.testing.assert_allclose(combined(x, x[0]), x @ x[0])
    np.testing.assert_allclose(combined(x, x[:3]), x @ x[:3])


def test_threads_do_not_change_a_digit() -> None:
    """200,000 rows, one thread and seven."""
    said = {
        subprocess.run(
            [sys.executable, "-c", PRINT], env={**os.environ, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n},
            capture_output=True, text=True, check=True,
        ).stdout
        for n in ("1", "7")
    }  # fmt: skip
    assert len(said) == 1
