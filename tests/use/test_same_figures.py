"""The same material gives the same figures, in any process; and a bundle that is not whole is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from perintis.rules.evaluation.document import Evaluation
from perintis.use.evaluation.bundle import read_bundle, write_bundle
from perintis.use.evaluation.evaluate import evaluate
from perintis.use.evaluation.keep import replay
from perintis.words.errors import BadInput, PerintisError
from tests.use.test_evaluate import material

AGAIN = """
import sys
from pathlib import Path
from perintis.use.evaluation.keep import replay
found = replay(Path(sys.argv[1]))
print(len(found.differences), *found.differences[:5], sep=chr(10))
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    """A bundle of 2,000 cases a side: tables long enough that polars works on them in parts."""
    whole = material(2_000)
    found = evaluate(whole).evaluation
    file = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    write_bundle(whole, found, file)
    return file, found


@pytest.mark.parametrize(("seed", "threads"), [("1", "1"), ("2", "2"), ("3", "7")])
def test_another_process_gives_the_same_digits(bundle: tuple[Path, Evaluation], seed: str, threads: str) -> None:
    """With another seed of Python's hashes and another number of threads: not one figure differs."""
    given = {**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": threads, "OMP_NUM_THREADS": threads,
             "OPENBLAS_NUM_THREADS": threads}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(bundle[0])],
        env=given,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.strip() == "0"


def test_the_same_material_gives_the_same_bytes(bundle: tuple[Path, Evaluation], tmp_path: Path) -> None:
    """The bundle as a file too: it can be compared by its hash."""
    whole, written = read_bundle(bundle[0])
    write_bundle(whole, written, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == bundle[0].read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.zip"]


def rewritten(source: Path, target: Path, *, without: str = "", instead: bytes = b"") -> Path:
    """The bundle with one part left out, or with other content."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name != without:
                new.writestr(name, old.read(name))
            elif instead:
                new.writestr(name, instead)
    return target


@pytest.mark.parametrize(
    "part", ["request.json", "plan.json", "calendars.json", "evaluation.json", "pilot/cases.parquet",
             "baseline/steps.parquet", "pilot/dataset.json"],
)  # fmt: skip
@pytest.mark.parametrize("instead", [b"", b"{}", b"[1]", b"\xff\x00", b'{"case": 3, "agencies": []}'])
def test_a_part_that_is_missing_or_is_something_else_is_told(
    bundle: tuple[Path, Evaluation], tmp_path: Path, part: str, instead: bytes
) -> None:
    """One sentence with the name of the file, never a fault of the program."""
    file = rewritten(bundle[0], tmp_path / "broken.zip", without=part, instead=instead)
    with pytest.raises(BadInput, match=r"broken\.zip is not a whole replication bundle"):
        read_bundle(file)


def test_changed_data_are_found_out(bundle: tuple[Path, Evaluation], tmp_path: Path) -> None:
    """Cases of the pilot in the place of the baseline's: the content does not fit its hash."""
    with zipfile.ZipFile(bundle[0]) as packed:
        other = packed.read("pilot/cases.parquet")
    file = rewritten(bundle[0], tmp_path / "changed.zip", without="baseline/cases.parquet", instead=other)
    with pytest.raises(BadInput, match="was changed after it was frozen"):
        read_bundle(file)


def test_a_bundle_damaged_anywhere_is_refused_or_gives_its_own_figures(
    bundle: tuple[Path, Evaluation], tmp_path: Path
) -> None:  # fmt: skip
    """Bytes turned over at forty places, and the file cut off at ten: told in a sentence, or read whole."""
    whole = bundle[0].read_bytes()
    file = tmp_path / "damaged.zip"
    refused = 0
    for place in range(0, len(whole), len(whole) // 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            assert read_bundle(file)[1] == bundle[1]
        except PerintisError:
            refused += 1
    for part in range(10):
        file.write_bytes(whole[: len(whole) * part // 10])
        with pytest.raises(BadInput):
            read_bundle(file)
    assert refused > 30


def test_a_figure_that_was_edited_is_named(bundle: tuple[Path, Evaluation], tmp_path: Path) -> None:
    """Somebody makes a verdict of their own: computing it again shows it."""
    panel = bundle[1].panels.verdict.model_copy(update={"word": "stop"})
    edited = bundle[1].model_copy(update={"panels": bundle[1].panels.model_copy(update={"verdict": panel})})
    file = rewritten(bundle[0], tmp_path / "e.zip", without="evaluation.json", instead=edited.to_json().encode())
    (told,) = replay(file).differences
    assert told.startswith("panels.verdict.word: was 'stop', is ")
