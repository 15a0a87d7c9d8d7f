"""Many cases through the Prefect flow while its server is killed again and again (P14), with the run's memory watched.

    python -m tests.promises.server_soak [--cases 20000] [--kill-every 10] [--most-memory 400]

The cases are those of `benchmarks/twelve`, on SQLite, in a folder that is removed if all is well. The server is killed
with SIGKILL every so many seconds and started again; 0 leaves it alone. `perintis run` is started until nothing can be
moved on. At the end every case is closed, the store verifies, and no run took more memory than that (in MB).
100,000 cases take some minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from benchmarks.prefect_flow import PILOTS
from benchmarks.prefect_flow_child import open_them
from perintis.doors.prefect_server import SAFE
from perintis.doors.settings import Settings, read_settings
from perintis.doors.store.database import Database
from perintis.doors.store.upgrading import upgrade
from perintis.doors.store.verifying import verify_store
from tests.promises.soak import concluded

BIN = Path(sys.executable).parent
MOST_RUNS = 50


class MortalServer:
    """A Prefect server that is killed every so many seconds and started again; `kills` counts."""

    def __init__(self, folder: Path, kill_every: float) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/api"
        self.kills = 0
        self._folder = folder
        self._kill_every = kill_every
        self._over = threading.Event()
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **SAFE, "PREFECT_HOME": str(self._folder / "prefect")}
        environment.pop("PREFECT_API_URL", None)
        environment.pop("PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED", None)
        process = subprocess.Popen(
            [BIN / "prefect", "server", "start", "--port", str(self._port)], env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not self._over.is_set() and not self._answers():
            time.sleep(0.2)
        return process

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/health", timeout=2):
            return True
        return False

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @contextmanager
    def dying(self) -> Iterator[None]:
        """While in here the server is killed and comes back."""
        reaper = threading.Thread(target=self._reap, daemon=True)
        reaper.start()
        try:
            yield
        finally:
            self._over.set()
            reaper.join()
            self._kill()

    def _reap(self) -> None:
        while self._kill_every and not self._over.wait(self._kill_every):
            self._kill()
            self.kills += 1
            self._process = self._start()


def run_once(server: MortalServer, folder: Path) -> tuple[int, str]:
    """One `perintis run`; returns its highest memory in MB and the last thing it said of itself."""
    said = folder / "said.txt"
    with said.open("w") as stream:
        process = subprocess.Popen(
            [BIN / "perintis", "run", "twelve"], env={**os.environ, "PREFECT_API_URL": server.url}, stdout=stream,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    peak = 0
    while process.poll() is None:
        peak = max(peak, _highest_memory(process.pid))
        time.sleep(0.5)
    told = [line for line in said.read_text().splitlines() if line.startswith(("Run ", "error:"))]
    return peak, told[-1] if told else f"nothing; it ended with status {process.returncode}"


def _highest_memory(process: int) -> int:
    with suppress(OSError, StopIteration), open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
    return 0


def statuses(settings: Settings) -> dict[str, int]:
    """How many cases stand how."""
    with closing(Database(settings.store_url)) as database, database.read() as connection:
        rows = connection.exec_driver_sql("SELECT status, count(*) FROM cases GROUP BY status")
        return dict(map(tuple, rows))


def soak(folder: Path, cases: int, kill_every: float, most_memory: int) -> list[str]:
    """What went wrong, or nothing."""
    os.environ |= {"PERINTIS_HOME": str(folder / "home"), "PERINTIS_PILOTS": str(PILOTS)}
    os.environ.pop("PERINTIS_DATABASE_URL", None)
    settings = read_settings()
    settings.make_home()
    with closing(Database(settings.store_url)) as database:
        upgrade(database)
    for start in range(0, cases, 10_000):
        open_them(settings, min(10_000, cases - start))
    server, begun, peaks = MortalServer(folder, kill_every), time.monotonic(), []
    print(f"{cases:,} cases are open", flush=True)
    with server.dying():
        for number in range(1, MOST_RUNS + 1):
            peak, told = run_once(server, folder)
            peaks.append(peak)
            left = statuses(settings)
            print(f"{number}: {told} {peak} MB, server killed {server.kills} times, {left}, "
                  f"{time.monotonic() - begun:,.0f} s", flush=True)  # fmt: skip
            if left == {"closed": cases}:
                break
    found = [] if left == {"closed": cases} else [f"after {MOST_RUNS} runs: {left}"]
    found += [] if max(peaks) <= most_memory else [f"a run took {max(peaks)} MB"]
    with closing(Database(settings.store_url)) as database:
        return found + [str(problem) for problem in verify_store(database)]


def main(arguments: Sequence[str]) -> int:
    """Soak as asked; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--kill-every", type=float, default=10)
    parser.add_argument("--most-memory", type=int, default=400)
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="perintis-soak-server-"))
    return concluded(soak(folder, given.cases, given.kill_every, given.most_memory), folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
