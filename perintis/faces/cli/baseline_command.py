"""`perintis baseline`: the process that a pilot would replace, imported from what other systems kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.baseline_guess import (
    agree,
    pilot_steps,
    place_for,
    propose_mapping,
    settled_mapping,
    write_mapping,
)
from perintis.faces.cli.baseline_show import days_of, show, summary_lines, vocabulary_lines
from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import paragraph, print_json, say, table
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.doors.baseline_manifest import BaselineManifest
    from perintis.doors.importers.mapping import Mapping

app = typer.Typer(help="Import, list and show baselines.", no_args_is_help=True, **PLAIN)
COLUMN = "Column of the file."


@app.command("import")
def import_(
    pilot: Annotated[str, typer.Argument(help="The pilot it is compared with.")],
    file: Annotated[Path, typer.Argument(help="The log: a table, XES or OCEL; also .gz.")],
    name: Annotated[str, typer.Option(help="The name of the baseline.")],
    mapping: Annotated[Path | None, typer.Option("--map", help="Which column means what: a YAML file.")] = None,
    layout: Annotated[str | None, typer.Option(help="events (a row an event) or cases (a row a case).")] = None,
    case: Annotated[str | None, typer.Option(help="Column with the case.")] = None,
    activity: Annotated[str | None, typer.Option(help="Column with the step.")] = None,
    timestamp: Annotated[str | None, typer.Option(help="Column with the time of the event.")] = None,
    agency: Annotated[str | None, typer.Option(help="Column with the agency.")] = None,
    officer: Annotated[str | None, typer.Option(help="Column with the officer.")] = None,
    opened: Annotated[str | None, typer.Option(help="Column with the opening.")] = None,
    closed: Annotated[str | None, typer.Option(help="Column with the closing, or 'last event'.")] = None,
    outcome: Annotated[str | None, typer.Option(help="Column with the outcome.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Column that parts the cases into cohorts.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Zone of times without an offset: Asia/Jakarta.")] = None,
    observed_from: Annotated[
        str | None,
        typer.Option(help="When observation began, if cases open then are in it: 2025-01-01T00:00:00+07:00."),
    ] = None,
    observed_until: Annotated[str | None, typer.Option(help="When the data was read; else the last event.")] = None,
    more: Annotated[list[str] | None, typer.Option("--set", help="Any other key of a mapping: KEY=VALUE.")] = None,
    guess: Annotated[bool, typer.Option("--guess", help="Propose which column means what.")] = False,
    map_out: Annotated[Path | None, typer.Option(help="Where --guess writes the mapping.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Let --guess replace a mapping file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take what --guess proposes without asking.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the name stand for this content from now on.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who imports it; else who is logged in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import a log as a baseline: kept under the hash of its content, with what was rejected and why.

    Flags stand above the mapping file. --set takes any key: --set cohort.before=2010-08-13 --set due.days=90.
    With --guess the first rows are looked at, a mapping is proposed, and you are asked before anything is kept.
    """
    flags = {
        "layout": layout, "case": case, "activity": activity, "timestamp": timestamp, "agency": agency,
        "officer": officer, "opened": opened, "closed": closed, "outcome": outcome, "cohort": cohort,
        "timezone": timezone, "observed_from": observed_from, "observed_until": observed_until,
    }  # fmt: skip
    here = Here()
    here.pilot(pilot)
    given = {k: v for k, v in flags.items() if v is not None}
    into = Into(here, pilot, file, name, replace=replace, by=by or user())
    if guess:
        if mapping is not None:
            raise BadInput("--guess proposes a mapping and --map gives one; use one of them")
        _import_guessed(into, _said(None, given, more or [], {}), map_out, force=force, yes=yes, as_json=as_json)
        return
    from perintis.doors.importers.own_export import own_mapping

    own = own_mapping(file) if file.is_file() else {}
    manifest = _import(into, build(mapping, given, more or [], own))
    _tell(manifest, into, as_json=as_json)


@dataclass(frozen=True)
class Into:
    """What is imported, for which pilot, under which name, by whom."""

    here: Here
    pilot: str
    file: Path
    name: str
    replace: bool
    by: str | None


def _import_guessed(
    into: Into, said: dict[str, Any], map_out: Path | None, *, force: bool, yes: bool, as_json: bool
) -> None:
    place = place_for(into.file, map_out, force=force)
    head, proposal = propose_mapping(into.here, into.pilot, into.file, said, may_ask=not (as_json or yes))
    if as_json and not yes:
        print_json(proposal.to_json() | {"map": None, "imported": None})
        return
    mapping = settled_mapping(proposal, into.file)
    if not as_json:
        agree(head, proposal, mapping, place, yes=yes)
    write_mapping(place, head, proposal)
    manifest = _import(into, mapping)
    if as_json:
        print_json(proposal.to_json() | {"map": str(place), "imported": manifest.model_dump(mode="json")})
        return
    _tell(manifest, into, as_json=False)


def _import(into: Into, mapping: Mapping) -> BaselineManifest:
    from perintis.doors.baselines import import_baseline
    from perintis.faces.cli.meter import Meter

    home = into.here.settings.make_home()
    with Meter(f"Reading {into.file.name}", "bytes") as meter:
        return import_baseline(home, into.pilot, into.file, into.name, mapping, meter, replace=into.replace, by=into.by)


def _tell(manifest: BaselineManifest, into: Into, *, as_json: bool) -> None:
    """What was kept, whether its steps are the pilot's, and what to do next."""
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    for line in summary_lines(manifest, into.here):
        say(line)
    for line in _vocabulary(manifest, into):
        say()
        say(line)
    say()
    say(f"`perintis baseline show {manifest.name}` tells what is in it;")
    say(f"`perintis compare {manifest.name} {manifest.pilot}` sets it beside the pilot.")


def _vocabulary(manifest: BaselineManifest, into: Into) -> Iterator[str]:
    from perintis.doors.baselines import steps_of
    from perintis.rules.vocabulary import shared_names

    names = steps_of(into.here.settings.home, manifest)
    if not names:
        if manifest.standard is None:
            yield paragraph("It has no steps, so it can be compared by lead time, deadlines and outcomes only.")
        return
    steps = pilot_steps(into.here, into.pilot)
    if steps is None:
        yield paragraph(f"The steps of {into.pilot} cannot be read here, so nobody looked whether they are the same.")
        return
    yield from vocabulary_lines(shared_names(steps, names), into.pilot)


def user() -> str | None:
    """Who is logged in, if that is known."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


@app.command()
def standard(
    pilot: Annotated[str, typer.Argument(help="The pilot it is compared with.")],
    file: Annotated[Path, typer.Argument(help="The service standard: a YAML file.")],
    name: Annotated[str, typer.Option(help="The name of the baseline.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the name stand for this content from now on.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who imports it; else who is logged in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Keep a published service standard as a baseline: promised times with their source, and no cases.

    `compare` then shows which share of the pilot's cases is within the promise.
    """
    from perintis.doors.baselines import import_standard

    here = Here()
    here.pilot(pilot)
    into = Into(here, pilot, file, name, replace=replace, by=by or user())
    home = here.settings.make_home()
    manifest = import_standard(home, pilot, file, name, replace=replace, by=into.by)
    _tell(manifest, into, as_json=as_json)


def build(file: Path | None, flags: dict[str, str], more: list[str], own: dict[str, Any]) -> Mapping:
    """The mapping of a file with flags above it; without one, what a file says that this program exported (`own`).

    The grade of such a file stands: a rehearsal stays a rehearsal.
    """
    from perintis.doors.importers.mapping import build_mapping

    return build_mapping(_said(file, flags, more, own), file.name if file else "the mapping")


def _said(file: Path | None, flags: dict[str, str], more: list[str], own: dict[str, Any]) -> dict[str, Any]:
    """The keys of a mapping that a person gave, flags above the file."""
    from perintis.doors.importers.mapping import load_mapping

    values: dict[str, Any] = load_mapping(file).model_dump(mode="json", exclude_unset=True) if file else dict(own)
    values |= flags
    for entry in more:
        key, equals, text = entry.partition("=")
        if not equals or not key:
            raise BadInput("--set takes a key of the mapping and its value: --set due.days=90")
        _put(values, key.split("."), _read_value(text))
    return values | {key: own[key] for key in ("grade",) if key in own}


def _read_value(text: str) -> object:
    """A value as YAML means it; what is none, like %d/%m/%Y or a day that does not exist, as it was typed."""
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text


def _put(values: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        inner = values.get(part)
        values[part] = inner if isinstance(inner, dict) else {}
        values = values[part]
    values[path[-1]] = value


@app.command("list")
def list_(
    pilot: Annotated[str | None, typer.Argument(help="Only those of this pilot.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the baselines there are."""
    from perintis.doors.baselines import list_baselines

    found = list_baselines(Here().settings.home, pilot)
    if as_json:
        print_json([m.model_dump(mode="json") for m in found])
        return
    if not found:
        say("There are no baselines yet. `perintis baseline import PILOT FILE --name NAME` makes one.")
        return
    rows = [
        (m.name, m.pilot, f"{m.cases:,}", f"{m.open_cases:,}", f"{m.steps:,}", days_of(m), m.grade.value) for m in found
    ]
    say(table(("Name", "Pilot", "Cases", "Open", "Steps", "Opened", "Grade"), rows, right=(2, 3, 4)))


app.command("show")(show)
