"""`perintis registry`: deliver an extract, look at the registry, and give each agency its view."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, note, print_json, say
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    from perintis.doors.registry.registry import Registry

app = typer.Typer(help="Look at a reference registry, and deliver to it.", no_args_is_help=True, **PLAIN)
Named = Annotated[str, typer.Argument(help="The pilot that keeps the registry.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Personal = Annotated[bool, typer.Option("--personal", help="With values of persons; needs --reason.")]
Reason = Annotated[str | None, typer.Option(help="Why personal values are looked at; it is recorded.")]
At = Annotated[int | None, typer.Option("--version", help="The version; else the newest.")]


def check_reason(personal: bool, reason: str | None) -> str:
    """The reason for looking at personal values; BadInput where one of the two is missing or it names a number."""
    if personal != bool(reason and reason.strip()):
        raise BadInput("--personal and --reason belong together: say why values of persons are looked at")
    if re.search(r"\d{16}", reason or ""):
        raise BadInput("the reason has an identity number in it, and it is kept in clear; name the file or the letter")
    return (reason or "").strip()


def which_version(registry: Registry, version: int | None) -> int:
    """The version asked for, or the newest; NotFound where there is none."""
    from perintis.doors.registry.history import check_version, newest

    last = newest(registry.database, registry.pilot)
    return check_version(registry.database, registry.pilot, last if version is None else version)


@app.command()
def deliver(
    pilot: Named,
    file: Annotated[Path, typer.Argument(help="The extract: .csv or .xlsx.")],
    agency: Annotated[str, typer.Option(help="Whose extract it is.")],
    period: Annotated[str, typer.Option(help="Its month, for instance 2026-03.")],
    office: Annotated[str, typer.Option(help="The office that delivers it.")],
    reference: Annotated[str | None, typer.Option(help="Its registration number; else one is made.")] = None,
    all_or_nothing: Annotated[bool, typer.Option("--strict", help="Take no row if any row is bad.")] = False,
) -> None:  # fmt: skip
    """Put an extract into the protected folder and write its announcement.

    The announcement holds checksum, columns and row count, and no value of a person. `perintis run PILOT` takes it.
    """
    from perintis.doors.registry.announcing import announce
    from perintis.doors.registry.registry import open_registry

    here = Here()
    at = now()
    with open_registry(pilot, here.settings) as registry:
        named = reference or f"EXT-{agency.upper()}-{period}-{at:%Y%m%d%H%M%S}"
        announced = announce(
            registry, file, reference=named, agency=agency, period=period, office=office, strict=all_or_nothing
        )
    say(f"{file.name}: {count(announced.rows, 'row')} kept, announced as {named}.")
    say(f"`perintis run {pilot} {announced.file}` takes it into the registry.")


@app.command()
def show(
    pilot: Named,
    person: Annotated[str | None, typer.Option(help="The id of one person, for their history.")] = None,
    metadata: Annotated[bool, typer.Option("--metadata", help="What each field means (Satu Data).")] = False,
    version: At = None,
    personal: Personal = False,
    reason: Reason = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Show what the registry holds: counts by agency and field, its fields, or one person's history."""
    from perintis.doors.registry.registry import open_registry
    from perintis.faces.cli import registry_lines

    why = check_reason(personal, reason)
    if personal and person is None:
        raise BadInput("--personal goes with --person ID; a view of many persons is made by `perintis registry export`")
    here = Here()
    with open_registry(pilot, here.settings) as registry:
        if metadata:
            shown, lines = registry_lines.metadata(registry)
        elif person is not None:
            shown, lines = registry_lines.person(registry, person, personal=personal, reason=why)
        else:
            shown, lines = registry_lines.summary(registry, which_version(registry, version))
    if as_json:
        print_json(shown)
        return
    for line in lines:
        say(line)


@app.command()
def diff(
    pilot: Named,
    before: Annotated[int, typer.Argument(help="The earlier version; 0 is the empty registry.")],
    after: Annotated[int, typer.Argument(help="The later version.")],
    as_json: Json = False,
) -> None:
    """Show what changed between two versions, by field and in counts."""
    from perintis.doors.registry.history import compare_versions
    from perintis.doors.registry.registry import open_registry
    from perintis.faces.cli import registry_lines

    here = Here()
    with open_registry(pilot, here.settings) as registry:
        found = compare_versions(registry.database, pilot, before, after)
    shown, lines = registry_lines.differences(found, before, after)
    if as_json:
        print_json(shown)
        return
    for line in lines:
        say(line)


@app.command()
def export(
    pilot: Named,
    file: Annotated[Path, typer.Argument(help="The CSV to write.")],
    agency: Annotated[str, typer.Option(help="The agency that gets it.")],
    version: At = None,
    personal: Personal = False,
    reason: Reason = None,
) -> None:
    """Write an agency's view: its records, their persons, and the fields that the agreement lets it have.

    Without --personal there are ids and record numbers only. It is recorded as a disclosure (`perintis disclosures`).
    """
    from zoneinfo import ZoneInfo

    from perintis.doors.registry.changes import note_access, note_view, view_of
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.vault.anchors import anchor

    why = check_reason(personal, reason)
    here = Here()
    lead = here.pilot(pilot).lead
    with open_registry(pilot, here.settings) as registry:
        if agency not in registry.settings.sources:
            known = ", ".join(registry.settings.sources)
            raise NotFound(f"{agency} has no part in the registry of {pilot}; there are {known}")
        number = which_version(registry, version)
        today = now().astimezone(ZoneInfo(lead.calendar.timezone)).date()
        text, fields, rows = view_of(registry, agency, number, lead=lead.code, on=today, personal=personal)
        note_view(registry, agency, list(fields), rows, lead=lead.code, on=today, reason=why)
        if personal:
            note_access(registry, "export", agency=agency, fields=list(fields), rows=rows, reason=why)
        anchor(registry.database, now())
        left_out = [name for name in registry.settings.fields if name not in fields]
    _write(file, text)
    say(f"{file.name}: {count(rows, 'record')} of {agency} at version {number}.")
    if personal:
        articles = sorted(set(", ".join(fields.values()).split(", ")))
        say(f"Fields: {', '.join(fields)} ({', '.join(articles)}). Not agreed, left out: {', '.join(left_out)}.")
    else:
        note("Only ids and record numbers were written; --personal with --reason adds the fields that were agreed.")


def _write(file: Path, text: str) -> None:
    try:
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written ({error.strerror}); name another file") from None


@app.command()
def score(
    pilot: Named,
    truth: Annotated[Path | None, typer.Option(help="Who each record truly is: agency, record, person.")] = None,
    version: At = None,
    as_json: Json = False,
) -> None:
    """Measure the registry beside matching by exact number: duplicates, links, conflicts, typed values.

    Where the truth is known also precision and recall, by pairs and by whole persons.
    """
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.registry.scoring import measure, read_truth
    from perintis.faces.cli import registry_lines

    here = Here()
    known = None if truth is None else read_truth(truth)
    with open_registry(pilot, here.settings) as registry:
        measured = measure(registry, which_version(registry, version), known)
    shown, lines = registry_lines.measured(measured)
    if as_json:
        print_json(shown)
        return
    for line in lines:
        say(line)
