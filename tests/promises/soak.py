"""The long crash test: thousands of cases, killed again and again at random failpoints, on SQLite and PostgreSQL.

    python -m tests.promises.soak [--cases 30000] [--database sqlite|postgresql|both] [--seed S]     (or: make soak)

Each trial opens cases of its own and kills one child after the other, up to four times, anywhere in what they do; the
last one finishes, and the checker speaks. Ends with an error as soon as something is wrong, and names the trial; the
same seed kills in the same places. 30,000 cases take some hours.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.databases import PostgresServer, new_cluster, new_sqlite, why_no_cluster
from tests.promises.crashes import Sweeper

CASES_A_TRIAL = 10
MOST_KILLS = 4
LONGEST_LIFE = 200
"""In failpoints: about as many as a child reaches that nobody kills."""


def soak(name: str, url: str, folder: Path, cases: int, seed: int) -> list[str]:
    """Trials until so many cases were killed; what is wrong, or nothing."""
    chance = random.Random(seed)
    sweeper = Sweeper(url, folder, cases=CASES_A_TRIAL, verify_every=200)
    begun = time.monotonic()
    for done in range(CASES_A_TRIAL, cases + CASES_A_TRIAL, CASES_A_TRIAL):
        kills = [chance.randint(1, LONGEST_LIFE) for _ in range(chance.randint(1, MOST_KILLS))]
        _, found = sweeper.trial(kills)
        if found:
            return [f"{name}, seed {seed}, case {done}, killed at {kills}", *found]
        if done % (100 * CASES_A_TRIAL) == 0 or done >= cases:
            print(f"{name}: {done:,} of {cases:,} cases, {time.monotonic() - begun:,.0f} s, all well", flush=True)
    return sweeper.verify()


@contextmanager
def _store(name: str, folder: Path) -> Iterator[str]:
    if name == "sqlite":
        yield new_sqlite(folder / "perintis.db")
        return
    with new_cluster() as cluster:
        yield PostgresServer(cluster.admin_url).create()


def main(arguments: Sequence[str]) -> int:
    """Soak the databases asked for; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=30_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args(arguments)
    for name in ("sqlite", "postgresql") if given.database == "both" else (given.database,):
        if name == "postgresql" and (reason := why_no_cluster()):
            print(f"postgresql: left out, {reason}")
            continue
        folder = Path(tempfile.mkdtemp(prefix=f"perintis-soak-{name}-"))
        with _store(name, folder) as url:
            found = soak(name, url, folder, given.cases, given.seed)
        if status := concluded(found, folder):
            return status
    return 0


def concluded(found: Sequence[str], folder: Path) -> int:
    """Say what went wrong and where it lies, or clear up; the status of the program."""
    if not found:
        shutil.rmtree(folder)
        return 0
    print("\n".join(found), file=sys.stderr)
    print(f"what was left is in {folder}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
