"""Automatic steps ask an agency's system where an address is set, and take only what was agreed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from perintis import AgencyUnavailable
from tasks.connections import Connections, connections
from tasks.dukcapil import IdentityMatch, IdentityRequest, verify_identity

PEOPLE = [IdentityRequest(sponsor_nik=f"317401450590{n}", sponsor_name="Budi Uji") for n in (9001, 9002, 9003)]
KEYS = ["fast-track/1/a/1", "fast-track/2/a/1", "fast-track/3/a/1"]

Answering = Callable[[Callable[[Any], bytes]], list[Any]]


def perform() -> list[Any]:
    assert verify_identity.perform is not None
    return list(verify_identity.perform(PEOPLE, KEYS))


@pytest.fixture(autouse=True)
def settings_read_afresh() -> Iterator[None]:
    connections.cache_clear()
    yield
    connections.cache_clear()


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Lets the civil registry answer with what a function makes of the request."""
    servers = []

    def serve(answer: Callable[[Any], bytes]) -> list[Any]:
        asked: list[Any] = []

        class Registry(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name that http.server calls
                asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer(asked[-1][1]))

            def log_message(self, *_: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Registry)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PERINTIS_DUKCAPIL_URL", f"http://127.0.0.1:{server.server_port}/api/")
        return asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_batch_is_one_request_with_the_agreed_fields_and_a_key_each(answering: Answering) -> None:
    """What leaves is the input model and the key under which the registry may recognise a repeated request."""
    asked = answering(lambda body: json.dumps([{"identity_matched": True} for _ in body["requests"]]).encode())
    assert perform() == [IdentityMatch(identity_matched=True)] * 3
    [(path, body)] = asked
    assert path == "/api/verify_identity"
    assert [request["key"] for request in body["requests"]] == KEYS
    assert {tuple(request) for request in body["requests"]} == {("key", "sponsor_nik", "sponsor_name")}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"[]", "gave 0 answers to 3 requests"),
        (b"<html>busy</html>", "answered verify_identity not as agreed"),
        (b'[{"match": true}, {}, {}]', "answered verify_identity not as agreed"),
    ],
)
def test_an_answer_that_is_not_as_agreed_counts_as_none(answering: Answering, answer: bytes, told: str) -> None:
    """The cases stay ready: nothing is recorded that the agency did not say."""
    answering(lambda _: answer)
    with pytest.raises(AgencyUnavailable, match=told):
        perform()


def test_a_system_that_is_down_is_never_replaced_by_a_simulated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulation is chosen by leaving the address out, and in no other way."""
    monkeypatch.setenv("PERINTIS_DUKCAPIL_URL", "http://127.0.0.1:9")
    with pytest.raises(AgencyUnavailable, match="the system of dukcapil cannot be reached"):
        perform()


def test_without_an_address_the_answer_is_simulated_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same NIK gives the same answer each time."""
    monkeypatch.delenv("PERINTIS_DUKCAPIL_URL", raising=False)
    assert perform() == perform()
    assert all(match.simulated for match in perform())


def test_an_address_is_one_of_the_web(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file:// address would let a setting read files of this machine."""
    monkeypatch.setenv("PERINTIS_DUKCAPIL_URL", "file:///etc/passwd")
    with pytest.raises(ValueError, match="dukcapil_url"):
        Connections()
