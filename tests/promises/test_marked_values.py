"""P9: no personal value outside the vault, whatever is run, fails or is killed.

Every name, identity number, passport number, answer and reason of these cases has one of the STEMS in it. Afterwards
each file below the home folder (the store with its log, Prefect's database, logs, reports of faults, exports) and all
that was printed is searched for the stems, as text and in the usual disguises.
"""

from __future__ import annotations

import base64
import json
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from perintis.doors.store.database import Database
from perintis.doors.store.histories import load_histories
from tests.doors.pilot_elsewhere import KINDS, SmallPilot

NAME, NIK, PASSPORT, NOTE = "Zzmärta Kq", "317104550890", "X7Q4K9", "Zznote Vw"
STEMS = (NAME, NIK, PASSPORT, NOTE)
CLI = ("-c", "from perintis.faces.cli import main; main()")


def disguises(stem: str) -> Iterator[bytes]:
    """A text as it may stand in a file: encodings, escapes, hexadecimal digits, base64 at each of three offsets."""
    plain = stem.encode()
    yield from (plain, stem.encode("utf-16-le"), stem.encode("utf-16-be"), stem.encode("latin-1"))
    yield from (json.dumps(stem)[1:-1].encode(), quote(stem).encode(), quote(stem.replace(" ", "+"), "+").encode())
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    for offset in range(3):
        # Only the digits that this text alone decides; all of them, as four digits turn up in a cipher text by chance.
        yield base64.b64encode(b"\0" * offset + plain)[(offset * 8 + 5) // 6 : (offset + len(plain)) * 8 // 6]
    yield stem.upper().encode()
    yield stem.casefold().encode()


SOUGHT = re.compile(b"|".join(sorted({re.escape(d) for stem in STEMS for d in disguises(stem)})))


def leaks(*folders: Path) -> list[str]:
    """The files below these folders in which a stem stands, in any disguise."""
    return [
        f"{path.name}: {found.group(0)!r}"
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "exchange" not in path.parts and (found := SOUGHT.search(path.read_bytes()))
    ]


class MarkedPilot(SmallPilot):
    """The small pilot with more that is personal in its application and its answers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._change("pilots/small/__init__.py", "    kind: str\n", "    kind: str\n    nik: str\n    passport: str\n")
        self._change("pilots/small/agreement.yaml", "fields: [ok]", "fields: [ok, note]")
        self._change("tasks/ministry.py", "ok: bool = True", 'ok: bool = True\n    note: str = ""')
        self._change("tasks/ministry.py", "[Found() for _", f'[Found(note="{NOTE} " + _.name) for _')
        self.printed = ""

    def _change(self, file: str, before: str, after: str) -> None:
        text = (self.folder / file).read_text("utf-8")
        assert before in text
        (self.folder / file).write_text(text.replace(before, after), "utf-8")

    def applications(self, count: int) -> Path:
        """A file of marked applications; some kinds make a step fail with the name in the error."""
        file = self.folder / "applications.csv"
        lines = ["reference,name,kind,nik,passport"]
        lines += [f"R-{i},{NAME} {i},{KINDS[i % len(KINDS)]},{NIK}{i:04},{PASSPORT}{i:04}" for i in range(count)]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        return file

    def perintis(self, *arguments: str, given: str = "", fails: bool = False) -> str:
        """Run a command; what it prints is kept for the search."""
        with self.start(*CLI, *arguments) as process:
            output, _ = process.communicate(timeout=400)
        self.printed += output
        assert (process.returncode == 0) is not fails, output
        return output


def live_through(pilot: MarkedPilot, count: int, *, prefect: bool) -> None:
    """Take in, be killed, go on, answer, send wrong answers, withdraw, list, export, verify."""
    how = () if prefect else ("--without-prefect",)
    file = pilot.applications(count)
    process = pilot.start(*CLI, "run", "small", str(file), *how, SLOW="2")
    until = time.monotonic() + 200
    while not (pilot.folder / "calls.txt").exists() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    pilot.printed += process.communicate()[0]
    pilot.perintis("run", "small", str(file), *how)
    inbox = json.loads(pilot.perintis("inbox", "office", "--json"))
    answer = pilot.folder / "answer.json"
    answer.write_text(json.dumps({"ok": True, "note": f"{NOTE} {NAME}"}), "utf-8")
    first, second, third = (str(item["work"]) for item in inbox[:3])
    pilot.perintis("answer", first, str(answer), "--officer", "o")
    answer.write_text(json.dumps({"ok": f"{NOTE}", "note": 5}), "utf-8")
    pilot.perintis("answer", second, str(answer), "--officer", "o", fails=True)
    answer.write_text(f'{{"ok": "{NAME}', "utf-8")
    pilot.perintis("answer", third, str(answer), "--officer", "o", fails=True)
    reference = inbox[1]["reference"]
    pilot.perintis("withdraw", reference, "--reason", f"{NAME} moved away", "--yes")
    for command in (
        ("status", "small", "--json"), ("case", reference), ("runs", "small"), ("export", "small", "cases.csv"),
        ("export", "small", "log.xes"), ("db", "verify"), ("disclosures", "small"),
    ):  # fmt: skip
        pilot.perintis(*command)


def check_all(pilot: MarkedPilot, count: int) -> None:
    """Nothing outside, everything inside, and the search would have found it."""
    statuses = pilot.statuses
    assert sum(statuses.values()) == count
    assert statuses["failed"] >= count // 4  # errors with a name in their text did happen
    for name in ("cases.csv", "log.xes"):
        (pilot.folder / name).rename(pilot.home / name)
    assert leaks(pilot.home) == []
    assert SOUGHT.search(pilot.printed.encode()) is None
    with closing(Database(pilot.settings.store_url)) as database:
        (history,) = load_histories(database, [2])
    assert [stem in history.application for stem in (NAME, NIK, PASSPORT)] == [True] * 3
    assert any(NOTE in (work.result or "") for work in history.work)


@pytest.mark.timeout(600)
def test_no_personal_value_outside_the_vault(tmp_path: Path) -> None:
    """Two hundred cases without Prefect."""
    pilot = MarkedPilot(tmp_path)
    live_through(pilot, 200, prefect=False)
    check_all(pilot, 200)


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.timeout(900)
def test_no_personal_value_outside_the_vault_with_prefect(tmp_path: Path) -> None:
    """A thousand cases with Prefect, whose database is searched too."""
    pilot = MarkedPilot(tmp_path)
    live_through(pilot, 1_000, prefect=True)
    prefect = next((pilot.home / "prefect").glob("*.db"))
    with closing(sqlite3.connect(prefect)) as database:
        assert database.execute("SELECT count(*) FROM task_run").fetchone()[0] > 0
    check_all(pilot, 1_000)


@pytest.mark.parametrize("stem", STEMS)
def test_the_search_finds_every_disguise(stem: str, tmp_path: Path) -> None:
    """Without this the other tests would prove nothing."""
    for number, text in enumerate(disguises(stem)):
        (tmp_path / f"{number}").write_bytes(b"before " + text + b" after")
    for offset in range(3):
        (tmp_path / f"base64-{offset}").write_bytes(base64.b64encode(b"x" * offset + stem.encode() + b" and more"))
    assert len(leaks(tmp_path)) == len(list(tmp_path.iterdir()))
