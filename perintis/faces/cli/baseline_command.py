"""`perintis baseline`: the process that a pilot would replace, imported from what other systems kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count, print_json, say, table
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.doors.baseline_manifest import BaselineManifest
    from perintis.doors.importers.mapping import Mapping

app = typer.Typer(help="Import, list and show baselines.", no_args_is_help=True, **PLAIN)
COLUMN = "Column of the file."


@app.command("import")
def import_(
    pilot: Annotated[str, typer.Argument(help="The pilot it is compared with.")],
    file: Annotated[Path, typer.Argument(help="The log: .csv or .xes, also .gz.")],
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
    more: Annotated[list[str] | None, typer.Option("--set", help="Any other key of a mapping: KEY=VALUE.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let the name stand for this content from now on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import a log as a baseline: kept under the hash of its content, with what was rejected and why.

    Flags stand above the mapping file. --set takes any key: --set cohort.before=2010-08-13 --set due.days=90.
    """
    from perintis.doors.baselines import import_baseline
    from perintis.doors.importers.own_export import own_mapping
    from perintis.faces.cli.meter import Meter

    flags = {
        "layout": layout, "case": case, "activity": activity, "timestamp": timestamp, "agency": agency,
        "officer": officer, "opened": opened, "closed": closed, "outcome": outcome, "cohort": cohort,
        "timezone": timezone,
    }  # fmt: skip
    here = Here()
    here.pilot(pilot)
    own = own_mapping(file) if file.is_file() else {}
    chosen = build(mapping, {k: v for k, v in flags.items() if v is not None}, more or [], own)
    home = here.settings.make_home()
    with Meter(f"Reading {file.name}", "bytes") as meter:
        manifest = import_baseline(home, pilot, file, name, chosen, meter, replace=replace)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    _print(manifest, here)
    say()
    say(f"`perintis compare {name} {pilot}` sets it beside the pilot.")


def build(file: Path | None, flags: dict[str, str], more: list[str], own: dict[str, Any]) -> Mapping:
    """The mapping of a file with flags above it; without one, what a file says that this program exported (`own`).

    The grade of such a file stands: a rehearsal stays a rehearsal.
    """
    from perintis.doors.importers.mapping import build_mapping, load_mapping

    values: dict[str, Any] = load_mapping(file).model_dump(mode="json", exclude_unset=True) if file else dict(own)
    values |= flags
    for entry in more:
        key, equals, text = entry.partition("=")
        if not equals or not key:
            raise BadInput("--set takes a key of the mapping and its value: --set due.days=90")
        _put(values, key.split("."), _read_value(text))
    values |= {key: own[key] for key in ("grade",) if key in own}
    return build_mapping(values, file.name if file else "the mapping")


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
        (m.name, m.pilot, f"{m.cases:,}", f"{m.open_cases:,}", f"{m.steps:,}", _days(m), m.grade.value) for m in found
    ]
    say(table(("Name", "Pilot", "Cases", "Open", "Steps", "Opened", "Grade"), rows, right=(2, 3, 4)))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The name of a baseline, or the beginning of its hash.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where a baseline came from, what is in it and what was rejected."""
    from perintis.doors.baselines import find_baseline

    here = Here()
    manifest = find_baseline(here.settings.home, name)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    _print(manifest, here)


def _print(manifest: BaselineManifest, here: Here) -> None:
    from perintis.doors.baselines import baseline_folder

    m = manifest
    say(f"Baseline {m.name} of {m.pilot}: {count(m.cases, 'case')} ({m.open_cases:,} open) opened {_days(m)}.")
    say(f"  source    {m.source} ({m.events:,} events, {m.steps:,} steps)")
    say(f"  grade     {m.grade.value}: {m.grade_reason}")
    say(f"  clock     {m.clock}")
    say(f"  observed  until {m.observed_until.date()}")
    if m.ignored or m.filtered:
        say(f"  left out  {m.ignored:,} events that the mapping ignores, {m.filtered:,} rows outside its filter")
    say(f"  hash      {m.hash[:16]}")
    for remark in m.notes:
        say(f"  note      {remark}")
    if m.rejected:
        listed = baseline_folder(here.settings.home, m) / "rejects.csv"
        say(f"  rejected  {count(m.rejected, 'row')}, listed in {listed}")
        for reason, number in m.reasons.items():
            say(f"            {number:,}: {reason}")


def _days(m: BaselineManifest) -> str:
    return f"{m.first.date()} to {m.last_opened.date()}"
