"""Exporters: any two analysis tables to a file that other tools open. The format follows from the file's ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from perintis.doors.exporters.table import write_csv, write_parquet
from perintis.doors.exporters.xes import write_xes
from perintis.words.errors import BadInput
from perintis.words.tables import DataSet

WRITERS: dict[str, Callable[[DataSet, Path], None]] = {
    ".csv": write_csv,
    ".parquet": write_parquet,
    ".xes": write_xes,
}


def export(data: DataSet, path: Path) -> int:
    """Write a data set to a file and return the number of cases; raises `BadInput` for an unknown ending.

    The file appears whole or not at all.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise BadInput(f"{path.name}: cannot export to this kind of file; use one of {', '.join(WRITERS)}")
    beside = path.with_name(f".{path.name}.part")
    try:
        writer(data, beside)
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"{path.name}: cannot be written ({error.strerror})") from error
    finally:
        beside.unlink(missing_ok=True)
    return data.cases.height
