"""Linking records of persons whose truth is known: F1, time and memory, beside exact matching and Splink's defaults.

No method sees the truth before it has answered. Each run is a process of its own; its time is without starting Python
and importing libraries, its peak memory is that of the whole process. DuckDB has two threads.

    python -m benchmarks linkage
    python -m benchmarks.linkage --method ours --data "FEBRL 3"
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from perintis.rules.linkage.measures import b_cubed, pair_quality_of_clusters
from perintis.rules.linkage.settings import Linkage, LinkedColumn, Role

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = REPOSITORY.parent / "shared" / "data" / "linkage"
COMMAND = "python -m benchmarks linkage"
THREADS = 2
Ref = tuple[str, str]
Frames = dict[str, pl.DataFrame]
TRUTH = "truth"

FEBRL_COLUMNS = {
    "given_name": Role.GIVEN_NAME,
    "surname": Role.FAMILY_NAME,
    "date_of_birth": Role.DATE_OF_BIRTH,
    "soc_sec_id": Role.IDENTITY_NUMBER,
    "street_number": Role.HOUSE_NUMBER,
    "address_1": Role.ADDRESS,
    "address_2": Role.ADDRESS,
    "suburb": Role.PLACE,
    "postcode": Role.POSTCODE,
    "state": Role.OTHER,
}
FAKE_COLUMNS = {
    "first_name": Role.GIVEN_NAME,
    "surname": Role.FAMILY_NAME,
    "dob": Role.DATE_OF_BIRTH,
    "city": Role.PLACE,
    "email": Role.EMAIL,
}
HISTORICAL_COLUMNS = {
    "first_name": Role.GIVEN_NAME,
    "surname": Role.FAMILY_NAME,
    "dob": Role.DATE_OF_BIRTH,
    "birth_place": Role.PLACE,
    "postcode_fake": Role.POSTCODE,
    "gender": Role.SEX,
    "occupation": Role.OTHER,
}


@dataclass(frozen=True, slots=True)
class Data:
    """One set of records with known persons, what its columns are, and the F1 by pairs that is to be reached."""

    files: tuple[str, ...]
    record: str
    columns: Mapping[str, Role]
    dates: str
    target: float
    one_to_one: bool = False

    def frames(self) -> Frames:
        """A frame a file, all text, with the person in `truth`."""
        return {f"s{n}": self._frame(FILES / file) for n, file in enumerate(self.files)}

    def _frame(self, file: Path) -> pl.DataFrame:
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, infer_schema=False)
        frame = frame.rename({name: name.strip() for name in frame.columns}).with_columns(pl.all().str.strip_chars())
        # In FEBRL rec-12-org and rec-12-dup-0 are one person.
        person = pl.col("cluster") if "cluster" in frame.columns else pl.col("rec_id").str.split("-").list.get(1)
        return frame.with_columns(person.alias(TRUTH))

    def linkage(self) -> Linkage:
        """The settings of ours: roles of columns, and whether a source holds no person twice; all else by default."""
        return Linkage(
            columns=tuple(LinkedColumn(name=name, role=role) for name, role in self.columns.items()),
            record_id=self.record,
            unique_within=frozenset(f"s{n}" for n in range(len(self.files)) if self.one_to_one),
        )

    def column_of(self, role: Role) -> str:
        """The column with a role."""
        return next(name for name, its in self.columns.items() if its is role)


ALL_DATA = {
    "FEBRL 4": Data(
        ("febrl/dataset4a.csv", "febrl/dataset4b.csv"), "rec_id", FEBRL_COLUMNS, "%Y%m%d", 0.95, one_to_one=True
    ),
    "FEBRL 3": Data(("febrl/dataset3.csv",), "rec_id", FEBRL_COLUMNS, "%Y%m%d", 0.90),
    "fake_1000": Data(("splink_fake_1000.csv",), "unique_id", FAKE_COLUMNS, "%Y-%m-%d", 0.90),
    "historical_50k": Data(("historical_50k.parquet",), "unique_id", HISTORICAL_COLUMNS, "%Y-%m-%d", 0.85),
}


def by_ours(data: Data, frames: Frames) -> dict[Ref, str]:
    """The person of each record as this library links them, with its defaults."""
    from perintis.doors.linkage.linking import link_records

    persons = link_records(frames, data.linkage(), threads=THREADS).persons
    return {(source, record): person for source, record, person, _ in persons.iter_rows()}


def by_exact_match(data: Data, frames: Frames) -> dict[Ref, str]:
    """Records with the same given name, family name and date of birth are one person."""
    key = [data.column_of(role) for role in (Role.GIVEN_NAME, Role.FAMILY_NAME, Role.DATE_OF_BIRTH)]
    found = {}
    for source, frame in frames.items():
        for record, *values in frame.select(data.record, *key).iter_rows():
            alone = f"{source} {record}"
            found[source, record] = alone if None in values else " | ".join(values)
    return found


def by_splink_defaults(data: Data, frames: Frames) -> dict[Ref, str]:
    """Splink as its quick start shows it: its own comparisons, two blocking rules, two EM passes, clusters at 0.95."""
    import duckdb
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    given, family, born = (data.column_of(r) for r in (Role.GIVEN_NAME, Role.FAMILY_NAME, Role.DATE_OF_BIRTH))
    own: dict[Role, Callable[[str], Any]] = {
        Role.GIVEN_NAME: cl.NameComparison,
        Role.FAMILY_NAME: cl.NameComparison,
        Role.DATE_OF_BIRTH: lambda name: cl.DateOfBirthComparison(
            name, input_is_string=True, datetime_format=data.dates
        ),
        Role.EMAIL: cl.EmailComparison,
        Role.PLACE: lambda name: cl.ExactMatch(name).configure(term_frequency_adjustments=True),
    }
    api = DuckDBAPI(duckdb.connect(config={"threads": THREADS}))
    tables = []
    for source, frame in frames.items():
        api.duckdb_con.register(f"in_{source}", frame.select(data.record, *data.columns).to_arrow())
        api.duckdb_con.execute(f"create table {source} as select * from in_{source}")
        tables.append(api.register(source, dataset_display_name=f"t_{source}"))
    settings = SettingsCreator(
        link_type="dedupe_only" if len(tables) == 1 else "link_only",
        comparisons=[own.get(role, cl.ExactMatch)(name) for name, role in data.columns.items()],
        blocking_rules_to_generate_predictions=[block_on(family), block_on(born)],
        unique_id_column_name=data.record,
    )
    linker = Linker(tables if len(tables) > 1 else tables[0], settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on(given, family, born)], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6 + 1, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on(given, family))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on(born))
    predicted = linker.inference.predict(threshold_match_weight=-10)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, 0.95).as_record_list()
    only = next(iter(frames))
    return {
        (str(row.get("source_dataset", only)).removeprefix("t_"), row[data.record]): row["cluster_id"]
        for row in clusters
    }


METHODS = {"ours": by_ours, "exact matching": by_exact_match, "Splink's defaults": by_splink_defaults}


def measure(method: str, name: str) -> dict[str, Any]:
    """One method on one set of records, in this process."""
    data = ALL_DATA[name]
    frames = data.frames()
    if method != "exact matching":  # Importing is not linking.
        import splink  # noqa: F401

        import perintis.doors.linkage.linking  # noqa: F401
    begun = time.perf_counter()
    found = METHODS[method](data, frames)
    seconds = time.perf_counter() - begun
    true = {
        (source, record): person
        for source, frame in frames.items()
        for record, person in frame.select(data.record, TRUTH).iter_rows()
    }
    pairs, records = pair_quality_of_clusters(found, true), b_cubed(found, true)
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return {
        "data": name,
        "method": method,
        "precision": pairs.precision,
        "recall": pairs.recall,
        "f1": pairs.f1,
        "b_cubed_f1": records.f1,
        "seconds": seconds,
        "megabytes": peak / 1024,
    }


def rows() -> list[dict[str, Any]]:
    """F1 by pairs of each set, beside both peers; time and memory of the largest. Prints the table of all figures."""
    if not FILES.is_dir():
        return [
            _row(f"linkage of {name}, F1", None, "", "no records in ../shared/data/linkage", None) for name in ALL_DATA
        ]
    measured = {(name, method): _apart(method, name) for name in ALL_DATA for method in METHODS}
    print(table(measured.values()))
    found = []
    for name, data in ALL_DATA.items():
        ours = measured[name, "ours"]
        found.append(_row(f"linkage of {name}, F1 by pairs", ours["f1"], "", "the target", ours["f1"] / data.target))
        for peer in ("exact matching", "Splink's defaults"):
            f1 = measured[name, peer]["f1"]
            ratio = ours["f1"] / f1 if f1 else None
            found.append(_row(f"linkage of {name}, beside {peer}", ours["f1"], "", f"{peer} ({f1 or 0:.3f})", ratio))
    largest = measured["historical_50k", "ours"]
    found.append(_row("linkage of historical_50k, time", largest["seconds"], "s", "120 s", largest["seconds"] / 120))
    megabytes = largest["megabytes"]
    found.append(_row("linkage of historical_50k, peak memory", megabytes, "MB", "4 GB", megabytes / 4096))
    return found


def table(measured: Iterable[Mapping[str, Any]]) -> str:
    """One line a set and method, as Markdown."""
    lines = [
        "| records | method | precision | recall | F1 | B-cubed F1 | s | MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in measured:
        shares = " | ".join(
            "none" if one[key] is None else f"{one[key]:.3f}" for key in ("precision", "recall", "f1", "b_cubed_f1")
        )
        lines.append(f"| {one['data']} | {one['method']} | {shares} | {one['seconds']:.0f} | {one['megabytes']:,.0f} |")
    return "\n".join(lines)


def _row(name: str, value: float | None, unit: str, against: str, ratio: float | None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "against": against, "ratio": ratio, "command": COMMAND}


def _apart(method: str, name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.linkage", "--method", method, "--data", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--method", choices=METHODS, required=True)
    options.add_argument("--data", choices=ALL_DATA, required=True)
    chosen = options.parse_args()
    print(json.dumps(measure(chosen.method, chosen.data)))
