"""`perintis baseline import --guess`: proposes a mapping, shows what it would mean, asks, and writes it down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import ask, confirm, is_interactive, is_narrow, note, paragraph, say, table
from perintis.words.errors import BadInput, PerintisError

if TYPE_CHECKING:
    from perintis.doors.importers.head import Head
    from perintis.doors.importers.mapping import Mapping
    from perintis.doors.importers.proposal import Pilot, Proposal

SHOWN_ROWS = 10
NARROW, MOST_COLUMNS, FEW_COLUMNS = 100, 8, 4
FIRST_SHOWN = ("case", "opened", "closed", "activity", "start", "timestamp", "agency", "outcome", "office", "officer")
INDENT = " " * 14


def pilot_steps(here: Here, pilot: str) -> tuple[str, ...] | None:
    """The names of a pilot's steps; None where its flow file cannot be read here."""
    try:
        return tuple(here.definition(pilot).steps)
    except PerintisError:
        return None


def propose_mapping(
    here: Here, pilot: str, file: Path, said: dict[str, Any], *, may_ask: bool
) -> tuple[Head, Proposal]:
    """The proposal for a file; with `may_ask` a person is asked the order of day and month where nothing settles it."""
    from perintis.doors.importers.guess import propose
    from perintis.doors.importers.head import read_head

    head = read_head(file, said.get("separator"), said.get("encoding"), said.get("sheet"))
    around = _around(here, pilot)
    proposal = propose(head, said, around)
    if proposal.question and may_ask and is_interactive() and not proposal.problems:
        say(paragraph(proposal.question + "."))
        order = ask("day or month", _order)
        proposal = propose(head, said, around, order)
    return head, proposal


def _around(here: Here, name: str) -> Pilot:
    from perintis.doors.importers.proposal import Pilot

    pilot = here.pilot(name)
    agencies = {agency.code: agency.name for agency in pilot.agencies}
    return Pilot(pilot_steps(here, name) or (), agencies, pilot.lead.calendar.timezone)


def _order(text: str) -> str:
    if text.strip().lower() not in ("day", "month"):
        raise BadInput("answer day or month")
    return text.strip().lower()


def settled_mapping(proposal: Proposal, file: Path) -> Mapping:
    """The mapping of a proposal without open questions; `BadInput` where something must be said first."""
    from perintis.doors.importers.mapping import build_mapping

    if proposal.problems:
        raise BadInput(f"{file.name}: {'; '.join(proposal.problems)}")
    if proposal.question:
        raise BadInput(
            f"{file.name}: {proposal.question}; say it with --set date_format=%d/%m/%Y (day first) or %m/%d/%Y, and the"
            " time after it where there is one, like %d/%m/%Y %H:%M"
        )
    return build_mapping(proposal.values, "the proposed mapping")


def agree(head: Head, proposal: Proposal, mapping: Mapping, place: Path, *, yes: bool) -> None:
    """Show the proposal with ten rows under it and ask; whoever says no leaves the command."""
    for line in proposal_lines(head, proposal):
        say(line)
    say()
    for line in rows_lines(head, proposal, mapping):
        say(line)
    say()
    if not yes and not is_interactive():
        raise BadInput("nobody can be asked here; look at the proposal above and add --yes if it is right")
    confirm(f"Write {place.name} and import {head.name} so?", yes=yes)


def proposal_lines(head: Head, proposal: Proposal) -> Iterator[str]:
    """The proposal in words."""
    kind = "one row an event" if proposal.layout.value == "events" else "one row a case"
    yield paragraph(f"{head.name}: {kind}, for {proposal.layout_why}.")
    yield ""
    for guess in proposal.guesses:
        doubt = f" NOT SURE: {guess.unsure}." if guess.unsure else ""
        yield paragraph(f"  {guess.role:<10}  {guess.column} ({guess.why}).{doubt}", hanging=INDENT)
    if attributes := proposal.values.get("attributes"):
        yield paragraph(f"  {'kept too':<10}  {', '.join(attributes)}", hanging=INDENT)
    for column, why in proposal.left_out:
        yield paragraph(f"  {'left out':<10}  {column}: {why}", hanging=INDENT)
    if "date_format" in proposal.values:
        yield paragraph(f"  {'dates':<10}  written as {proposal.values['date_format']}", hanging=INDENT)
    for key in ("steps", "agencies"):
        for text, meaning in proposal.values.get(key, {}).items():
            yield paragraph(f"  {key:<10}  {text} is {meaning}", hanging=INDENT)
    if proposal.unsure:
        yield ""
        yield "Not sure, please check:"
        yield from (paragraph(f"- {text}", hanging="  ") for text in proposal.unsure)


def rows_lines(head: Head, proposal: Proposal, mapping: Mapping) -> Iterator[str]:
    """Ten rows under the proposed meanings, with dates as they are understood."""
    from perintis.doors.importers.guess import DATE_ROLES

    by_role = {guess.role: guess.column for guess in proposal.guesses}
    narrow = is_narrow(NARROW)
    roles = [role for role in FIRST_SHOWN if role in by_role][: FEW_COLUMNS if narrow else MOST_COLUMNS]
    cells = {role: head.values(by_role[role])[:SHOWN_ROWS] for role in roles}
    shown = {
        role: [_as_read(cell, mapping.date_format) if role in DATE_ROLES else cell for cell in column]
        for role, column in cells.items()
    }
    number = min(SHOWN_ROWS, len(head.rows))
    yield f"The first {number} rows so read:" if number > 1 else "The first row so read:"
    yield table(roles, list(zip(*shown.values(), strict=True)))


def _as_read(text: str | None, written: str | None) -> str:
    """A date as it is understood: year, month, day, and the time where there is one."""
    if text is None:
        return ""
    try:
        moment = datetime.strptime(text, written) if written else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        return f"not a date: {text}"
    return f"{moment:%Y-%m-%d}" if moment.hour == moment.minute == 0 else f"{moment:%Y-%m-%d %H:%M}"


def place_for(file: Path, wanted: Path | None, *, force: bool) -> Path:
    """Where the mapping is written; `BadInput` where a file is in the way."""
    bare = file.name.removesuffix(".gz")
    place = wanted or file.with_name(bare.rpartition(".")[0] + ".map.yaml")
    if place.exists() and not force:
        raise BadInput(
            f"{place} is there already: take it with --map {place}, name another with --map-out, or replace it with"
            " --force"
        )
    return place


def write_mapping(place: Path, head: Head, proposal: Proposal) -> None:
    """Write the mapping as YAML with the reasons as comments; it appears whole or not at all."""
    import yaml

    lines = [f"# Which column of {head.name} means what: proposed from its first rows, then agreed to.", "#"]
    lines += [f"# {guess.role}: {guess.column} ({guess.why}){_doubt(guess.unsure)}" for guess in proposal.guesses]
    lines += [f"# not sure: {text}" for text in proposal.unsure]
    body = yaml.safe_dump(proposal.values, sort_keys=False, allow_unicode=True, width=100)
    part = place.with_name(place.name + ".part")
    try:
        part.write_text("\n".join(lines) + "\n" + body, encoding="utf-8")
        part.replace(place)
    except OSError as error:
        raise BadInput(f"{place} cannot be written ({error.strerror}); name another with --map-out") from None
    note(f"The mapping is in {place}")


def _doubt(unsure: str | None) -> str:
    return f"; not sure: {unsure}" if unsure else ""
