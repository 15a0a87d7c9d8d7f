"""Runs a pilot's Prefect flow for a person at the command line, with a Prefect server of our own where there is none.

Imports Prefect only when a flow is run. A server of our own is a child of this process and ends with it.
"""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from perintis.doors.pilot_folder import find_pilot, load_flow_file
from perintis.doors.prefect_flow import Progress, RunSummary, watched
from perintis.doors.settings import Settings
from perintis.words.errors import PerintisError

STARTUP_SECONDS = 180
"""How long a first server may take: about 20 s on a machine with nothing else to do."""

WATCH_SECONDS = 3.0
"""How often a run looks whether Prefect's server is still there."""

GONE = (
    "Prefect's server does not answer any more; waiting some minutes for it to come back. Ctrl-C, pressed twice, ends "
    "the run now: what was recorded stands"
)
ENDED = (
    "the Prefect server of this run has ended and does not come back; Prefect gives up after some minutes. Ctrl-C, "
    "pressed twice, ends the run now: what was recorded stands, and the same command goes on from there"
)
"""Twice, for the first time Prefect still tries to tell its server."""

_ADVICE = "`perintis run {pilot} --without-prefect` does the same here, without Prefect"

Waiting = Callable[[str], None]
"""Is told, in words for a person, what is being waited for."""

# What every Prefect of ours is told: nothing leaves the machine, nothing but counts is kept, and quietly.
SAFE = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_SERVER_API_HOST": "127.0.0.1",
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_API_CORS_ALLOWED_ORIGINS": "http://127.0.0.1",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # The face that runs the flow says itself what went wrong, in one sentence.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}


def prepare_prefect(settings: Settings) -> None:
    """Set Prefect's environment for this process and its children; to be called before Prefect is imported.

    Prefect's home is a folder of ours that only its owner may read; PREFECT_API_URL, where set, stays.
    """
    settings.make_home()
    settings.prefect_home.mkdir(mode=0o700, exist_ok=True)
    os.chmod(settings.prefect_home, 0o700)
    os.environ.update(SAFE, PREFECT_HOME=str(settings.prefect_home.absolute()))


class PrefectServer:
    """A Prefect server of our own: `with PrefectServer(settings) as server:` starts it and stops it again.

    Entering does not wait until it is ready, so that its start can overlap with other work.
    """

    def __init__(self, settings: Settings) -> None:
        prepare_prefect(settings)
        self._home = settings.prefect_home
        self._child: subprocess.Popen[bytes] | None = None
        self._auth = f"perintis:{secrets.token_urlsafe(24)}"
        self._port = 0
        self.first = not (self._home / "prefect.db").exists()

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def log(self) -> Path:
        """The file with what the server has to say."""
        return self._home / "server.log"

    def __enter__(self) -> PrefectServer:
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "perintis.doors.prefect_child", str(self._home / "server.lock")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the program that uses the server; it then stops the server
            )  # fmt: skip
        assert self._child.stdout is not None
        first_line = self._child.stdout.readline()
        if not first_line.strip().isdigit():
            self.stop()
            raise PerintisError(self._failed())
        self._port = int(first_line)
        # Prefect reads these when it is imported, and so do processes that this one starts.
        os.environ.update(PREFECT_API_URL=self.url, PREFECT_API_AUTH_STRING=self._auth)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait(self, seconds: float = STARTUP_SECONDS) -> None:
        """Return when the server answers; PerintisError if it does not start or takes longer than `seconds`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._child is None or self._child.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.1)
        raise PerintisError(self._failed())

    def stop(self) -> None:
        """End the server; harmless when it has ended."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
        for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING"):
            os.environ.pop(name, None)

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING")}
        return {
            **kept, "PREFECT_SERVER_API_AUTH_STRING": self._auth, "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1",
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        }  # fmt: skip

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _failed(self) -> str:
        return f"Prefect's server did not start (its log is {self.log})"


@contextmanager
def early_server(settings: Settings) -> Iterator[PrefectServer | None]:
    """Start a server now for a flow that is run later, and stop it at the end; None where PREFECT_API_URL names one."""
    prepare_prefect(settings)
    if os.environ.get("PREFECT_API_URL"):
        yield None
        return
    with PrefectServer(settings) as server:
        yield server


def run_flow(
    settings: Settings,
    pilot: str,
    intake: str | None = None,
    *,
    server: PrefectServer | None = None,
    waiting: Waiting = lambda _: None,
    progress: Progress | None = None,
) -> RunSummary:
    """Run the Prefect flow of a pilot in this process and return its counts.

    Uses `server` (from `early_server`), or the one at PREFECT_API_URL, or one of its own that ends with the run.
    `waiting` is told what is being waited for, `progress` how far the run has come. Raises PerintisError, with the
    advice to run without Prefect, where Prefect cannot run the flow.
    """
    find_pilot(settings.pilots, pilot)  # before anything is started
    if server is not None:
        return _run(settings, pilot, intake, server, waiting, progress)
    with early_server(settings) as own:
        return _run(settings, pilot, intake, own, waiting, progress)


def _run(
    settings: Settings, pilot: str, intake: str | None, server: PrefectServer | None, waiting: Waiting,
    progress: Progress | None,
) -> RunSummary:  # fmt: skip
    advice = _ADVICE.format(pilot=pilot)
    if server is None:
        _check_answers(os.environ["PREFECT_API_URL"], advice)
    elif server.first:
        waiting("starting a Prefect server, about 20 seconds the first time")
    else:
        waiting("starting a Prefect server, a few seconds")
    from perintis.doors import prefect_executor  # late: takes seconds, while the server starts

    module = load_flow_file(settings.pilots, pilot)
    call: Callable[..., RunSummary] = prefect_executor.find_flow(module, pilot)
    if server is not None:
        try:
            server.wait()
        except PerintisError as error:
            raise PerintisError(f"{error}; {advice}") from None
    waiting("running the flow")
    try:
        with (
            _told_when_gone(waiting, GONE if server is None else ENDED),
            watched(progress),
            prefect_executor.in_the_foreground(),
        ):
            return call(intake=intake)
    except PerintisError:
        raise
    except Exception as error:  # noqa: BLE001  # run_pilot raises only our own errors, so this one is Prefect's
        raise PerintisError(
            f"Prefect could not run or keep the flow run ({type(error).__name__}); what was recorded stands; {advice}"
        ) from None


@contextmanager
def _told_when_gone(waiting: Waiting, sentence: str) -> Iterator[None]:
    """Say once if the server goes away during a run: Prefect's client then tries for some minutes, without a word."""
    address, over = f"{os.environ['PREFECT_API_URL'].rstrip('/')}/health", threading.Event()

    def watch() -> None:
        while not over.wait(WATCH_SECONDS):
            if _refuses(address):
                waiting(sentence)
                return

    watcher = threading.Thread(target=watch, name="perintis-server-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()


def _refuses(address: str) -> bool:
    """Whether nobody listens at an address; a server that is slow to answer is there."""
    try:
        with urllib.request.urlopen(address, timeout=10):
            return False
    except urllib.error.URLError as error:
        return isinstance(error.reason, ConnectionRefusedError)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _check_answers(url: str, advice: str) -> None:
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=10):
            return
    except urllib.error.HTTPError:
        return  # it answers; whether it lets us in, the flow will say
    except (OSError, ValueError):
        place = urllib.parse.urlsplit(url)
        shown = f"{place.scheme}://{place.hostname}" + (f":{place.port}" if place.port else "")
        raise PerintisError(
            f"the Prefect server at {shown} (PREFECT_API_URL) does not answer; start it with `prefect server start`, "
            f"or unset PREFECT_API_URL to have one started; {advice}"
        ) from None
