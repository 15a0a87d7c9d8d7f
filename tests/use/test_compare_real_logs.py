"""The figures of docs/explanation/real-logs.md, from the command line: import, then compare."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from perintis.faces.cli.app import app

Perintis = Callable[..., Any]


@pytest.fixture
def perintis(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Perintis:
    monkeypatch.setenv("PERINTIS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PERINTIS_PILOTS", str(repository))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Any:
        done = CliRunner().invoke(app, [*arguments, "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


def median(comparison: dict[str, Any], side: str, metric: str = "lead_time") -> float:
    (found,) = (m for m in comparison["metrics"] if m["name"] == metric)
    return round(float(found[side]["statistics"]["median"]["value"]), 2)


def cautions(comparison: dict[str, Any]) -> str:
    return " ".join(w["text"] for w in comparison["warnings"])


def test_road_fines_before_and_after_a_policy_change(perintis: Perintis, repository: Path, shared_data: Path) -> None:
    """Every fine counted, 107 days become 56; the closed ones alone, 83 and 49, stand beside as a caution."""
    log = str(shared_data / "eventlogs" / "road_fines.xes.gz")
    mapping = str(repository / "samples" / "road_fines.map.yaml")
    imported = perintis("baseline", "import", "fast-track", log, "--name", "fines", "--map", mapping)
    assert (imported["cases"], imported["events"], imported["rejected"]) == (150_370, 561_470, 0)
    found = perintis("compare", "fines:before", "fines:after")
    assert (median(found, "a"), median(found, "b")) == (107.04, 56)
    assert re.search(r"closed cases alone have a median of 83 days", cautions(found))
    assert re.search(r"closed cases alone have a median of 49 days", cautions(found))


def test_permits_by_channel(perintis: Perintis, repository: Path, shared_data: Path) -> None:
    """From first to last event 0.02 days by Internet, 0.78 at the desk, 4.06 by post, 0.02 by e-mail."""
    log = str(shared_data / "eventlogs" / "receipt.xes.gz")
    mapping = str(repository / "samples" / "receipt.map.yaml")
    perintis("baseline", "import", "fast-track", log, "--name", "receipt", "--map", mapping)
    desk = perintis("compare", "receipt:Desk", "receipt:Internet")
    post = perintis("compare", "receipt:Post", "receipt:e-mail")
    assert [desk["a"]["cases"], desk["b"]["cases"], post["a"]["cases"], post["b"]["cases"]] == [109, 1250, 53, 21]
    assert (median(desk, "b"), median(desk, "a"), median(post, "a"), median(post, "b")) == (0.02, 0.78, 4.06, 0.02)


def test_the_sample_with_a_changed_clock_says_so(perintis: Perintis, repository: Path) -> None:
    """H-2B: 14 days become 67, and the first caution is that the clock is another one."""
    samples = repository / "samples"
    imported = perintis(
        "baseline", "import", "fast-track", str(samples / "h2b.csv.gz"), "--name", "h2b",
        "--map", str(samples / "h2b.map.yaml"),
    )  # fmt: skip
    assert (imported["cases"], imported["grade"]) == (46_302, "measured log")
    found = perintis("compare", "h2b:2014", "h2b:2016")
    assert (median(found, "a"), median(found, "b")) == (14, 67)
    assert "counted differently" in cautions(found)
    same = perintis("compare", "h2b:2016", "h2b:2017")
    assert "counted differently" not in cautions(same)
