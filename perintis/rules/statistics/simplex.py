"""Weights that are not negative and add up to one, with which a mix of columns comes nearest to a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats


def nearest_mix(columns: Floats, target: Floats, ridge: float = 0.0) -> Floats:
    """The weights w (k,) that minimise |columns w - target|^2 + ridge |w|^2; `columns` (n, k), `target` (n,).

    As the weights add up to one, the aim is |C w|^2 with C = columns - target and sqrt(ridge) I below it. Without that
    condition min |C z|^2 + (sum z - 1)^2 over z >= 0 lies at a multiple of the same w, for along each direction its
    minimum is q / (1 + q), which rises with q = |C w|^2. So least squares without negative coefficients (Lawson and
    Hanson 1974, chapter 23) give the exact answer, scaled.
    """
    from scipy.optimize import nnls

    size = columns.shape[1]
    aim = np.vstack([columns - target[:, None], np.sqrt(ridge) * np.eye(size)])
    scale = float(np.sqrt((aim**2).sum(axis=0).mean())) or 1.0
    found, _ = nnls(np.vstack([aim / scale, np.ones((1, size))]), np.append(np.zeros(len(aim)), 1.0))
    weights: Floats = found / found.sum()
    return weights
