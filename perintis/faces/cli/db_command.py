"""`perintis db`: looks after the store."""

from __future__ import annotations

from typing import Annotated

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import count, print_json, say
from perintis.words.errors import PerintisError

SHOWN = 20

app = typer.Typer(help="Look after the store.", no_args_is_help=True, **PLAIN)


@app.command()
def upgrade(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Bring the tables to the version that this program needs. Nothing is lost; it may be done again."""
    from perintis.doors.registry.shelf import seal_old_files
    from perintis.doors.store.database import Database
    from perintis.doors.store.upgrading import present_version, upgrade
    from perintis.doors.vault.sources import key_source

    here = Here()
    here.settings.make_home()
    database = Database(here.settings.store_url, keys=key_source(here.settings))
    try:
        before = present_version(database)
        upgrade(database)
        seal_old_files(here.settings, database)
        after = present_version(database)
    finally:
        database.close()
    if as_json:
        print_json({"before": before, "after": after})
        return
    say(
        f"The store is at version {after}."
        if before == after
        else f"The store went from {before or 'none'} to {after}."
    )


@app.command()
def rotate_key(
    officer: Annotated[str, typer.Option(help="Who does it; recorded.")],
    reason: Annotated[str, typer.Option(help="Why; recorded.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replace the master key of the personal data. Interrupted, the same command goes on from there.

    A key in a file is replaced by a new one. From elsewhere, give both keys, the new one first, and from then on that
    one alone.
    """
    from perintis.doors.vault.acts import checked
    from perintis.doors.vault.rotation import rotate_key as rotate

    officer, reason = checked(officer, reason)
    with Here().database() as database, Meter("Wrapping keys anew", "cases") as meter:
        cases = rotate(database, officer=officer, reason=reason, now=now(), progress=meter)
    if as_json:
        print_json({"cases": cases})
        return
    say(f"The keys of {count(cases, 'case')} are wrapped with the new master key. Keep a copy of it in another place.")


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Rebuild the state of every case from its events, and hold events against their chain and the anchor file."""
    from perintis.doors.store.verifying import verify_store

    with Here().database() as database:
        problems = verify_store(database)
    if as_json:
        print_json([{"case": problem.case, "problem": problem.what} for problem in problems])
    else:
        for problem in problems[:SHOWN]:
            say(str(problem))
        if len(problems) > SHOWN:
            say(f"... and {len(problems) - SHOWN:,} more (--json lists all)")
    if problems:
        raise PerintisError(f"{count(len(problems), 'thing')} in the store {'does' if len(problems) == 1 else 'do'} not"
                            " fit together; keep a copy of it and pass the list on")  # fmt: skip
    if not as_json:
        say("All is well: every case is what its events say, and no event was changed.")
