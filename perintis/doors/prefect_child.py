"""The process in which a Prefect server of our own runs: `python -m perintis.doors.prefect_child LOCK_FILE`.

It is the server that Prefect itself starts for a flow without one (no pages, no schedules), with four differences: it
writes the number of its port as its first line; servers that start on the same folder do so one after the other,
because the first of them makes the tables; it ends when its standard input closes, so that it never outlives the
program that started it, however that one ends; and what it could not do because SQLite was busy it tries again.
"""

from __future__ import annotations

import asyncio
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
_PAUSE, _PATIENCE = 0.05, 30.0
"""Seconds between two tries at what the server was too busy for, and for all of them."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]


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
    return tried_again_when_busy(create_app())


def tried_again_when_busy(app: App, *, patience: float = _PATIENCE) -> App:
    """The same application; what it could not do because it was busy, it tries again for so many seconds.

    Prefect's SQLite turns one of two parts away that begin to write at the same moment, several times in a long run.
    Nothing of such a request was done; its client would wait two seconds, then four, with a lot of cases behind it.
    """

    async def answering(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        asked, until = await _whole(receive), time.monotonic() + patience
        while await _turned_away(app, scope, _again(asked, receive), send, time.monotonic() < until):
            await asyncio.sleep(_PAUSE)

    return answering


async def _turned_away(app: App, scope: Message, receive: Receive, send: Send, may_wait: bool) -> bool:
    """Let the application answer, and say whether it was busy; that answer goes to nobody while there is time."""
    busy = False

    async def tell(message: Message) -> None:
        nonlocal busy
        if message["type"] == "http.response.start":
            busy = may_wait and message["status"] == _BUSY
        if not busy:
            await send(message)

    try:
        await app(dict(scope), receive, tell)
    except Exception:
        if not busy:  # an application raises what it has answered with once more, for its server's log
            raise
    return busy


async def _whole(receive: Receive) -> Message:
    """A request with all of its body."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return {"type": "http.request", "body": body, "more_body": False}


def _again(asked: Message, receive: Receive) -> Receive:
    """The request once more, and then whatever else comes."""
    left = [asked]

    async def next_message() -> Message:
        return left.pop() if left else await receive()

    return next_message


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
