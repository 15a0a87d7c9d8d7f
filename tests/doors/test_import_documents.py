"""The reference of what can be imported is true."""

from __future__ import annotations

import re
from pathlib import Path

from perintis.doors.importers.mapping import build_mapping
from perintis.doors.importers.read import FORMATS, NEVER_PACKED
from perintis.rules.yaml_text import load_yaml


def test_the_reference_names_every_ending_and_shows_mappings_that_hold(repository: Path) -> None:
    """Each ending of the table has a reader and the other way round; each block is a mapping."""
    text = (repository / "docs" / "reference" / "baseline-files.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `.")]
    assert {ending for row in rows for ending in re.findall(r"`(\.\w+)`", row)} == set(FORMATS)
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    mappings = [build_mapping(load_yaml(block, "block")) for block in blocks]
    dates, numbers, objects = mappings
    assert list(dates.milestones) == ["health_done", "decided", "police_done"]
    assert list(numbers.figures) == ["duplicates_found", "records_linked"]
    assert objects.object_type == "permit"


def test_text_formats_may_be_packed() -> None:
    """And no other."""
    assert set(FORMATS) - set(NEVER_PACKED) == {".csv", ".xes", ".json", ".jsonocel", ".xml", ".xmlocel"}
