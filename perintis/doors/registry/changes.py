"""What each agency is told of a new version, and its view: only fields that the agreement lets the lead show it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import NamedTuple

from perintis.doors import pilot_folder
from perintis.doors.registry.history import Ref, State, state
from perintis.doors.registry.models import RegistryAccessRow
from perintis.doors.registry.registry import Registry, now, records_of
from perintis.doors.registry.sealed_values import marks
from perintis.doors.store.disclosing import keep_terms, note_file
from perintis.doors.store.record_chain import add_records
from perintis.rules.agreement import Agreement, Disclosure, may_disclose
from perintis.rules.registry.settings import RECORD
from perintis.words.errors import NotAllowed

SAME_PERSON = "same_person_as"
"""In a file of changes: another record of the same agency that is the same person."""


class Told(NamedTuple):
    """One line for an agency: its record, the field, what it has, what the registry has, and why."""

    record: str
    field: str
    yours: str
    registry: str
    why: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The file for an agency and how many lines it has by field."""

    file: str
    by_field: dict[str, int]


def fields_shown(registry: Registry, agency: str, *, lead: str, on: date) -> dict[str, str]:
    """The registry's fields that the lead may show an agency on that day, with the article; all to itself."""
    if agency == lead:
        return dict.fromkeys(registry.settings.fields, "its own registry")
    agreement = agreement_of(registry)
    shown = {}
    for name in registry.settings.fields:
        allowed = may_disclose(agreement, discloses=lead, receives=agency, fields=(name,), on=on)
        if isinstance(allowed, tuple):
            shown[name] = ", ".join(disclosure.term.article for disclosure in allowed)
    return shown


def delivered_unagreed(registry: Registry, agency: str, *, lead: str, on: date) -> list[str]:
    """The fields of an agency's extract that it may not disclose to the lead on that day."""
    source = registry.settings.source(agency)
    if source is None or agency == lead:
        return []
    agreement, fields = agreement_of(registry), registry.settings.fields
    filled = [name for name in fields if source.column_of(name) is not None or name in source.constant]
    return [
        name for name in filled
        if not isinstance(may_disclose(agreement, discloses=agency, receives=lead, fields=(name,), on=on), tuple)
    ]  # fmt: skip


def delivered_by(registry: Registry, agency: str, *, lead: str, on: date) -> tuple[Disclosure, ...]:
    """What an agency discloses to the lead by its extract, a disclosure a term; call `delivered_unagreed` before."""
    source = registry.settings.source(agency)
    if source is None or agency == lead:
        return ()
    fields = [n for n in registry.settings.fields if source.column_of(n) is not None or n in source.constant]
    found = may_disclose(agreement_of(registry), discloses=agency, receives=lead, fields=fields, on=on)
    return found if isinstance(found, tuple) else ()


def agreement_of(registry: Registry) -> Agreement:
    """The pilot's agreement, or NotAllowed where there is none."""
    found = pilot_folder.agreement_of(registry.home.pilots, registry.pilot)
    if found is None:
        where = f"pilots/{registry.pilot.replace('-', '_')}/agreement.yaml"
        raise NotAllowed(f"{where} is missing, so the registry may be shown to nobody; write the agreement first")
    return found


def write_notices(registry: Registry, version: int, *, lead: str, on: date) -> dict[str, Notice]:
    """Writes a file for each agency with what a version changed for its records; agencies without changes get none."""
    while True:
        marked = hidden(registry, erased=True)
        lines = _lines(registry, version, marked, lead=lead, on=on)
        if hidden(registry, erased=True) == marked:  # else somebody was erased who stands in what was read
            break
    notices = {}
    for agency, told in lines.items():
        name = registry.shelf.changes_name(agency, version)
        registry.shelf.hand_back(agency, name, _csv(Told._fields, told))
        notices[agency] = Notice(name, dict(Counter(line.field for line in told)))
    return notices


def _lines(
    registry: Registry, version: int, marked: frozenset[str], *, lead: str, on: date
) -> dict[str, list[Told]]:  # fmt: skip
    """What each agency is told of a version, without these persons."""
    before = state(registry.database, registry.pilot, version - 1)
    after = state(registry.database, registry.pilot, version)
    own = _own_values(registry)
    after = _without(after, marked)
    found = {}
    for agency in registry.settings.sources:
        shown = fields_shown(registry, agency, lead=lead, on=on)
        if lines := list(_told(agency, before, after, own, shown)):
            found[agency] = lines
    return found


def hidden(registry: Registry, *, erased: bool) -> frozenset[str]:
    """The persons whose processing is restricted, and those who were `erased` where that is asked for."""
    with registry.database.read() as connection:
        found = marks(connection, registry.pilot)
    return found.restricted | found.erased if erased else found.restricted


def _without(held: State, persons: frozenset[str]) -> State:
    return held._replace(links={ref: link for ref, link in held.links.items() if link[0] not in persons})


def _own_values(registry: Registry) -> dict[Ref, dict[str, str | None]]:
    published = [d for d in registry.standardised() if d["version"] is not None]
    rows = records_of(registry, published).iter_rows(named=True)
    return {(row["agency"], row[RECORD]): row for row in rows}


def _told(
    agency: str, before: State, after: State, own: Mapping[Ref, Mapping[str, str | None]], shown: Mapping[str, str]
) -> Iterator[Told]:  # fmt: skip
    """Lines on the agency's records of persons that this version touched: values it lacks or has otherwise."""
    records: dict[str, list[str]] = {}
    for (of, record), (person, _) in sorted(after.links.items()):
        if of == agency:
            records.setdefault(person, []).append(record)
    for person, numbers in records.items():
        for number in numbers:
            ref = (agency, number)
            is_new = before.links.get(ref, ("", ""))[0] != person
            for field in shown:
                value = after.values.get((person, field))
                mine = own.get(ref, {}).get(field)
                if value is None or value.value == mine:
                    continue
                old = before.values.get((person, field))
                if is_new or old is None or old.value != value.value:
                    yield Told(number, field, mine or "", value.value, value.rule)
            first = numbers[0]
            if number != first and (is_new or before.links.get((agency, first), ("", ""))[0] != person):
                yield Told(number, SAME_PERSON, "", first, "both records are one person in the registry")


def view_of(
    registry: Registry, agency: str, version: int, *, lead: str, on: date, personal: bool
) -> tuple[str, dict[str, str], int]:  # fmt: skip
    """An agency's view as CSV, the fields in it with their articles, and its rows: one for each of its records.

    Without `personal` a view has the persons' ids and the agency's own record numbers, and no value. Persons whose
    processing is restricted are not in it; the values of erased ones are `erased`.
    """
    shown = fields_shown(registry, agency, lead=lead, on=on) if personal else {}
    held = state(registry.database, registry.pilot, version, opened=personal)
    held = _without(held, hidden(registry, erased=False))
    rows = []
    for (of, record), (person, _) in sorted(held.links.items()):
        if of == agency:
            values = [held.values.get((person, field)) for field in shown]
            rows.append((person, record, version, *("" if value is None else value.value for value in values)))
    return _csv(("person", RECORD, "version", *shown), rows), shown, len(rows)


def note_view(
    registry: Registry, agency: str, fields: Sequence[str], rows: int, *, lead: str, on: date, reason: str
) -> None:
    """Record that an agency is given its view: these fields, and which of its records are one person.

    Raises NotAllowed where no term lets the lead tell it that. The lead's own view discloses nothing.
    """
    if agency == lead:
        return
    shown = (*fields, SAME_PERSON)
    allowed = may_disclose(agreement_of(registry), discloses=lead, receives=agency, fields=shown, on=on)
    if not isinstance(allowed, tuple):
        raise NotAllowed(str(allowed))
    keep_terms(registry.database, allowed)
    with registry.database.write() as connection:
        note_file(connection, registry.pilot, "view", allowed, records=rows, at=now(), reason=reason or None)


def note_access(
    registry: Registry, what: str, *, agency: str | None, fields: list[str], rows: int, reason: str
) -> None:  # fmt: skip
    """Records that somebody looked at personal values, and why."""
    with registry.database.write() as connection:
        row = {
            "pilot": registry.pilot, "at": now(), "what": what, "agency": agency, "fields": ", ".join(fields),
            "rows": rows, "reason": reason,
        }  # fmt: skip
        add_records(connection, RegistryAccessRow, [row])


def _csv(header: tuple[str, ...], rows: Sequence[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
