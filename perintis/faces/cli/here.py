"""Where a command runs: its settings, its store, its pilots. Heavy parts are opened when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from perintis.doors.settings import Settings, read_settings
from perintis.faces.moments import zone_of
from perintis.words.errors import DefinitionError, NotFound, PerintisError

if TYPE_CHECKING:
    from perintis.doors.connectors import FolderConnector
    from perintis.doors.store.database import Database
    from perintis.doors.store.reading import Reader
    from perintis.engine.definition import Definition
    from perintis.words.agency import Agency, Calendar
    from perintis.words.pilot import Pilot


class Here:
    """The settings of this command and what follows from them."""

    def __init__(self) -> None:
        self.settings: Settings = read_settings()

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The store, for writing."""
        from perintis.doors.store.upgrading import open_database

        database = open_database(self.settings)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The store, for a quick look."""
        from perintis.doors.store.reading import open_reader

        with open_reader(self.settings) as reader:
            yield reader

    def definition(self, pilot: str, *, agreed: bool = True) -> Definition:
        """A pilot with its process code, held against its agreement; without `agreed` it cannot be run."""
        from perintis.doors.pilot_folder import load_definition, load_process

        with _readable_code():
            return (load_definition if agreed else load_process)(self.settings.pilots, pilot)

    def pilot(self, name: str) -> Pilot[Any]:
        """A pilot as promised, or NotFound with the names there are."""
        from perintis.doors.pilot_folder import find_pilot

        with _readable_code():
            return find_pilot(self.settings.pilots, name)

    def pilots(self) -> tuple[Pilot[Any], ...]:
        """All pilots here, or NotFound where there is no folder of pilots."""
        from perintis.doors.pilot_folder import list_pilots

        with _readable_code():
            return list_pilots(self.settings.pilots)

    def connector(self) -> FolderConnector:
        """Messages to and from agencies without a connector of their own."""
        from perintis.doors.connectors import FolderConnector

        return FolderConnector(self.settings.exchange_folder)

    def offices(self) -> Offices:
        """The calendars by which times are shown; this computer's zone where no pilots can be read here."""
        try:
            return Offices({pilot.name: pilot for pilot in self.pilots()})
        except (NotFound, DefinitionError):
            return Offices({})


@contextmanager
def _readable_code() -> Iterator[None]:
    """Tell an engineer in one sentence where a pilot's own code stops."""
    try:
        yield
    except PerintisError:
        raise
    except SyntaxError as error:
        raise DefinitionError(f"{error.filename} line {error.lineno}: {error.msg}; put it right first") from None
    except Exception as error:  # noqa: BLE001  # a pilot's own code may raise anything
        from perintis.engine.live import where

        missing = f", there is no module {error.name!r}" if isinstance(error, ModuleNotFoundError) else ""
        raise DefinitionError(f"a pilot's code stops with {where(error)}{missing}; put it right first") from None


class Offices:
    """Whose clock a time is shown by: the agency's that has to act, the lead's for the case as a whole."""

    def __init__(self, pilots: Mapping[str, Pilot[Any]]) -> None:
        self.pilots = pilots
        self._agencies: dict[str, dict[str, Agency]] = {n: {a.code: a for a in p.agencies} for n, p in pilots.items()}

    def calendar(self, pilot: str, agency: str | None = None) -> Calendar | None:
        """An agency's calendar, or the lead's; None for a pilot that is not here."""
        if pilot not in self.pilots:
            return None
        found = self._agencies[pilot].get(agency or "")
        return (found or self.pilots[pilot].lead).calendar

    def zone(self, pilot: str | None = None) -> tzinfo | None:
        """The lead's zone; of the first pilot, where none is named."""
        name = pilot or next(iter(self.pilots), "")
        return zone_of(self.calendar(name))

    def agency_name(self, pilot: str, code: str) -> str:
        """An agency's name for people; its code where the pilot is not here."""
        found = self._agencies.get(pilot, {}).get(code)
        return found.name if found else code


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def step_words(step: str) -> str:
    """A step as people say it: `kemenkes.health_screening` is "health screening"."""
    return step.rpartition(".")[2].replace("_", " ")
