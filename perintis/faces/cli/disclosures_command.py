"""`perintis disclosures`: the record of processing, by kind or one by one; names of fields and never a value."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.doors.store.disclosure_queries import (
    Chosen,
    DisclosureLine,
    DisclosureSum,
    FileLine,
    Identified,
    Processing,
    list_disclosures,
    list_files,
    list_identified,
    list_refused,
    sum_disclosures,
)
from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, note, print_json, say, table
from perintis.faces.moments import exactly
from perintis.rules.agreement.wording import Language
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    from perintis.doors.store.reading import Reader

COLUMNS = (
    "case", "reference", "event", "at", "step", "visit", "discloses", "receives", "fields", "purpose", "article",
    "agreement", "version", "legal_basis", "retention", "records", "reason",
)  # fmt: skip
SHOWN = 50


def command(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    case: Annotated[str | None, typer.Option(help="Only this case, by its reference: one by one.")] = None,
    agency: Annotated[str | None, typer.Option(help="Only what this agency disclosed or received.")] = None,
    since: Annotated[str | None, typer.Option(help="Only since this day, year-month-day.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of purposes and laws: id or en.")] = Language.ENGLISH,
    out: Annotated[Path | None, typer.Option(help="Write each disclosure as a row to this .csv file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: each disclosure.")] = False,
) -> None:
    """Show what was disclosed to whom, and why.

    The record of processing that the law asks for (UU 27/2022, art. 31): fields by name, purpose, article, time.
    """
    here = Here()
    found = here.pilot(pilot)
    if agency is not None and agency not in (codes := [a.code for a in found.agencies]):
        raise NotFound(f"{agency} takes no part in {pilot}; {', '.join(codes)} do")
    zone = here.offices().zone(pilot)
    with here.reader() as reader:
        chosen = Chosen(pilot, _case(reader, pilot, case), agency, _since(since, zone))
        files = list_files(reader, chosen, case)
        lead_too = case is None and agency in (None, found.lead.code)
        identified = list_identified(reader, chosen) if lead_too else []
        if out is not None or as_json:
            own = (_identified_json(one, found.lead.code) for one in identified)
            lines = (line_json(line, lang) for line in list_disclosures(reader, chosen))
            every = merge(lines, (_file_json(file, lang) for file in files), own, key=lambda line: line["at"])
            _write(out, every, zone) if out is not None else print_json(list(every))
        elif case is not None:
            _say_lines(case, list(list_disclosures(reader, chosen)), zone, lang)
            _say_files(files, zone, lang)
        else:
            sums = sum_disclosures(reader, chosen)
            _say_sums(pilot, sums, zone, lang, also=bool(files or identified))
            _say_files(files, zone, lang)
            _say_identified(identified, zone)
            _say_refused(list_refused(reader, pilot))


def _case(reader: Reader, pilot: str, reference: str | None) -> int | None:
    if reference is None:
        return None
    rows = reader.rows(
        "SELECT id FROM cases WHERE pilot = ? AND reference = ? AND rehearsal IS NULL", (pilot, reference)
    )
    if not rows:
        raise NotFound(f"{pilot} has no case {reference}; `perintis status {pilot}` lists the cases")
    return int(rows[0][0])


def _since(text: str | None, zone: tzinfo | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    except ValueError:
        raise BadInput(f"--since takes a day, year-month-day; {text!r} is none") from None


def line_json(line: DisclosureLine, lang: Language) -> dict[str, Any]:
    """One disclosure for programs; keys as in docs/reference/commands.md."""
    return {
        "case": line.case, "reference": line.reference, "event": line.seq, "at": line.at, "step": line.step,
        "visit": line.visit, **_processing_json(line.what, lang), "records": None, "reason": None,
    }  # fmt: skip


def _file_json(file: FileLine, lang: Language) -> dict[str, Any]:
    return {
        "case": None, "reference": file.reference, "event": None, "at": file.at, "step": file.file, "visit": None,
        **_processing_json(file.what, lang), "records": file.records, "reason": file.reason,
    }  # fmt: skip


def _identified_json(one: Identified, lead: str) -> dict[str, Any]:
    """An export with identities stays with the lead: no term of the agreement lets anybody else have it."""
    return {
        **dict.fromkeys(COLUMNS), "at": one.at, "step": "export", "discloses": lead, "receives": lead,
        "fields": ["reference", "officer"], "reason": f"{one.officer}: {one.reason}",
    }  # fmt: skip


def _processing_json(what: Processing, lang: Language) -> dict[str, Any]:
    return {
        "discloses": what.discloses, "receives": what.receives, "fields": list(what.fields),
        "purpose": what.purpose[lang], "article": what.article, "agreement": what.agreement, "version": what.version,
        "legal_basis": what.legal_basis[lang], "retention": what.retention[lang] if what.retention else None,
    }  # fmt: skip


def _write(out: Path, lines: Iterable[dict[str, Any]], zone: tzinfo | None) -> None:
    if out.suffix != ".csv":
        raise BadInput(f"{out.name} does not end in .csv; name it so")
    number = 0
    try:
        with out.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.DictWriter(stream, COLUMNS)
            rows.writeheader()
            for row in lines:
                number += 1
                rows.writerow({**row, "at": row["at"].astimezone(zone).isoformat(), "fields": " ".join(row["fields"])})
    except OSError as error:
        raise BadInput(f"{out} cannot be written ({error.strerror}); name another file") from None
    say(f"{count(number, 'disclosure')} written to {out}.")


def _say_sums(
    pilot: str, sums: Sequence[DisclosureSum], zone: tzinfo | None, lang: Language, *, also: bool
) -> None:  # fmt: skip
    if not sums and also:
        return
    if not sums:
        say(f"Nothing was disclosed in {pilot}. (A rehearsal discloses nothing: its agencies and cases are made up.)")
        return
    for entry in sums:
        what = entry.what
        version = f" version {what.version}" if what.version > 1 else ""
        say(f"{what.discloses} to {what.receives}: {', '.join(what.fields)}")
        say(f"  to {what.purpose[lang]}" if lang is Language.ENGLISH else f"  untuk {what.purpose[lang]}")
        say(f"  {what.article} of {what.agreement}{version}; {what.legal_basis[lang]}")
        if what.retention:
            say(f"  kept: {what.retention[lang]}")
        say(f"  {count(entry.times, 'time')}, {count(entry.cases, 'case')}, {exactly(entry.earliest, zone)} to "
            f"{exactly(entry.latest, zone)}")  # fmt: skip
        say()
    total = count(sum(entry.times for entry in sums), "disclosure")
    say(f"{total} in all. --case shows those of one case, --out writes each as a row.")


def _say_lines(reference: str, lines: Sequence[DisclosureLine], zone: tzinfo | None, lang: Language) -> None:
    if not lines:
        say(f"Nothing of case {reference} was disclosed.")
        return
    rows = [
        (exactly(line.at, zone), line.what.discloses, line.what.receives, ", ".join(line.what.fields),
         line.what.purpose[lang], line.what.article, line.step)
        for line in lines
    ]  # fmt: skip
    say(table(("When", "From", "To", "Fields", "Purpose", "Article", "Step"), rows))


def _say_files(files: Sequence[FileLine], zone: tzinfo | None, lang: Language) -> None:
    if not files:
        return
    say("Files with records of many persons:")
    rows = [
        (exactly(f.at, zone), f.reference or f.file, f.what.discloses, f.what.receives, f"{f.records:,}",
         ", ".join(f.what.fields), f.what.purpose[lang], f.what.article)
        for f in files[-SHOWN:]
    ]  # fmt: skip
    say(table(("When", "File", "From", "To", "Records", "Fields", "Purpose", "Article"), rows))
    if len(files) > SHOWN:
        say(f"These are the latest {SHOWN} of {len(files):,}; --out writes all.")


def _say_identified(exports: Sequence[Identified], zone: tzinfo | None) -> None:
    if exports:
        say("Exports with references and officers instead of pseudonyms:")
        rows = [(exactly(one.at, zone), one.officer, one.reason) for one in exports[-SHOWN:]]
        say(table(("When", "Officer", "Why"), rows))


def _say_refused(refused: Sequence[tuple[int, str, str]]) -> None:
    if refused:
        note(f"{count(len(refused), 'case')} set aside because the agreement does not allow a disclosure:")
    for case, reference, reason in refused[:SHOWN]:
        note(f"  {reference}: {reason}; once it is amended, `perintis retry {case}`")
