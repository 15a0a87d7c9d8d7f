"""A progress bar, for people who wait longer than two seconds at a terminal; nothing at all for anybody else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_SECONDS = 2.0


class Meter:
    """Use as `with Meter("Reading", "rows") as meter: ... meter(done, total)`."""

    def __init__(self, label: str, unit: str) -> None:
        self._label = label
        self._unit = unit
        self._begun = time.monotonic()
        self._bar: Progress | None = None
        self._terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None = None) -> None:
        """Say how far it is; cheap, so it may be called often."""
        if not self._terminal or (self._bar is None and time.monotonic() - self._begun < PATIENCE_SECONDS):
            return
        if self._bar is None:
            self._bar = self._start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def _start(self) -> Progress:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"), BarColumn(bar_width=24),
            TextColumn("{task.completed:,.0f} " + self._unit), TimeElapsedColumn(),
        )  # fmt: skip
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.add_task(self._label, total=None)
        bar.tasks[0].start_time = self._begun
        bar.start()
        return bar

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


@contextmanager
def busy(label: str) -> Iterator[None]:
    """Show at a terminal that something goes on that cannot say how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    status = Console(stderr=True).status(f"{label} ...")
    timer = threading.Timer(PATIENCE_SECONDS, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
