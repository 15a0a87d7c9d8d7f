"""Whether an extract has the columns that were agreed; a renamed one is told with the nearest name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from perintis.rules.headers import named_or_placed
from perintis.rules.linkage.names import plain
from perintis.rules.registry.settings import Source

LIKE_ENOUGH = 0.6
NO_HEADER = "the first row names none of the agreed columns; put their names there"


def column_faults(columns: Sequence[str], source: Source) -> Iterator[str]:
    """One sentence for each column that is missing, unknown or there twice."""
    written = [column.strip() for column in columns]
    unknown = [name for name in dict.fromkeys(written) if name not in source.columns]
    if not has_header(written, source):
        yield NO_HEADER
        return
    for name in dict.fromkeys(written):
        if written.count(name) > 1:
            yield f"the column {_told(name, written, source)} is there twice; leave one"
    for name in source.columns:
        if name in written:
            continue
        near = nearest(name, unknown)
        if near is None:
            yield f"the column {name!r} is missing; add it as the annex of the agreement has it"
        else:
            unknown.remove(near)
            yield f"the column {name!r} is missing; {near!r} seems to be meant: rename it to {name!r}"
    for name in unknown:
        yield f"the column {_told(name, written, source)} was not agreed; leave it out"


def _told(name: str, written: Sequence[str], source: Source) -> str:
    return named_or_placed(name, written.index(name) + 1, source.columns)


def has_header(columns: Sequence[str], source: Source) -> bool:
    """Whether the first row names columns at all; where it is a row of data, nothing of it may be repeated.

    A value may look like the name of a column by chance; a third of the columns do not.
    """
    named = sum(name in source.columns or nearest(name, list(source.columns)) is not None for name in columns)
    return 3 * named >= len(source.columns)


def agreed(columns: Sequence[str], source: Source) -> list[str]:
    """The columns of an extract that were agreed: the others may be called by anything, a person's name too."""
    return [name for name in columns if name.strip() in source.columns]


def nearest(name: str, among: Sequence[str]) -> str | None:
    """The name of `among` most like `name`, whatever its case and separators; None where none is like it."""
    by_plain = {_plain(other): other for other in among}
    found = get_close_matches(_plain(name), by_plain, n=1, cutoff=LIKE_ENOUGH)
    return by_plain[found[0]] if found else None


def _plain(name: str) -> str:
    return plain(name).replace("_", " ").replace("-", " ")
