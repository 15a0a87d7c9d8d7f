"""Events of one case, gathered from anywhere in a file, without holding the file in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

HELD_ROWS = 40_000
BUCKET_CASES = 2_500


class Spool:
    """Takes frames with a `key` (cases numbered as they first appear) and gives them back, whole cases at a time.

    Rows lie in buckets of neighbouring cases; beyond `held_rows` they are written to files in `folder`. The order of
    the cases is that of their first row in the file, and rows of a case keep their order.
    """

    def __init__(
        self, folder: Path, held_rows: int = HELD_ROWS, bucket_cases: int = BUCKET_CASES, name: str = "spool"
    ) -> None:
        self._folder = folder
        self._name = name
        self._most = held_rows
        self._bucket_cases = bucket_cases
        self._held: list[pl.DataFrame] = []
        self._rows = 0
        self._parts: dict[int, list[Path]] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Take some rows."""
        self._held.append(frame)
        self._rows += frame.height
        if self._rows >= self._most:
            self._write()

    def buckets(self) -> Iterator[pl.DataFrame]:
        """All rows, bucket by bucket, sorted by case."""
        for _, rows in self.numbered_buckets():
            yield rows

    def numbered_buckets(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """The same with the number of each bucket that has rows; equal numbers of two spools are the same cases."""
        if self._parts:
            self._write()
            for bucket in sorted(self._parts):
                parts = self._parts[bucket]
                rows = pl.concat([pl.read_parquet(part) for part in parts], how="diagonal")
                for part in parts:
                    part.unlink()
                yield bucket, rows.sort("key", maintain_order=True)
        elif self._held:
            for bucket, frame in self._by_bucket():
                yield bucket, frame.sort("key", maintain_order=True)

    def _by_bucket(self) -> Iterator[tuple[int, pl.DataFrame]]:
        if not self._held:
            return
        held = pl.concat(self._held, how="diagonal").with_columns(bucket=pl.col("key") // self._bucket_cases)
        self._held, self._rows = [], 0
        for (bucket,), frame in sorted(held.partition_by("bucket", as_dict=True, include_key=False).items()):
            yield int(bucket), frame

    def _write(self) -> None:
        for bucket, frame in self._by_bucket():
            parts = self._parts.setdefault(bucket, [])
            part = self._folder / f"{self._name}-{bucket}-{len(parts)}.parquet"
            frame.write_parquet(part, compression="lz4", statistics=False)
            parts.append(part)
