"""What our own Prefect server does when it is busy."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from perintis.doors.prefect_child import Message, Receive, Send, tried_again_when_busy


class Server:
    """Answers with one status after the other, and keeps what it was asked."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.asked: list[bytes] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self.asked.append((await receive())["body"])
        scope["seen"] = True
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(status).encode()})
        if status >= 500:
            raise RuntimeError("as Starlette does after it has answered")


def answer(server: Server, patience: float = 30.0) -> list[Any]:
    """Status and body of the answer to a request that comes in two pieces."""
    came = iter([
        {"type": "http.request", "body": b"one ", "more_body": True},
        {"type": "http.request", "body": b"two", "more_body": False},
    ])  # fmt: skip
    sent: list[Message] = []

    async def receive() -> Message:
        return next(came)

    async def send(message: Message) -> None:
        sent.append(message)

    with suppress(RuntimeError):
        asyncio.run(tried_again_when_busy(server, patience=patience)({"type": "http"}, receive, send))
    return [message.get("status", message.get("body")) for message in sent]


@pytest.mark.parametrize("status", [200, 404, 409, 500])
def test_what_is_answered_is_not_asked_again(status: int) -> None:
    """A request that may have done something is never repeated here."""
    server = Server(status, 200)
    assert answer(server) == [status, str(status).encode()]
    assert server.asked == [b"one two"]


def test_who_is_turned_away_as_busy_comes_again_with_all_he_asked() -> None:
    """Prefect's client would wait two seconds, and hears nothing of it."""
    server = Server(503, 503, 201)
    assert answer(server) == [201, b"201"]
    assert server.asked == [b"one two"] * 3


def test_a_server_that_stays_busy_says_so() -> None:
    """After its patience; the client then does what it thinks right."""
    server = Server(503)
    assert answer(server, patience=0.2) == [503, b"503"]
    assert 2 <= len(server.asked) <= 6
