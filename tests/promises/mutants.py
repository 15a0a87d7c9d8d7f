"""Five ways of recording that look right and are not. Each must pass without a crash, and be found with one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from perintis.doors.store import breaches, opening, outbox, recording, store
from perintis.doors.store.database import set_rows
from perintis.doors.store.failpoints import failpoint
from tests.promises import crash_pilot


def split() -> None:
    """The event is written in a transaction of its own, after the state it leads to."""
    whole = recording.write_events

    def in_a_second_transaction(connection: Connection, rows: Any, *known: Any) -> Any:
        connection.exec_driver_sql("COMMIT")
        failpoint("mutant:split")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        return whole(connection, rows, *known)

    for module in (recording, opening, breaches):
        module.write_events = in_a_second_transaction  # type: ignore[attr-defined]


def apart() -> None:
    """What was disclosed is written in a transaction after that of its event."""
    whole = recording.write_disclosures

    def in_a_second_transaction(connection: Connection, disclosed: Any) -> None:
        connection.exec_driver_sql("COMMIT")
        failpoint("mutant:apart")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        whole(connection, disclosed)

    recording.write_disclosures = in_a_second_transaction  # type: ignore[attr-defined]


def nokey() -> None:
    """Each attempt has a key of its own, so that the agency cannot tell a repetition."""
    own = store.ProcessStore.key
    store.ProcessStore.key = lambda self, case, key: f"{own(self, case, key)}#{uuid.uuid4()}"  # type: ignore[method-assign]
    crash_pilot.show_key = lambda key: f"{key}#{uuid.uuid4()}"


def noguard() -> None:
    """A request is recorded as sent before it is sent; there is no outbox to look after it."""
    take = outbox._take

    def take_and_record(database: Any, *arguments: Any) -> Any:
        messages = take(database, *arguments)
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE outbox SET status = 'sent' WHERE status = 'sending'")
        failpoint("mutant:noguard")
        return messages

    outbox._take = take_and_record  # type: ignore[assignment]


def nofence() -> None:
    """A worker whose lease ran out may write."""
    recording.Recorder.still_ours = staticmethod(lambda current, case, fence: case in current)  # type: ignore[method-assign]
    whole = set_rows

    def by_number_alone(connection: Connection, table: str, values: Any, keys: Any, rows: Any, also: str = "") -> None:
        if table == "cases":
            assert list(keys) == ["id", "fence"]
            keys, rows = {"id": keys["id"]}, [row[:-1] for row in rows]
        whole(connection, table, values, keys, rows, also)

    recording.set_rows = by_number_alone  # type: ignore[attr-defined]


ALL: dict[str, Callable[[], None]] = {
    "split": split,
    "apart": apart,
    "nokey": nokey,
    "noguard": noguard,
    "nofence": nofence,
}
