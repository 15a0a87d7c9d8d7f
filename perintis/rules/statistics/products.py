"""Products of tall tables that are the same to the last digit on any number of threads.

A product by `@` is divided among threads where a table has many rows, and its last digit then hangs on their number. An
evaluation must give the same digits on another machine, so sums over cases are taken in one order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from perintis.rules.statistics.effect import Floats


def crossed(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> Floats:
    """The product of a transposed and b over the cases; shapes (cases, j) and (cases, k) give (j, k)."""
    found: Floats = np.einsum("ij,ik->jk", a, b)
    return found


def combined(x: Floats, weights: NDArray[np.floating[Any]]) -> Floats:
    """The columns of x times weights, shape (cases, j) and (j,) or (j, k): case by case, column after column."""
    found = np.zeros(x.shape[:1] + weights.shape[1:])
    for column, weight in zip(x.T, weights, strict=True):
        found += column.reshape(-1, *[1] * (weights.ndim - 1)) * weight
    return found
