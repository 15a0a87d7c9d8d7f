"""Runs the simulation checks, prints one table and writes simulations/results.json.

    python -m simulations                                  all, in full
    python -m simulations --only S-3 S-11                  some
    python -m simulations --short                          with the few repetitions of the tests
    python -m simulations --repetitions 10000 --seed 7     more of them, other chance

The exit status is 1 where a figure lies outside its range or a negative control inside it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from simulations.catalogue import ALL, by_name, rng_of
from simulations.check import FULL, Check, Figure

RESULTS = Path(__file__).with_name("results.json")
SEED = 20260301


def main(arguments: list[str]) -> int:
    """Run what was asked for and say how it went."""
    wanted = _parser().parse_args(arguments)
    unknown = [name for name in wanted.only if name not in by_name()]
    if unknown:
        print(f"there is no check {unknown[0]!r}; there is {', '.join(by_name())}", file=sys.stderr)
        return 2
    chosen = [by_name()[name] for name in wanted.only] or list(ALL)
    rows: dict[str, list[dict[str, Any]]] = {}
    with ProcessPoolExecutor(max_workers=min(wanted.jobs, len(chosen))) as pool:
        waiting = {pool.submit(_run, check.name, _count(check, wanted), wanted.seed): check for check in chosen}
        for done in as_completed(waiting):
            check = waiting[done]
            figures, seconds = done.result()
            _show(check, _count(check, wanted), figures, seconds)
            rows[check.name] = [_row(check, figure, _count(check, wanted), wanted.seed) for figure in figures]
    if not wanted.short and (wanted.repetitions or FULL) >= FULL:
        _write(rows)
    failed = sum(not row["holds"] for found in rows.values() for row in found)
    print(f"{sum(len(found) for found in rows.values())} figures, {failed} not as they should be")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulations", description="Simulation checks of the statistics.")
    parser.add_argument("--only", nargs="+", default=[], metavar="S-n", help="which checks")
    parser.add_argument(
        "--repetitions", type=int, help=f"instead of each check's own; results.json is written from {FULL} on"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--short", action="store_true", help="few repetitions; results.json stays as it is")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="checks at a time")
    return parser


def _count(check: Check, wanted: argparse.Namespace) -> int:
    if wanted.repetitions:
        return int(wanted.repetitions)
    return check.short if wanted.short else check.repetitions


def _run(name: str, repetitions: int, seed: int) -> tuple[tuple[Figure, ...], float]:
    began = time.perf_counter()
    check = by_name()[name]
    return check.run(repetitions, rng_of(check, seed)), time.perf_counter() - began


def _show(check: Check, repetitions: int, figures: tuple[Figure, ...], seconds: float) -> None:
    print(f"{check.name}  {check.shows}  ({repetitions:,} repetitions, {seconds:.0f} s)")
    for figure in figures:
        reference = "" if figure.reference is None else f"{figure.reference:.4g}"
        word = ("fails, as it must" if figure.control else "holds") if figure.holds else "WRONG"
        value = f"{figure.value:9.4f} ±{figure.error:7.4f}"
        print(f"    {figure.name:<66} {value}  {_range(figure):>17}  {reference:>7}  {word}")
    sys.stdout.flush()


def _range(figure: Figure) -> str:
    high = "" if math.isinf(figure.high) else f"{figure.high:.3f}"
    return f"{figure.low:.3f} .. {high}"


def _row(check: Check, figure: Figure, repetitions: int, seed: int) -> dict[str, Any]:
    return {
        "check": check.name,
        "name": figure.name,
        "value": round(figure.value, 5),
        "error": round(figure.error, 5),
        "low": round(figure.low, 5),
        "high": None if math.isinf(figure.high) else round(figure.high, 5),
        "reference": figure.reference,
        "control": figure.control,
        "holds": figure.holds,
        "repetitions": repetitions,
        "seed": seed,
    }


def _write(rows: dict[str, list[dict[str, Any]]]) -> None:
    """Results of checks that were not run stay."""
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    old = {check.name: [row for row in kept if row["check"] == check.name] for check in ALL}
    ordered = [row for check in ALL for row in rows.get(check.name, old[check.name])]
    RESULTS.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
