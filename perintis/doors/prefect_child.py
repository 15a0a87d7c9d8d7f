"""The process in which a Prefect server of our own runs: `python -m perintis.doors.prefect_child LOCK_FILE`.

It is the server that Prefect itself starts for a flow without one (no pages, no schedules), with four differences: it
writes the number of its port as its first line; servers that start on the same folder do so one after the other,
because the first of them makes the tables; it ends when its standard input closes, so that it never outlives the
program that started it, however that one ends; and what it could not do because SQLite was busy is asked again at once.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TextIO

_ENDING_SECONDS = 5
_BUSY = 503
_AGAIN = (b"retry-after", b"0.05")
"""How many seconds a client of Prefect waits after it was told BUSY; left to itself it waits two, and then four."""

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Callable[[], Awaitable[Message]], Send], Coroutine[Any, Any, None]]


def main(lock_file: str) -> None:
    """Serve Prefect's API on a free port of this machine until standard input closes."""
    own = socket.create_server(("127.0.0.1", 0))
    print(own.getsockname()[1], flush=True)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with open(lock_file, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _serve(own, lock)


def _serve(own: socket.socket, lock: TextIO) -> None:
    import uvicorn  # late: the port must be known at once

    config = uvicorn.Config(
        _app,
        factory=True,
        log_level="error",
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_unlock_when_started, args=(server, lock), daemon=True).start()
    server.run(sockets=[own])
    if not server.started:
        sys.exit(3)


def _app() -> App:
    from uvicorn.importer import import_from_string

    create_app: Callable[[], App] = import_from_string("prefect.server.api.server:create_app")
    return asked_again_at_once(create_app())


def asked_again_at_once(app: App) -> App:
    """The same application; where it answers that it is busy, it says too when to come again.

    Prefect's SQLite turns one of two parts away that begin to write at the same moment, several times in a long run.
    """

    async def answering(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _BUSY:
                message["headers"] = [*message.get("headers", ()), _AGAIN]
            await send(message)

        await app(scope, receive, tell)

    return answering


def _unlock_when_started(server: object, lock: TextIO) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.05)
    fcntl.flock(lock, fcntl.LOCK_UN)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_ENDING_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
