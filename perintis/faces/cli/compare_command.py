"""`perintis compare`: any two data sets side by side, explored without a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import busy
from perintis.faces.cli.screen import is_narrow, paragraph, print_json, say, table
from perintis.words.errors import BadInput

if TYPE_CHECKING:
    from perintis.rules.comparison import Comparison
    from perintis.rules.metrics import Calendars
    from perintis.use.datasets import Found

ROOM_FOR_READING = 100
"""Columns of a terminal below which the column with the readings is left out."""


def command(
    a: Annotated[str, typer.Argument(help="What is compared with: the baseline.")],
    b: Annotated[str, typer.Argument(help="What is looked at: the pilot.")],
    by: Annotated[str | None, typer.Option(help="One more table by office, or by an attribute: case:NAME.")] = None,
    out: Annotated[Path | None, typer.Option(help="Also write a page: FILE.html.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two data sets, with intervals, without a verdict.

    A and B are each one of: NAME, a baseline; NAME:COHORT, one cohort of it; PILOT, the pilot's own cases until now;
    PILOT/as-is, its cases in the as-is process; rehearsal:N, the rehearsal with run number N. Where one is a service
    standard, the share of the other's cases within the promise is shown, and no difference.
    """
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"{out}: the page is written as .html")
    here = Here()
    first, second, calendars = find_both(here, a, b)
    if first.data.standard is not None or second.data.standard is not None:
        _hold(first, second, calendars, by=by, out=out, as_json=as_json)
        return
    compared = _compare(first, second, calendars, by=by, seed=seed)
    if out is not None:
        write_page(compared, out)
    if as_json:
        print_json(compared.to_json())
        return
    for line in comparison_lines(compared):
        say(line)
    if out is not None:
        say()
        say(f"The page is {out}")


def compare_named(here: Here, a: str, b: str, *, by: str | None, seed: int) -> Comparison:
    """Find both data sets and compare them."""
    first, second, calendars = find_both(here, a, b)
    return _compare(first, second, calendars, by=by, seed=seed)


def find_both(here: Here, a: str, b: str) -> tuple[Found, Found, Calendars | None]:
    """Both data sets, and the office hours in which they are compared."""
    from perintis.use.datasets import Shelves, common_calendars

    pilots = {p.name: p for p in here.pilots()}
    with here.database() as database:
        shelves = Shelves(database, here.settings.home, pilots)
        first, second = (shelves.find(name, now=now()) for name in (a, b))
    return first, second, common_calendars(first, second, pilots)


def _compare(first: Found, second: Found, calendars: Calendars | None, *, by: str | None, seed: int) -> Comparison:
    from perintis.rules.comparison import compare

    with busy("Comparing"):
        return compare(first.data, second.data, calendars=calendars, by=_column(by), seed=seed)


def _hold(
    first: Found, second: Found, calendars: Calendars | None, *, by: str | None, out: Path | None, as_json: bool
) -> None:
    """Hold cases against a service standard, whichever of the two was named first."""
    from perintis.faces.cli.promise_lines import promise_lines
    from perintis.rules.metrics import Calendars
    from perintis.rules.promises import hold_against

    if by is not None or out is not None:
        raise BadInput("a service standard has promises and no cases, so there is no table --by and no page --out")
    standard, cases = (first, second) if first.data.standard is not None else (second, first)
    held = hold_against(standard.data, cases.data, calendars or Calendars())
    if as_json:
        print_json(held.to_json())
        return
    for line in promise_lines(held):
        say(line)


def _column(by: str | None) -> str | None:
    return by if by is None or by == "office" or by.startswith("case:") else f"case:{by}"


def write_page(compared: Comparison, out: Path) -> None:
    """Write the page of a comparison; the file appears whole or not at all."""
    from perintis.faces.report.comparison_page import comparison_page

    page = comparison_page(compared, title=f"{compared.b.name} beside {compared.a.name}", made=now().astimezone())
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(page, encoding="utf-8")
        part.replace(out)
    except OSError as error:
        raise BadInput(f"{out} cannot be written ({error.strerror})") from None


def comparison_lines(compared: Comparison, *, groups: bool = True) -> Iterator[str]:
    """A comparison for the terminal: words first, then figures (also by group, if `groups`), then what to mind."""
    from perintis.faces.report.wording import cautions_to_tell, lines, not_compared, sentences, side_line, warning_line

    warning = warning_line(compared)
    if warning:
        yield paragraph(warning)
        yield ""
    said = sentences(compared) or ["No metric has figures on both sides, so nothing can be said."]
    yield from (paragraph(sentence, hanging="  ") for sentence in said)
    yield ""
    yield f"A  {side_line(compared.a)}"
    yield f"B  {side_line(compared.b)}"
    yield ""
    found = lines(compared.metrics)
    yield "Times are medians, each with its 90th percentile below; other figures are means."
    columns = 5 if is_narrow(ROOM_FOR_READING) else 6  # the sentences above have said the readings
    rows = [(line.short, line.a, line.b, line.difference, line.interval, line.reading)[:columns] for line in found]
    headings = ("Metric", "A", "B", "B-A", "95 % interval", "")[:columns]
    yield table(headings, rows, right=(1, 2, 3, 4))
    if compared.by and groups:
        yield ""
        yield from _group_lines(compared)
    missing = not_compared(compared)
    if missing:
        yield ""
        yield "Not compared, for"
        yield from (paragraph(f"- {reason}", hanging="  ") for reason in missing)
    if minded := cautions_to_tell(compared):
        yield ""
        yield "Read with care:"
        yield from (paragraph(f"- {text}", hanging="  ") for text in minded)


def _group_lines(compared: Comparison) -> Iterator[str]:
    from perintis.faces.report.wording import group_line

    rows = []
    for group in compared.groups:
        value, n_a, n_b, line = group_line(group)
        rows.append((value, f"{n_a:,}", f"{n_b:,}", line.a, line.b, line.difference, line.interval))
    yield "Lead time in days, median:"
    heading = (compared.by or "").removeprefix("case:").capitalize()
    yield table((heading, "Cases A", "Cases B", "A", "B", "B-A", "95 % interval"), rows, right=(1, 2, 3, 4, 5, 6))
