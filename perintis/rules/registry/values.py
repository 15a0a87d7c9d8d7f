"""Values in the registry's own form: names in capitals, dates as ISO 8601, codes of the reference lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from perintis.rules.linkage.codes import CodeTable, code_table
from perintis.rules.linkage.dates import AMBIGUOUS, DateOrder, order_shown, standard_date
from perintis.rules.linkage.names import standard_name
from perintis.rules.linkage.numbers import standard_nik, standard_passport, standard_sex
from perintis.rules.linkage.reading import EMPTY, Reading, given
from perintis.rules.registry.settings import Kind

Read = Callable[[str | None], Reading[str]]
OTHER_ORDER = "is a date in another order than this column is agreed to have; write all in one order"
MIXED = "can be read two ways, and the column has dates in both orders; write all in one order"
_WORDS = {"true": "yes", "ya": "yes", "yes": "yes", "y": "yes", "1": "yes", "layak": "yes",
          "false": "no", "tidak": "no", "no": "no", "t": "no", "n": "no", "0": "no", "tidak layak": "no"}  # fmt: skip


def tables_of(codes: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, CodeTable]:
    """The reference lists as look-up tables; raises ValueError where a word stands for two codes."""
    return {name: code_table(name, {c: tuple(words) for c, words in listed.items()}) for name, listed in codes.items()}


def standard_values(
    texts: Sequence[str | None], kind: Kind, table: CodeTable | None, order: DateOrder | None
) -> list[Reading[str]]:
    """The texts of one column in their standard form, or the reason why there is none; no reason repeats a value."""
    if kind is Kind.DATE:
        return [_date(text, order or order_shown(texts), agreed=order is not None) for text in texts]
    read = _reader(kind, table)
    known = {text: read(text) for text in set(texts)}
    return [known[text] for text in texts]


def _reader(kind: Kind, table: CodeTable | None) -> Read:
    if kind is Kind.CODE:
        assert table is not None
        return table.look_up
    readers: dict[Kind, Read] = {
        Kind.NAME: _name, Kind.SEX: standard_sex, Kind.NIK: standard_nik, Kind.PASSPORT: standard_passport,
        Kind.YES_NO: _yes_no, Kind.TEXT: _text,
    }  # fmt: skip
    return readers[kind]


def _name(text: str | None) -> Reading[str]:
    read = standard_name(text)
    return read if read.value is None else Reading(read.value.upper())


def _text(text: str | None) -> Reading[str]:
    written = given(text)
    return Reading(None, EMPTY) if written is None else Reading(" ".join(written.split()))


def _yes_no(text: str | None) -> Reading[str]:
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    word = _WORDS.get(" ".join(written.casefold().split()))
    return Reading(word) if word else Reading(None, "is neither yes nor no (ya, tidak)")


def _date(text: str | None, order: DateOrder | None, *, agreed: bool) -> Reading[str]:
    read = standard_date(text, order)
    if read.value is not None:
        return Reading(read.value.isoformat())
    if agreed and read.reason and "swapped" in read.reason:
        return Reading(None, OTHER_ORDER)
    return Reading(None, MIXED if read.reason == AMBIGUOUS else read.reason or EMPTY)
