"""Reads a published service standard from YAML; it becomes promises, never cases."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from perintis.doors.importers.instants import INSTANT, OFFSET
from perintis.rules.yaml_text import read_yaml
from perintis.words.errors import BadInput
from perintis.words.standard import Standard

LONGEST = 1 << 20
EXAMPLE = """title: Limited-stay permit, promised times
source: {rule: Regulation 12 of 2024, article: art. 6, url: "https://example.go.id/12-2024", read: 2026-01-15}
valid_from: 2024-07-01
promises:
  - {within: 10 working days, starts: the file is complete, stops: the decision is sent}
  - {step: imigrasi.check_documents, agency: imigrasi, within: 1 working day}
"""
"""Shown to a person whose file is none."""


def read_standard(path: Path) -> Standard:
    """The service standard of a YAML file; `BadInput` names the file and each entry that is wrong."""
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= LONGEST else ""
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path.name}: not YAML in UTF-8; a service standard is written like this:\n{EXAMPLE}"
        ) from error
    if not text.strip():
        raise BadInput(f"{path.name}: not a service standard; it is written like this:\n{EXAMPLE}")
    return read_yaml(text, Standard, path.name)


def no_cases() -> pl.DataFrame:
    """A case table without rows."""
    return pl.DataFrame(
        schema={
            "case": pl.String, "cohort": pl.String, "office": pl.String, "opened": INSTANT, "opened_offset": OFFSET,
            "closed": INSTANT, "due": INSTANT, "outcome": pl.String,
        }
    )  # fmt: skip


def no_steps() -> pl.DataFrame:
    """A step table without rows."""
    return pl.DataFrame(
        schema={
            "case": pl.String, "step": pl.String, "visit": pl.Int32, "agency": pl.String, "office": pl.String,
            "officer": pl.String, "ready": INSTANT, "started": INSTANT, "completed": INSTANT, "offset": OFFSET,
            "outcome": pl.String, "due": INSTANT, "cost": pl.Float64, "keyed": pl.List(pl.String),
        }
    )  # fmt: skip
