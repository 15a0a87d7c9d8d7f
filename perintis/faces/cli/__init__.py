"""The command line: `perintis COMMAND`. Each command is a module of its own, imported when it is called."""

from __future__ import annotations

from perintis.faces.cli.app import main

__all__ = ["main"]
