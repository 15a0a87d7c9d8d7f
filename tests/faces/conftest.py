"""An office with a small pilot, in which commands are run as a person would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faces.office import CONTENT, Office, write_pilot


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Office]:
    """The small pilot in a folder of its own; other tests' pilots are put aside meanwhile."""
    aside = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in CONTENT}
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(write_pilot(tmp_path))
    for name in ("PERINTIS_HOME", "PERINTIS_DATABASE_URL", "PERINTIS_PILOTS"):
        monkeypatch.delenv(name, raising=False)
    yield Office(tmp_path, capsys)
    Office.forget()
    sys.modules.update(aside)
