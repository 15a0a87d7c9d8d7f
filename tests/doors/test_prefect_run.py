"""A pilot runs through Prefect in every setting, quietly, keeps personal data to itself, and survives being killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from perintis.doors import prefect_server
from perintis.doors.pilot_folder import load_definition
from perintis.doors.settings import Settings
from perintis.doors.store.ending import end_case
from perintis.doors.store.opening import NewCase, open_cases
from perintis.doors.store.upgrading import open_database
from perintis.words.recorded import Outcome
from tests.doors.pilot_elsewhere import MARK, SmallPilot, complaints

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

PREFECT = str(Path(sys.executable).with_name("prefect"))


@dataclass
class Server:
    """`prefect server start` as an operator starts it, in the repository."""

    home: Path
    url: str
    console: Path
    process: subprocess.Popen[bytes]

    def environment(self) -> dict[str, str]:
        """What a client is told."""
        return {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.home)}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of Prefect's own database."""
        with closing(sqlite3.connect(self.home / "prefect.db")) as database:
            return database.execute(statement).fetchall()


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Poll until `holds`, or fail."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{holds} did not come true in {seconds} seconds"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a Prefect server answers there."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):
            return True
    except OSError:
        return False


def stop(process: subprocess.Popen[Any]) -> None:
    """End a process of ours."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def clean_environment(**more: str) -> dict[str, str]:
    """Nothing of the tester's own Prefect or Perintis."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PERINTIS_"))}
    return {**own, "DO_NOT_TRACK": "1", **more}


@pytest.fixture(scope="module")
def server(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this module."""
    folder = tmp_path_factory.mktemp("server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "console.txt").open("wb") as console:
        process = subprocess.Popen(
            [PREFECT, "server", "start", "--port", str(port)], cwd=repository, stdin=subprocess.DEVNULL,
            stdout=console, stderr=subprocess.STDOUT, env=clean_environment(PREFECT_HOME=str(folder / "prefect")),
        )  # fmt: skip
    server = Server(folder / "prefect", f"http://127.0.0.1:{port}/api", folder / "console.txt", process)
    try:
        wait_until(lambda: answers(server.url), 180)
        yield server
    finally:
        stop(process)


@pytest.fixture
def small(tmp_path: Path) -> SmallPilot:
    """The small pilot in an empty folder."""
    return SmallPilot(tmp_path)


def summary(output: str) -> dict[str, Any]:
    """The counts that a run printed as its last line but for Prefect's own."""
    return json.loads(next(line for line in output.splitlines() if line.startswith("{")))  # type: ignore[no-any-return]


def files_with(folder: Path, value: str) -> list[Path]:
    """Files below a folder in which a value can be read."""
    return [path for path in folder.rglob("*") if path.is_file() and value.encode() in path.read_bytes()]


def check_history(small: SmallPilot, cases: int) -> None:
    """No step lost or doubled: each visit completed once, event numbers without gaps, one state a case."""
    visits = "SELECT case_id, step, visit FROM events WHERE lifecycle = 'complete' GROUP BY 1, 2, 3 HAVING count(*) > 1"
    gaps = "SELECT case_id FROM events GROUP BY case_id HAVING max(seq) <> count(*) OR min(seq) <> 1"
    assert small.rows(visits) == []
    assert small.rows(gaps) == []
    assert (
        small.rows("SELECT c.id FROM cases c WHERE last_seq <> (SELECT max(seq) FROM events WHERE case_id = c.id)")
        == []
    )
    assert small.statuses == {"closed": cases // 4, "failed": cases // 2, "waiting": cases // 4}


def test_flow_runs_on_a_server_that_is_up(server: Server, small: SmallPilot) -> None:
    """PREFECT_API_URL names it: task runs by step and size, a run in the history, the same figures as an artifact."""
    small.open_cases(600)
    output = small.run("run_flow.py", PREFECT_API_URL=server.url)
    assert complaints(output) == []
    counts = summary(output)
    assert {k: counts[k] for k in ("advanced", "closed", "waiting", "failed", "unrun")} == {
        "advanced": 600, "closed": 150, "waiting": 150, "failed": 300, "unrun": 0,
    }  # fmt: skip
    check_history(small, 600)
    [(kind, flow_run, recorded)] = small.rows("SELECT kind, flow_run, counts FROM runs")
    assert kind == "prefect"
    identity = flow_run.replace("-", "")
    runs = server.rows(
        f"SELECT t.name, t.tags, t.state_name FROM task_run t JOIN flow_run f ON f.id = t.flow_run_id "
        f"WHERE replace(f.id, '-', '') = '{identity}' ORDER BY t.name"
    )
    assert [name for name, _, _ in runs] == ["ministry.look × 450", "ministry.look × 600", "office.pay × 600"]
    assert {state for _, _, state in runs} == {"Completed"}
    assert {tuple(sorted(json.loads(tags))) for _, tags, _ in runs} == {("ministry", "small"), ("office", "small")}
    [(data,)] = server.rows(f"SELECT data FROM artifact WHERE replace(flow_run_id, '-', '') = '{identity}'")
    table = json.loads(json.loads(data))
    shown = {row["figure"]: row["value"] for row in table if not row["step"]}
    assert {k: shown[k] for k in ("advanced", "closed", "steps")} == {
        k: json.loads(recorded)[k] for k in ("advanced", "closed", "steps")
    }


def test_batches_can_be_done_by_a_pool_of_processes(server: Server, small: SmallPilot) -> None:
    """With a task runner that shares no memory, task runs work from their tickets and the run ends the same."""
    small.open_cases(40)
    output = small.run("run_pooled.py", **server.environment())
    assert complaints(output) == []
    assert {k: summary(output)[k] for k in ("advanced", "closed", "waiting", "failed", "unrun")} == {
        "advanced": 40, "closed": 10, "waiting": 10, "failed": 20, "unrun": 0,
    }  # fmt: skip
    check_history(small, 40)


def test_killed_run_loses_and_doubles_nothing(server: Server, small: SmallPilot) -> None:
    """kill -9 while batches are being done; the next run takes over at once and finishes."""
    small.open_cases(1200)
    with small.start("run_flow.py", PREFECT_API_URL=server.url, SLOW="1") as process:
        wait_until(lambda: bool(small.rows("SELECT 1 FROM work LIMIT 1")), 120)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert small.rows("SELECT ended FROM runs") == [(None,)]
    output = small.run("run_flow.py", PREFECT_API_URL=server.url)
    assert complaints(output) == []
    check_history(small, 1200)
    # The fee of a bad one fails before the second look-up; a call whose result was lost is repeated under its key.
    assert len({key for _, key in small.calls()}) == 1200 + 900


def test_worker_runs_the_deployment_of_prefect_yaml(server: Server, repository: Path, tmp_path: Path) -> None:
    """Pool, deployments, worker and runs by Prefect's own commands, in the repository: the cases move on, and what is
    past its retention is erased by the flow for that, whose schedule is off."""
    settings = Settings(home=tmp_path / "home", pilots=repository, database_url=None)
    names = open_fast_track(settings, 30)
    environment = clean_environment(
        **server.environment(), PERINTIS_HOME=str(settings.home), PERINTIS_KEY=os.environ["PERINTIS_KEY"]
    )

    def prefect(*command: str) -> str:
        done = subprocess.run(
            [PREFECT, *command], cwd=repository, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=150, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    prefect("work-pool", "create", "perintis", "--type", "process", "--overwrite")
    prefect("deploy", "--all")
    console = tmp_path / "worker.txt"
    with console.open("wb") as stream:
        worker = subprocess.Popen(
            [PREFECT, "worker", "start", "--pool", "perintis"], cwd=repository, env=environment,
            stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        prefect("deployment", "run", "fast-track/fast-track", "--watch")
        close_long_ago(settings, 1, 2)
        prefect("deployment", "run", "retention/retention-fast-track", "--watch")
    finally:
        stop(worker)
    assert complaints(console.read_text("utf-8")) == []
    with closing(sqlite3.connect(settings.home / "perintis.db")) as store:
        [(kind, flow_run, counts)] = store.execute("SELECT kind, flow_run, counts FROM runs").fetchall()
        assert store.execute("SELECT count(*) FROM cases WHERE status = 'waiting'").fetchone() == (28,)
        assert store.execute("SELECT case_id FROM vault WHERE sealed IS NULL ORDER BY 1").fetchall() == [(1,), (2,)]
    erased = "SELECT f.state_name FROM flow_run f JOIN flow w ON w.id = f.flow_id WHERE w.name = 'retention'"
    assert server.rows(erased) == [("Completed",)]
    assert {active for (active,) in server.rows("SELECT active FROM deployment_schedule")} == {0}
    assert (kind, json.loads(counts)["advanced"]) == ("prefect", 30)
    assert server.rows(
        f"SELECT state_name FROM flow_run WHERE replace(id, '-', '') = '{flow_run.replace('-', '')}'"
    ) == [("Completed",)]
    assert [name for name in names if files_with(server.home, name)] == []
    assert [name for name in names if name in console.read_text("utf-8")] == []


def close_long_ago(settings: Settings, *cases: int) -> None:
    """Withdraw cases, and have their rows say that it was ten years ago."""
    now = datetime.now(UTC)
    with closing(open_database(settings)) as database:
        for case in cases:
            end_case(database, case, Outcome.WITHDRAWN, "moved away", officer="o", now=now)
        with database.write() as connection:
            connection.exec_driver_sql(f"UPDATE cases SET closed = closed - {10 * 366 * 86_400_000_000}")


def open_fast_track(settings: Settings, count: int) -> list[str]:
    """Open made-up applications of the real pilot; returns the names of the persons in them."""
    definition = load_definition(settings.pilots, "fast-track")
    pilot, now = definition.pilot, datetime.now(UTC)
    assert pilot.made_up is not None
    random = Random(7)
    applications = [pilot.made_up(random, i) for i in range(count)]
    with closing(open_database(settings)) as database:
        open_cases(
            database,
            [NewCase(a.reference, a.office, {}, a.model_dump_json(), definition.case_due(now)) for a in applications],
            pilot=pilot.name, version=pilot.version, process="to_be", lead=pilot.lead.code, intake=None, now=now,
        )  # fmt: skip
    return [a.full_name for a in applications]


def test_server_keeps_no_personal_value_and_says_nothing_strange(server: Server) -> None:
    """After all runs above: every file of Prefect's home is searched, and the server's console."""
    assert files_with(server.home, MARK) == []
    assert server.rows("SELECT count(*) FROM flow_run")[0][0] >= 1
    console = server.console.read_text("utf-8")
    assert (complaints(console), MARK in console) == ([], False)


def test_flow_brings_a_server_of_its_own_and_takes_it_away(server: Server, small: SmallPilot) -> None:
    """Without PREFECT_API_URL: started in our home folder, which only its owner may read, and ended with the run."""
    small.open_cases(8)
    prefect_home = small.home / "prefect"
    prefect_home.mkdir(parents=True)
    copy_database(server, prefect_home)
    output = small.run("run_flow.py")
    assert complaints(output) == []
    assert "starting a Prefect server" in output
    check_history(small, 8)
    assert prefect_home.stat().st_mode & 0o777 == 0o700
    assert files_with(prefect_home, MARK) == []
    assert processes_with(str(prefect_home)) == []


def copy_database(server: Server, folder: Path) -> None:
    """Prefect's tables, made already: making them takes most of a first start."""
    with (
        closing(sqlite3.connect(server.home / "prefect.db")) as source,
        closing(sqlite3.connect(folder / "prefect.db")) as target,
    ):
        source.backup(target)


def processes_with(word: str) -> list[str]:
    """Command lines of running processes that name `word`."""
    lines = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if word in line and not line.startswith("ps ")]


def test_server_of_our_own_ends_with_a_killed_run(server: Server, small: SmallPilot) -> None:
    """kill -9 of the program leaves no server behind."""
    small.home.mkdir()
    (small.home / "prefect").mkdir()
    copy_database(server, small.home / "prefect")
    with small.start("run_flow.py") as process:
        assert process.stdout is not None
        assert "starting a Prefect server" in process.stdout.readline()
        assert processes_with(str(small.home)) != []
        process.send_signal(signal.SIGKILL)
        process.wait()
    wait_until(lambda: processes_with(str(small.home)) == [], 30)


def test_early_server_ends_with_an_interrupted_program(small: SmallPilot) -> None:
    """Ctrl-C while something else is being done leaves no server behind, and no address in the environment."""
    program = """
import os
from perintis.doors.prefect_server import early_server
from perintis.doors.settings import read_settings
try:
    with early_server(read_settings()) as server:
        assert os.environ["PREFECT_API_URL"] == server.url
        raise KeyboardInterrupt
except KeyboardInterrupt:
    assert "PREFECT_API_URL" not in os.environ
    assert "PREFECT_API_AUTH_STRING" not in os.environ
"""
    small.run("-c", program)
    assert processes_with(str(small.home)) == []


def test_flow_is_a_plain_function_too(server: Server, small: SmallPilot, repository: Path) -> None:
    """Called from Python, Prefect starts a temporary server itself; with our settings it has nothing to complain of."""
    small.open_cases(8)
    shutil.copy(repository / "pyproject.toml", small.folder)
    prefect_home = small.folder / "prefect"
    prefect_home.mkdir()
    copy_database(server, prefect_home)
    output = small.run("run_plainly.py", PREFECT_HOME=str(prefect_home))
    assert complaints(output) == []
    assert summary(output)["advanced"] == 8
    assert MARK not in output


def test_a_server_that_goes_away_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens any more: one sentence. A server that answers with an error, or slowly, is there."""
    monkeypatch.setattr(prefect_server, "WATCH_SECONDS", 0.01)
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:  # takes the call and never answers
        place = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        monkeypatch.setenv("PREFECT_API_URL", place)
        with prefect_server._told_when_gone(told.append, prefect_server.GONE):
            time.sleep(0.2)
        assert told == []
    with prefect_server._told_when_gone(told.append, prefect_server.GONE):
        wait_until(lambda: bool(told), 10)
        time.sleep(0.1)
    assert told == [prefect_server.GONE]


def test_cases_move_on_while_prefect_is_down(small: SmallPilot) -> None:
    """The flow says in one sentence what is the matter and what to do; the engine alone does the same work."""
    small.open_cases(8)
    with small.start("run_flow.py", PREFECT_API_URL="http://user:secret@127.0.0.1:9/api") as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output == (
        "the Prefect server at http://127.0.0.1:9 (PREFECT_API_URL) does not answer; start it with `prefect server "
        "start`, or unset PREFECT_API_URL to have one started; `perintis run small --without-prefect` does the same "
        "here, without Prefect\n"
    )
    small.run("run_here.py")
    check_history(small, 8)


def test_safety_settings_reach_prefect(repository: Path) -> None:
    """What `[tool.prefect]` says is what a server, worker or flow started in the repository goes by."""
    program = """
from prefect.settings import get_current_settings
s = get_current_settings()
print(s.server.analytics_enabled, s.server.api.host, s.server.api.csrf_protection_enabled)
print(s.server.api.cors_allowed_origins, sorted(s.server.services.db_vacuum.enabled))
print(s.results.persist_by_default, s.results.default_serializer, s.server.ephemeral.startup_timeout_seconds)
"""
    read = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, env=clean_environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert read.stdout.splitlines() == [
        "False 127.0.0.1 True",
        "http://127.0.0.1:4200,http://localhost:4200 ['events', 'flow_runs']",
        "False json 120",
    ]
