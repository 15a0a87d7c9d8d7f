"""Says at a terminal what goes on, once it takes longer than two seconds; nothing to anybody else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 2.0
_WIDTH = 20


class Bar:
    """A bar on standard error. Call it with the stage that begins (from 1), how many there are, and what it is."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._stage, self._stages, self._doing = 0, 1, ""
        self._done = threading.Event()
        self._widest = 0

    def __call__(self, stage: int, stages: int, doing: str) -> None:
        """Note how far it is."""
        self._stage, self._stages, self._doing = stage - 1, stages, doing

    def show(self) -> None:
        """Draw the bar twice a second until it is stopped."""
        begun = time.monotonic()
        if self._done.wait(PATIENCE_SECONDS):
            return
        while not self._done.wait(0.5):
            full = _WIDTH * self._stage // self._stages
            doing = f" {self._doing}" if self._doing else ""
            bar = "#" * full + "." * (_WIDTH - full)
            self._write(f"{self._what} [{bar}]{doing}, {time.monotonic() - begun:.0f} s")
        self._write("")
        sys.stderr.write("\r")

    def stop(self) -> None:
        """Take the bar away."""
        self._done.set()

    def _write(self, line: str) -> None:
        self._widest = max(self._widest, len(line))
        sys.stderr.write(f"\r{line:<{self._widest}}")
        sys.stderr.flush()


@contextmanager
def saying(what: str) -> Iterator[Bar]:
    """A bar that is shown at a terminal while the block runs."""
    bar = Bar(what)
    if not sys.stderr.isatty():
        yield bar
        return
    thread = threading.Thread(target=bar.show, daemon=True)
    thread.start()
    try:
        yield bar
    finally:
        bar.stop()
        thread.join()
