"""`perintis subject` on persons of a pilot's registry: which are meant, and what is shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count
from perintis.faces.moments import exactly
from perintis.words.errors import NotFound

if TYPE_CHECKING:
    from perintis.doors.registry.persons import FoundPerson
    from perintis.doors.registry.registry import Registry
    from perintis.doors.store.database import Database


def keeps_registry(here: Here, pilot: str) -> bool:
    """Whether a pilot keeps a registry."""
    return (here.settings.pilots / "pilots" / pilot.replace("-", "_") / "registry.yaml").is_file()


@contextmanager
def registry_of(here: Here, database: Database, pilot: str) -> Iterator[Registry]:
    """The registry of a pilot in a store that is open; NotFound where it keeps none."""
    from perintis.doors.registry.erasing import finish
    from perintis.doors.registry.registry import Registry

    registry = Registry(here.settings, pilot, database)
    finish(registry)
    yield registry


def by_value(here: Here, database: Database, pilot: str, value: str) -> list[FoundPerson]:
    """The persons with this identity number or name; none where the pilot keeps no registry."""
    from perintis.doors.registry.persons import find_persons

    if not keeps_registry(here, pilot):
        return []
    with registry_of(here, database, pilot) as registry:
        return find_persons(registry, value)


def by_id(here: Here, database: Database, pilot: str, person: str) -> list[FoundPerson]:
    """One person by id; NotFound where there is none."""
    from perintis.doors.registry.persons import find_by_id

    if not keeps_registry(here, pilot):
        raise NotFound(f"{pilot} keeps no registry; leave --person out")
    with registry_of(here, database, pilot) as registry:
        return [find_by_id(registry, person)]


def line(found: FoundPerson) -> dict[str, Any]:
    """A person as data."""
    return {
        "person": found.person, "named_in": list(found.fields),
        "records": [{"agency": agency, "record": record} for agency, record in found.records],
        "restricted": found.restricted, "held": found.held, "erased": found.erased,
    }  # fmt: skip


def row(found: FoundPerson) -> Sequence[object]:
    """A person as a row of a table."""
    states = {"restricted": found.restricted, "legal hold": found.held, "erased": found.erased}
    marks = [name for name, at in states.items() if at is not None]
    records = ", ".join(f"{agency} {record}" for agency, record in found.records)
    return found.person, records, ", ".join(found.fields), ", ".join(marks)


def traced(
    here: Here, database: Database, pilot: str, persons: Sequence[FoundPerson], officer: str, reason: str
) -> list[dict[str, Any]]:  # fmt: skip
    """Everything the registry holds of these persons; that it was shown is noted."""
    from perintis.doors.registry.persons import note, trace_person
    from perintis.doors.vault.acts import Act

    if not persons:
        return []
    lead, told = here.pilot(pilot).lead, []
    today = now().astimezone(ZoneInfo(lead.calendar.timezone)).date()
    with registry_of(here, database, pilot) as registry:
        for found in persons:
            with database.write() as connection:
                note(connection, pilot, found.person, Act.TRACE, officer=officer, reason=reason, now=now())
            told.append({**line(found), **trace_person(registry, found, lead=lead.code, on=today)})
    return told


def trace_lines(one: dict[str, Any], zone: Any) -> Iterator[str]:
    """A trace for people."""
    yield f"Person {one['person']} of the registry"
    if one["erased"] is not None:
        yield f"  Personal data erased {exactly(one['erased'], zone)}."
    for value in one["values"]:
        source = f"{value['agency']} {value['record']}, {value['rule']}"
        yield f"  {value['field']}: {value['value']} ({source}; {_versions(value)})"
    for link in one["records"]:
        yield f"  record {link['agency']} {link['record']}: {link['rule']} ({_versions(link)})"
    for version in one["versions"]:
        came = f"extract {version['reference']} of {version['agency']}, received {exactly(version['received'], zone)}"
        yield f"  version {version['number']}, published {exactly(version['published'], zone)}: {came}"
    for agency, fields in one["seen_by"].items():
        yield f"  {agency} may see: {', '.join(fields) or 'nothing'}"
    yield from file_lines(one["files"], zone)
    yield "  Who looked at values that may have been this person's:"
    for access in one["accesses"]:
        of = f" of {access['agency']}" if access["agency"] else ""
        why = f"{access['fields']}, because: {access['reason']}"
        yield f"    {exactly(access['at'], zone)}  {access['what']}{of}: {why}"
    yield "  What was done:"
    for act in one["acts"]:
        yield f"    {exactly(act['at'], zone)}  {act['act']} by {act['officer']}, because: {act['reason']}"
    yield ""


def file_lines(files: Sequence[dict[str, Any]], zone: Any) -> Iterator[str]:
    """Files with records of many persons, for people."""
    for file in files:
        named = f"{file['what']} {file['reference']}" if file["reference"] else file["what"]
        given = f"{file['discloses']} gave {file['receives']} {named} ({count(file['records'], 'record')})"
        fields = ", ".join(file["fields"])
        why = f", because: {file['reason']}" if file["reason"] else ""
        yield f"  {exactly(file['at'], zone)}: {given} with {fields} ({file['agreement']} {file['article']}){why}"


def _versions(row: dict[str, Any]) -> str:
    until = row["until_version"]
    return f"from version {row['from_version']}" if until is None else f"versions {row['from_version']} to {until - 1}"
