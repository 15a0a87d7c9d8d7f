"""P9 for the registry: no personal value of an extract outside the vault, whatever is run, fails or is killed.

Every name in these extracts has the STEM in it. Afterwards each file below the home folder is searched for it, and for
the numbers of the first persons, as text and in the usual disguises: the store with its log, Prefect's database, logs,
extracts and what was made of them, and the exchange folder.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pytest

from tests.doors.registry.small_extracts import Rows, announced, dukcapil, kemenkes
from tests.promises.test_marked_values import disguises

STEM, SEARCHED = "zqämxv", 6
CLI = """
import os, signal, sys
from perintis.doors.store import failpoints
from perintis.faces.cli.app import run

place = sys.argv[1]
failpoints.hook = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == place else None
sys.exit(run(sys.argv[2:]))
"""
PILOT = "data-management"


def as_the_registry_has_it(stem: str) -> Iterator[str]:
    """A stem in capitals, and without accents, as values are standardised and compared."""
    bare = unicodedata.normalize("NFD", stem).encode("ascii", "ignore").decode()
    yield from (stem, stem.upper(), bare, bare.upper(), bare.lower())


def marked(count: int) -> Rows:
    """Persons who differ in everything but the stem."""
    draw, rows = Random(7), []
    for n in range(count):
        first, last = ("".join(draw.choices("abdeghiklmnoprstuwy", k=9)) for _ in range(2))
        year, month, day = draw.randint(1940, 1999), draw.randint(1, 12), draw.randint(1, 28)
        rows.append(
            {"full_name": f"{first} {last}{STEM}", "born": f"{year}-{month:02}-{day:02}", "sex": "PL"[n % 2],
             "nik": f"{draw.choice(('3171', '3273', '5171'))}{draw.randint(10, 99)}"
                    f"{day if n % 2 else day + 40:02}{month:02}{year % 100}{draw.randint(1000, 9999)}",
             "passport": f"X{draw.randint(1000000, 9999999)}"}
        )  # fmt: skip
    return rows


def sought() -> list[bytes]:
    """What must stand in no file."""
    numbers = [row[name] for row in marked(SEARCHED) for name in ("nik", "passport")]
    texts = [*as_the_registry_has_it(STEM), *numbers]
    return sorted({disguise for text in texts for disguise in disguises(text)})


SOUGHT = sought()


def standing(content: bytes) -> bytes | None:
    """Something marked that stands in a file, or None."""
    return next((text for text in SOUGHT if text in content), None)


class MarkedRegistry:
    """The pilot of this repository with a home of its own; all that is printed is kept."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.home, self._repository = folder / "home", repository
        self.left = self.home / "exchange" / "extracts"
        self._folder = folder
        self.printed = ""

    def __call__(self, *arguments: str, status: int = 0, killed_at: str = "nowhere") -> str:
        environment = {**os.environ, "PERINTIS_HOME": str(self.home), "PERINTIS_PILOTS": str(self._repository)}
        done = subprocess.run(
            [sys.executable, "-c", CLI, killed_at, *arguments], cwd=self._repository, env=environment, text=True,
            capture_output=True, check=False, timeout=400,
        )  # fmt: skip
        self.printed += done.stdout + done.stderr
        assert done.returncode == status, done.stderr
        return done.stdout

    def take_in(self, count: int) -> Path:
        """Announce two extracts with a faulty row each, one that is cut off, and one that came before."""
        rows = marked(count)
        first, second = dukcapil(rows), kemenkes([{**rows[0], "full_name": f"{rows[0]['full_name']}a"}, *rows[1:]])
        first[2]["tgl_lahir"] = "1990-15-45"
        second[1]["nik"] += "X"
        known = announced(self.left, "dukcapil", first)
        extracts = [known, announced(self.left, "kemenkes", second)]
        cut_off = announced(self.left, "kemenkes", second[: count // 2], reference="R-3", name="cut.csv")
        extracts.append(replace(cut_off, row_count=count))
        intake = self._folder / "deliveries.jsonl"
        intake.write_text("".join(json.dumps({**asdict(e), "office": "bali"}) + "\n" for e in extracts), "utf-8")
        return intake

    def answer_all(self) -> None:
        """Decide on every pair, and adopt every change, as often as something is asked."""
        answer = self._folder / "answer.json"
        for _ in range(6):
            asked = False
            for agency in ("imigrasi", "dukcapil", "kemenkes"):
                items = json.loads(self("inbox", agency, "--json"))
                for item in items:
                    step = item["step"].rpartition(".")[2]
                    if step not in ANSWERS:
                        continue
                    answer.write_text(json.dumps(ANSWERS[step]), "utf-8")
                    self("answer", str(item["work"]), str(answer), "--officer", f"{step} officer")
                    asked = True
            if not asked:
                return
            self("run", PILOT, "--without-prefect")

    def leaks(self) -> list[str]:
        """The files below home in which something marked stands, with what it is."""
        files = [path for path in sorted(self.home.rglob("*")) if path.is_file()]
        return [f"{path.relative_to(self.home)}: {found!r}" for path in files if (found := standing(path.read_bytes()))]


ANSWERS = {"review_pair": {"same_person": False}, "adopt_changes": {"adopted": 1}}


def live_through(marked_ones: MarkedRegistry, count: int, *how: str) -> None:
    """Take in, be killed while a version is written, go on, look, and export what was asked for."""
    intake = marked_ones.take_in(count)
    marked_ones("run", PILOT, str(intake), *how, status=-signal.SIGKILL, killed_at="registry:linked")
    marked_ones("run", PILOT, *how, status=-signal.SIGKILL, killed_at="registry:written")
    marked_ones("run", PILOT, *how)
    for command in (
        ("registry", "show", PILOT), ("registry", "diff", PILOT, "0", "2"), ("registry", "score", PILOT),
        ("status", PILOT, "--json"), ("db", "verify"),
    ):  # fmt: skip
        marked_ones(*command)
    waiting = marked_ones.leaks()
    assert waiting
    assert all(leak.startswith("exchange/registry/kemenkes/changes-") for leak in waiting), waiting
    marked_ones.answer_all()
    marked_ones("registry", "show", PILOT)


def check_all(marked_ones: MarkedRegistry, folder: Path) -> None:
    """Nothing in clear, everything inside, and whoever asks with a reason gets it."""
    assert marked_ones.leaks() == []
    assert standing(marked_ones.printed.encode()) is None
    view = folder / "view.csv"
    marked_ones("registry", "export", PILOT, str(view), "--agency", "kemenkes", "--personal", "--reason", "letter 12")
    assert standing(view.read_bytes()) is not None
    assert view.stat().st_mode & 0o777 == 0o600


@pytest.mark.timeout(300)
def test_no_value_of_an_extract_outside_the_vault(tmp_path: Path, repository: Path) -> None:
    """Forty persons without Prefect."""
    marked_ones = MarkedRegistry(tmp_path, repository)
    live_through(marked_ones, 40, "--without-prefect")
    check_all(marked_ones, tmp_path)


@pytest.mark.slow
@pytest.mark.prefect
@pytest.mark.timeout(900)
def test_no_value_of_an_extract_outside_the_vault_with_prefect(tmp_path: Path, repository: Path) -> None:
    """A thousand persons with Prefect, whose database and logs are searched too."""
    marked_ones = MarkedRegistry(tmp_path, repository)
    live_through(marked_ones, 1_000)
    assert any((marked_ones.home / "prefect").glob("*.db"))
    check_all(marked_ones, tmp_path)
