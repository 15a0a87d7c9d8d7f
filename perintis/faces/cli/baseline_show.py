"""`perintis baseline show`: where a baseline came from, what is in it and how far it can be trusted."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perintis.faces.cli.baseline_guess import pilot_steps
from perintis.faces.cli.here import Here
from perintis.faces.cli.meter import busy
from perintis.faces.cli.screen import count, joined, paragraph, print_json, say, table
from perintis.words.errors import PerintisError

if TYPE_CHECKING:
    from perintis.doors.baseline_manifest import BaselineManifest
    from perintis.rules.contents import Contents
    from perintis.rules.seasons import Seasons
    from perintis.rules.vocabulary import SharedSteps
    from perintis.words.standard import Standard

INDENT = " " * 13
MOST_MONTHS = 24
MONTHS_A_ROW = 6


def show(
    name: Annotated[str, typer.Argument(help="The name of a baseline, or the beginning of its hash.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where a baseline came from, what is in it, what is missing, and how far it can be trusted."""
    from perintis.doors.baselines import find_baseline, load_baseline
    from perintis.rules.contents import contents_of

    here = Here()
    manifest = find_baseline(here.settings.home, name)
    with busy("Looking through it"):
        data = load_baseline(here.settings.home, manifest.hash)
        contents = contents_of(data, _steps(here, manifest.pilot), _country(here, manifest.pilot))
    if as_json:
        print_json(show_json(manifest, contents))
        return
    for line in summary_lines(manifest, here):
        say(line)
    lines = standard_lines(manifest.standard) if manifest.standard else contents_lines(contents, manifest.pilot)
    for line in lines:
        say(line)


def show_json(manifest: BaselineManifest, contents: Contents) -> dict[str, Any]:
    """The manifest with the claim that its grade bears and with its contents."""
    from perintis.rules.claims import claim_cap

    claim = claim_cap(manifest.grade)
    found = asdict(contents)
    found["missing"] = [asdict(one) | {"share": one.share} for one in contents.missing]
    found["fineness"] = [asdict(one) | {"mostly": one.mostly} for one in contents.fineness]
    if contents.seasons is not None:
        eids = contents.seasons.eids
        dated = None if eids is None else [asdict(one) | {"eid": one.eid.isoformat()} for one in eids]
        period = {"first": contents.seasons.first.isoformat(), "last": contents.seasons.last.isoformat()}
        found["seasons"] |= period | {"eids": dated, "eid_covered": contents.seasons.eid_covered}
    return manifest.model_dump(mode="json") | {
        "open_share": contents.open_share,
        "claim": {
            "evidence": claim.evidence and claim.evidence.value,
            "may_scale": claim.may_scale,
            "text": claim.text,
        },
        "contents": {key: found[key] for key in ("missing", "fineness", "repeated", "seasons", "steps", "vocabulary")},
    }


def _steps(here: Here, pilot: str) -> tuple[str, ...] | None:
    return pilot_steps(here, pilot)


def _country(here: Here, pilot: str) -> str | None:
    """The country whose feasts matter: that of the pilot's lead."""
    try:
        return here.pilot(pilot).lead.calendar.country
    except PerintisError:
        return None


def summary_lines(m: BaselineManifest, here: Here) -> Iterator[str]:
    """Where a baseline came from, and its grade."""
    from perintis.doors.baselines import baseline_folder
    from perintis.rules.claims import claim_cap

    yield paragraph(f"Baseline {m.name} of {m.pilot}: {_what(m)}.")
    yield from _entry("grade", f"{m.grade.value}: {m.grade_reason}")
    yield from _entry("claim", f"{m.name} {claim_cap(m.grade).text}")
    if m.clock:
        yield from _entry("clock", m.clock)
    if m.standard is None:
        since = "" if m.observed_from is None else f"from {m.observed_from.date()} "
        yield from _entry("observed", f"{since}until {m.observed_until.date()}")
    by = f" by {m.imported_by}" if m.imported_by else ""
    rows = "" if m.standard else f" ({m.events:,} events, {m.steps:,} steps)"
    yield from _entry("source", f"{m.source}{rows}, sha256 {m.source_sha256[:16]}; imported {m.created.date()}{by}")
    if m.mapping:
        yield from _entry("mapping", "; ".join(f"{key}: {_plain(value)}" for key, value in m.mapping.items()))
    yield from _entry("hash", m.hash[:16])
    if m.ignored or m.filtered:
        text = f"{m.ignored:,} events that the mapping ignores, {m.filtered:,} rows outside its filter"
        yield from _entry("left out", text)
    for remark in m.notes:
        yield from _entry("note", remark)
    if m.rejected:
        listed = baseline_folder(here.settings.home, m) / "rejects.csv"
        yield from _entry("rejected", f"{count(m.rejected, 'row')}, listed in {listed}")
        for reason, number in m.reasons.items():
            yield from _entry("", f"{number:,}: {reason}")


def _what(m: BaselineManifest) -> str:
    if m.standard is not None:
        return f"a service standard, {count(len(m.standard.promises), 'promise')}, no cases"
    share = f", {m.open_cases / m.cases:.1%}" if m.open_cases else ""
    return f"{count(m.cases, 'case')} ({m.open_cases:,} open{share}) opened {days_of(m)}"


def days_of(m: BaselineManifest) -> str:
    """The period in which its cases were opened; of a standard, in which it is valid."""
    if m.standard is not None:
        return m.standard.validity
    return f"{m.first.date()} to {m.last_opened.date()}" if m.first and m.last_opened else ""


def _entry(label: str, text: str) -> Iterator[str]:
    yield paragraph(f"  {label:<9}  {text}", hanging=INDENT)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_plain(inner)}" for key, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def standard_lines(standard: Standard) -> Iterator[str]:
    """The promises of a service standard and where they are published."""
    source = standard.source
    yield ""
    yield paragraph(standard.title)
    issued = f" of {source.issued}" if source.issued else ""
    yield from _entry("rule", ", ".join(filter(None, (source.rule + issued, source.article))))
    if source.url:
        yield f"  {'where':<9}  {source.url}"  # never broken, so that it can be copied
    yield from _entry("read", f"on {source.read}; {standard.validity}")
    if standard.note:
        yield from _entry("note", standard.note)
    yield ""
    rows = [
        (p.what, p.agency, str(p.within), "" if p.share is None else f"{p.share:.0%}", p.article)
        for p in standard.promises
    ]
    yield table(("Promise", "Agency", "Within", "For", "Article"), rows)


def contents_lines(c: Contents, pilot: str) -> Iterator[str]:
    """What a baseline holds: gaps, times, seasons, repeats, steps."""
    gaps = [(one.column, f"{one.missing:,}", f"{one.share:.0%}") for one in c.missing if one.missing]
    yield ""
    yield "Missing values" if gaps else "No value is missing."
    if gaps:
        yield table(("Column", "Missing", "Share"), gaps, right=(1, 2))
    yield ""
    yield "How finely times are written"
    units = [
        (f.column, f"{f.times:,}", *(f"{share:.0%}" for share in (f.day, f.minute, f.second, f.finer)))
        for f in c.fineness
    ]
    yield table(("Column", "Times", "Day", "Minute", "Second", "Finer"), units, right=(1, 2, 3, 4, 5))
    if c.repeated:
        yield paragraph(f"{count(c.repeated, 'step')} repeat another one in case, step, people and times.")
    if c.seasons is not None:
        yield ""
        yield from season_lines(c.seasons)
    yield ""
    yield from step_lines(c, pilot)


def season_lines(s: Seasons) -> Iterator[str]:
    """Cases opened by month (by year where there are many), gaps in the year, and Ramadan with Eid."""
    by_year: Counter[str] = Counter()
    for month in s.months:
        by_year[month.month if len(s.months) <= MOST_MONTHS else month.month[:4]] += month.cases
    yield "Cases opened"
    entries = [f"{when} {number:>6,}" for when, number in by_year.items()]
    for at in range(0, len(entries), MONTHS_A_ROW - 1):
        yield "  " + "  ".join(entries[at : at + MONTHS_A_ROW - 1])
    if s.never:
        yield paragraph(f"No case was opened in {joined([calendar.month_name[month] for month in s.never], 'or')}.")
    yield paragraph(_eid_words(s))


def _eid_words(s: Seasons) -> str:
    if s.eids is None:
        return "Ramadan and Eid: not looked for, since the calendar of the pilot's lead has no Eid (or is not here)."
    if not s.eids:
        return "No Ramadan or Eid lies in this period."
    told = [f"{e.eid} ({count(e.cases, 'case')}, {'whole' if e.whole else 'in part'})" for e in s.eids]
    if s.eid_covered:
        return f"Ramadan and Eid are covered: {joined(told)}."
    return f"Ramadan and Eid are not covered as a whole: {joined(told)}."


def step_lines(c: Contents, pilot: str) -> Iterator[str]:
    """The steps with their counts and their counterparts in the pilot; those without one are listed on either side."""
    if not c.steps:
        yield paragraph("No steps were recorded: this baseline speaks of lead time, deadlines and outcomes only.")
        return
    marks = {True: "yes", False: "no", None: "?"}
    rows = [(one.step, f"{one.visits:,}", f"{one.cases:,}", marks[one.in_pilot]) for one in c.steps]
    yield table(("Step", "Visits", "Cases", f"In {pilot}"), rows, right=(1, 2))
    yield ""
    if c.vocabulary is None:
        yield paragraph(f"The steps of {pilot} cannot be read here, so they are not compared.")
        return
    yield from vocabulary_lines(c.vocabulary, pilot)
    if c.vocabulary.only_here:
        yield paragraph(f"Steps of {pilot} that are not in this baseline: {', '.join(c.vocabulary.only_here)}.")


def vocabulary_lines(found: SharedSteps, pilot: str) -> Iterator[str]:
    """What to do where steps have no counterpart in the pilot."""
    if not found.only_there:
        return
    if found.none_shared:
        yield paragraph(
            f"WARNING: not one of these steps is a step of {pilot}. Either it is another process, which an evaluation"
            " refuses, or the mapping has yet to say which is which: `steps: {name in the file: step of the pilot}`."
        )
    else:
        listed = count(len(found.only_there), "step has", "steps have")
        yield paragraph(f"{listed} no counterpart in {pilot}: {', '.join(found.only_there)}.")
