"""What our own Prefect server says when it is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from perintis.doors.prefect_child import asked_again_at_once

Message = MutableMapping[str, Any]


def headers_of(status: int) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with this status, as the client gets them."""
    sent: list[Message] = []

    async def app(_scope: Message, _receive: object, send: Callable[[Message], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"server", b"x")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(asked_again_at_once(app)({"type": "http"}, receive, send))
    assert sent[1]["body"] == b"{}"
    return list(sent[0]["headers"])


@pytest.mark.parametrize(("status", "told"), [(200, False), (404, False), (500, False), (503, True)])
def test_only_who_is_turned_away_as_busy_is_told_when_to_come_again(status: int, told: bool) -> None:
    """Prefect's client waits two seconds where nothing is said, with a whole batch of cases behind it."""
    headers = headers_of(status)
    assert (b"server", b"x") in headers
    assert [float(value) < 1 for name, value in headers if name == b"retry-after"] == [True] * told
