"""`perintis doctor`: what works here, what does not, and how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Annotated, Any, NamedTuple

import typer

from perintis.doors.settings import Settings
from perintis.faces.cli.here import Here, now
from perintis.faces.cli.screen import print_json, say
from perintis.words.errors import PerintisError

PACKAGES = ("perintis", "prefect", "fastapi", "sqlalchemy", "pydantic", "polars", "numpy", "typer")
PREFECT_SECONDS = 120
LEAST_FREE_MB = 500
LATE_ANCHOR_DAYS = 2


class Finding(NamedTuple):
    """One thing looked at: `well` is false where something has to be done, `mend` says what.

    `warns` is true of what works, but should not stay so in production.
    """

    what: str
    well: bool
    found: str
    mend: str = ""
    warns: bool = False


def command(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out Prefect's server, which takes seconds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for what is wrong here and say how to mend it.

    Versions, settings, store, pilots, Prefect.
    """
    here = Here()
    checks: tuple[Callable[[Here], Finding], ...] = (
        _python, _packages, _home, _store, _key, _anchors, _pilots, _made_up, _disk, *(() if quick else (_prefect,)),
    )  # fmt: skip
    findings = []
    for check in checks:
        finding = _carefully(check, here)
        findings.append(finding)
        if not as_json:
            for line in _lines(finding):
                say(line)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _carefully(check: Callable[[Here], Finding], here: Here) -> Finding:
    try:
        return check(here)
    except PerintisError as error:
        return Finding(check.__name__.strip("_"), False, str(error), "see the sentence above")
    except Exception as error:  # noqa: BLE001  # a broken installation may raise anything, and this command tells
        return Finding(check.__name__.strip("_"), False, type(error).__name__, "install Perintis again: make setup")


def _lines(finding: Finding) -> Iterator[str]:
    mark = "WRONG" if not finding.well else "warns" if finding.warns else "ok   "
    yield f"{mark}  {finding.what:<9} {finding.found}"
    if finding.mend and (finding.warns or not finding.well):
        yield f"       {'':<9} mend it: {finding.mend}"


def _python(_: Here) -> Finding:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    return Finding("python", sys.version_info >= (3, 11), found, "install Python 3.11 or later, then make setup")


def _packages(_: Here) -> Finding:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    told = ", ".join(found) + (f"; missing: {', '.join(missing)}" if missing else "")
    return Finding("packages", not missing, told, "make setup")


def _home(here: Here) -> Finding:
    home = here.settings.home
    if not home.exists():
        return Finding("home", True, f"{home.absolute()} (will be made when it is needed)")
    open_to = stat.S_IMODE(home.stat().st_mode) & 0o077
    if open_to:
        return Finding("home", False, f"{home.absolute()} can be read by others", f"chmod 700 {home.absolute()}")
    return Finding("home", os.access(home, os.W_OK), f"{home.absolute()}, for its owner only", "make it writable")


def _store(here: Here) -> Finding:
    from perintis.doors.store.database import Database
    from perintis.doors.store.upgrading import present_version
    from perintis.doors.store.version import HEAD

    kind = "PostgreSQL" if here.settings.database_url else "SQLite"
    if not here.settings.database_url and not (here.settings.home / "perintis.db").exists():
        return Finding("store", True, "SQLite, not made yet (the first command makes it)")
    database = Database(here.settings.store_url)
    try:
        found = present_version(database)
    except PerintisError as error:
        return Finding("store", False, f"{kind}: {error}", _mend_store(here.settings))
    finally:
        database.close()
    return Finding("store", found == HEAD, f"{kind}, version {found or 'none'}, needed {HEAD}", "perintis db upgrade")


def _mend_store(settings: Settings) -> str:
    if settings.database_url:
        return "start PostgreSQL, or correct PERINTIS_DATABASE_URL (postgresql+psycopg://user@host/name)"
    return "see that the disk is there and not full"


def _key(here: Here) -> Finding:
    """Whether the master key is there, is the one that this store was sealed with, and lies where it should."""
    from perintis.doors.vault.sources import key_source

    source, settings = key_source(here.settings), here.settings
    if source.file is not None and source.may_make and not source.file.exists() and not _store_made(settings):
        return Finding("key", True, "no master key yet (the first command makes one)")
    try:
        ring = source.read()
        masters = _masters(here)
        for name in masters:
            ring.find(name)
    except PerintisError as error:
        return Finding("key", False, str(error), "put the right key back; docs/how-to/keys.md says what can be done")
    told = f"master key {ring.current.id} opens this store" if masters else f"master key {ring.current.id}"
    if source.file is None:
        return Finding("key", True, told)
    if stat.S_IMODE(source.file.stat().st_mode) & 0o077:
        return Finding("key", False, f"{source.file} can be read by others", f"chmod 600 {source.file.absolute()}")
    if source.file.absolute().is_relative_to(settings.home.absolute()):
        mend = "keep it elsewhere: move it and set PERINTIS_KEY_FILE, or have PERINTIS_KEY_COMMAND print it"
        return Finding("key", True, f"{told}, but lies beside the store: who copies one has both", mend, warns=True)
    return Finding("key", True, f"{told}, for its owner only")


def _store_made(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.home / "perintis.db").exists()


def _masters(here: Here) -> set[str]:
    """The ids of the master keys with which this store was sealed; none where it is not made or not upgraded yet."""
    from perintis.doors.store.version import HEAD

    found = _read(here, "SELECT DISTINCT master FROM vault_secrets", HEAD)
    return {row[0] for row in found}


def _read(here: Here, query: str, version: str) -> Sequence[Sequence[Any]]:
    """Rows of a store that has this version; none of any other."""
    from perintis.doors.store.database import Database
    from perintis.doors.store.upgrading import present_version

    if not _store_made(here.settings):
        return []
    database = Database(here.settings.store_url)
    try:
        if present_version(database) != version:
            return []
        with database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]
    finally:
        database.close()


def _anchors(here: Here) -> Finding:
    """Whether what was recorded was anchored lately; each run does it."""
    from perintis.doors.store.types import from_micros, to_micros
    from perintis.doors.store.version import HEAD

    before = to_micros(now() - timedelta(days=LATE_ANCHOR_DAYS))
    waiting = (
        "SELECT count(*), (SELECT max(at) FROM anchors) FROM cases c WHERE c.rehearsal IS NULL "
        "AND c.anchored < c.last_seq AND EXISTS (SELECT 1 FROM events e WHERE e.case_id = c.id "
        f"AND e.seq = c.anchored + 1 AND e.at < {before} AND e.hash IS NOT NULL)"
    )
    rows = _read(here, waiting, HEAD)
    if not rows:
        return Finding("anchors", True, "nothing to anchor yet")
    late, last = rows[0]
    when = f"last written {from_micros(last):%d %B %Y}" if last is not None else "never written"
    if not late:
        return Finding("anchors", True, f"{when}, in {here.settings.anchors.absolute()}")
    told = f"{when}; {late:,} cases have events older than {LATE_ANCHOR_DAYS} days that no anchor speaks of"
    return Finding("anchors", True, told, "perintis run PILOT (each run writes anchors)", warns=True)


def _pilots(here: Here) -> Finding:
    try:
        names = [pilot.name for pilot in here.pilots()]
        for name in names:
            here.definition(name)
    except PerintisError as error:
        return Finding("pilots", False, str(error), "set PERINTIS_PILOTS, or begin one with perintis new NAME")
    return Finding("pilots", True, f"{', '.join(names)} in {here.settings.pilots.absolute()}")


def _made_up(_: Here) -> Finding:
    there = find_spec("faker") is not None
    told = "Faker is there, for made-up applications" if there else "Faker is missing: no rehearsals, no demo"
    return Finding("made-up", there, told, "pip install 'perintis[trial]'")


def _disk(here: Here) -> Finding:
    home = here.settings.home.absolute()
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    return Finding("disk", free >= LEAST_FREE_MB, f"{free:,} MB free at {place}", "make room")


def _prefect(here: Here) -> Finding:
    """Import Prefect's server in a process of its own: where FastAPI is too new, that is where it breaks."""
    from perintis.doors.prefect_server import prepare_prefect

    prepare_prefect(here.settings)
    script = "import prefect.server.api.server"
    try:
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, timeout=PREFECT_SECONDS, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Finding(
            "prefect", False, f"did not load within {PREFECT_SECONDS} s", "try again when the machine is idle"
        )
    api = os.environ.get("PREFECT_API_URL")
    where = f"server at {api}" if api else "a server of our own for each run"
    mend = "make setup (it pins FastAPI below 0.151), or run with --without-prefect"
    return Finding("prefect", done.returncode == 0, where if done.returncode == 0 else "its server does not load", mend)
