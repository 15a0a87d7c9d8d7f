"""`perintis db`: looks after the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from perintis.faces.cli.app import PLAIN
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import count, note, print_json, say
from perintis.words.errors import PerintisError

if TYPE_CHECKING:
    from perintis.doors.registry.verifying import Opened
    from perintis.doors.store.database import Database
    from perintis.doors.vault.contents import Contents

SHOWN = 20

Found = tuple[int | None, int | None, str]
"""A problem: its case and event, where there is one, and what is wrong."""

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
def verify(
    contents: Annotated[
        bool | None,
        typer.Option(
            "--contents/--no-contents",
            help="Open what is sealed and hold it against the events. By default where the master key is at hand.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rebuild the state of every case from its events, and hold events against their chain and the anchor file.

    With the master key at hand, every sealed text is opened and held against the commitment in its event, and so is
    every value and file of the registries.
    """
    from perintis.doors.store.verifying import verify_store
    from perintis.doors.vault.keys import KeyMissing

    here = Here()
    with here.database() as database:
        with Meter("Rebuilding from events", "cases") as meter:
            found: list[Found] = [(problem.case, None, problem.what) for problem in verify_store(database, meter)]
        opened = registries = None
        if contents is not False:
            try:
                opened = _open_contents(database, found)
                registries = _open_registries(here, database, found)
            except KeyMissing as error:
                if contents:
                    raise
                note(f"what is sealed was not opened: {error}")
    _tell(found, as_json=as_json)
    if not as_json:
        say("All is well: every case is what its events say, and no event was changed.")
        if opened is not None:
            say(f"{count(opened.texts, 'sealed text')} opened: each is what its event commits to; "
                f"{count(opened.erased, 'case')} erased, as recorded.")  # fmt: skip
        if registries is not None and (registries.values or registries.erased or registries.files):
            say(f"Registries: {count(registries.values, 'value')} and {count(registries.files, 'file')} opened; "
                f"{count(registries.erased, 'person', 'persons')} erased, as recorded.")  # fmt: skip


def _open_contents(database: Database, found: list[Found]) -> Contents:
    """Open everything that is sealed; what does not fit is added to what was found."""
    from perintis.doors.vault.contents import verify_contents

    with Meter("Opening what is sealed", "cases") as meter:
        opened = verify_contents(database, meter)
    found += [(misfit.case, misfit.seq, misfit.what) for misfit in opened.misfits]
    return opened


def _open_registries(here: Here, database: Database, found: list[Found]) -> Opened:
    """The same for what the registries have sealed."""
    from perintis.doors.registry.verifying import verify_registries

    with Meter("Opening registries", "values") as meter:
        opened = verify_registries(database, here.settings, meter)
    found += [(None, None, problem) for problem in opened.problems]
    return opened


def _tell(found: list[Found], *, as_json: bool) -> None:
    """Print what does not fit together. Raises PerintisError where something does not."""
    if as_json:
        print_json([{"case": case, "seq": seq, "problem": what} for case, seq, what in found])
    else:
        for case, _, what in found[:SHOWN]:
            say(what if case is None else f"case {case}: {what}")
        if len(found) > SHOWN:
            say(f"... and {len(found) - SHOWN:,} more (--json lists all)")
    if found:
        raise PerintisError(f"{count(len(found), 'thing')} in the store {'does' if len(found) == 1 else 'do'} not"
                            " fit together; keep a copy of it and pass the list on")  # fmt: skip
