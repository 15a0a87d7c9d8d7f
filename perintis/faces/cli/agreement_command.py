"""`perintis agreement`: prints a pilot's agreement as a document, and says what a new version of it would change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import count, note, print_json, say, table
from perintis.rules.agreement.wording import Language
from perintis.words.errors import BadInput, NotFound

if TYPE_CHECKING:
    from perintis.rules.agreement.compare import Touched
    from perintis.rules.agreement.model import Agreement
    from perintis.words.pilot import Pilot

app = typer.Typer(help="Print a pilot's agreement, or compare a new version.", rich_markup_mode=None)

ENDINGS = (".md", ".html", ".txt")


@app.command("show")
def show(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    lang: Annotated[Language, typer.Option(help="Indonesian (id) or English (en).")] = Language.ENGLISH,
    out: Annotated[Path | None, typer.Option(help="Write it to this file: .md, .html or .txt.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: the agreement as in its file.")] = False,
) -> None:
    """Print the agreement as a document.

    By article, with parties, signatures and the annex of data: as it would be signed.
    """
    here = Here()
    agreement = read_here(here, here.pilot(pilot))
    if as_json:
        print_json(agreement.model_dump(mode="json", by_alias=True))
        return
    if out is None:
        say(_printed(agreement, lang, ".txt").rstrip("\n"))
        return
    if out.suffix not in ENDINGS:
        raise BadInput(f"{out.name} has no ending that says how to write it; use {', '.join(ENDINGS)}")
    try:
        out.write_text(_printed(agreement, lang, out.suffix), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{out} cannot be written ({error.strerror}); name another file") from None
    say(f"Agreement {agreement.citation} is in {out}.")


def _printed(agreement: Agreement, lang: Language, ending: str) -> str:
    from perintis.rules.agreement.document import lay_out
    from perintis.rules.agreement.printing import as_html, as_markdown, as_text

    blocks = lay_out(agreement, lang)
    if ending == ".html":
        return as_html(blocks, title=f"{agreement.number}: {agreement.title.said(lang)}", language=lang.value)
    return as_markdown(blocks) if ending == ".md" else as_text(blocks)


def read_here(here: Here, pilot: Pilot[Any]) -> Agreement:
    """The agreement of a pilot, or NotFound where there is none."""
    from perintis.doors.pilot_folder import find_agreement

    found = find_agreement(here.settings.pilots, pilot)
    if found is None:
        where = f"pilots/{pilot.module}/agreement.yaml"
        raise NotFound(f"{where} is missing; write what the agencies may disclose to one another")
    return found


@app.command("diff")
def diff(
    pilot: Annotated[str, typer.Argument(help="The pilot.")],
    file: Annotated[Path, typer.Argument(help="The new version, as a file like agreement.yaml.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a new version would change.

    Which steps and how many open cases it touches, before it takes effect. Ends with status 1 where a step could not
    be asked for any more.
    """
    from perintis.doors.store.disclosure_queries import count_at_step, count_open
    from perintis.faces.cli.retention_change import touched_by
    from perintis.rules.agreement.compare import compare_general, compare_steps

    here = Here()
    definition = here.definition(pilot)
    old, new = read_here(here, definition.pilot), _read_file(file, pilot)
    kept = touched_by(here, definition.pilot, old, new, now())
    general = list(compare_general(old, new))
    touched = compare_steps(old, new, definition.steps.values(), definition.pilot.lead.code)
    with here.reader() as reader:
        still = count_open(reader, pilot)
        at = {step.step: count_at_step(reader, pilot, step.step) for step in touched}
    today = now().astimezone(ZoneInfo(definition.pilot.lead.calendar.timezone)).date()
    if as_json:
        print_json({**_diff_json(old, new, general, touched, still, at), "retention": kept.line()})
    else:
        _say_diff(old, new, general, touched, still, at, today)
        for line in kept.lines():
            say(line)
    if any(step.blocked for step in touched):
        blocked = ", ".join(step.step for step in touched if step.blocked)
        raise BadInput(
            f"under the new version these steps would be refused: {blocked}; list their fields, or change them"
        )


def _read_file(file: Path, pilot: str) -> Agreement:
    from perintis.rules.agreement import read_agreement

    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{file.name} is not in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{file.name} cannot be read ({error.strerror})") from None
    new = read_agreement(text, file.name)
    if new.pilot != pilot:
        raise BadInput(f"{file.name} is on pilot {new.pilot}, not on {pilot}")
    return new


def _diff_json(
    old: Agreement, new: Agreement, general: list[str], touched: list[Touched], still: int,
    at: dict[str, tuple[int, int]],
) -> dict[str, Any]:  # fmt: skip
    return {
        "old": {"number": old.number, "version": old.version, "until": str(old.until)},
        "new": {"number": new.number, "version": new.version, "from": str(new.valid_from), "until": str(new.until)},
        "general": general,
        "steps": [
            {"step": t.step, "agency": t.agency, "changes": t.changes, "refused": t.blocked,
             "open_cases_there": at[t.step][0], "open_cases_before_it": still - sum(at[t.step])}
            for t in touched
        ],
        "open_cases": still,
    }  # fmt: skip


def _say_diff(
    old: Agreement, new: Agreement, general: list[str], touched: list[Touched], still: int,
    at: dict[str, tuple[int, int]], today: date,
) -> None:  # fmt: skip
    say(f"From {old.citation} to {new.citation}, in force from {new.valid_from}. {count(still, 'case')} open now.")
    if new.valid_from > today:
        note(f"It is not in force before {new.valid_from}: in place of agreement.yaml today it would stop every case")
    if not general and not touched and old.retention == new.retention:
        say("Nothing changes.")
        return
    for sentence in general:
        say(f"  {sentence}")
    if not touched:
        say("No step is touched.")
        return
    say()
    rows = [
        (t.step, "refused" if t.blocked else "allowed", f"{at[t.step][0]:,}", f"{max(still - sum(at[t.step]), 0):,}")
        for t in touched
    ]
    say(table(("Step", "Then", "Open cases there", "Not there yet"), rows, right=(2, 3)))
    for step in touched:
        say()
        say(f"{step.step}:")
        for change in step.changes:
            say(f"  {change}")
