"""Which migration this program needs; apart, so that a quick look at the store does not import SQLAlchemy."""

from __future__ import annotations

HEAD = "0013"
"""The newest migration; a test compares it with the files."""
