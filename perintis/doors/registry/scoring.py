"""How good the registry is where the truth is known, beside what matching by exact number would have found."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from perintis.doors.registry.history import Ref, state
from perintis.doors.registry.joining import pairs_of
from perintis.doors.registry.publishing import persons_of
from perintis.doors.registry.registry import Registry, records_of
from perintis.rules.linkage.measures import Quality, cluster_quality, pair_quality_of_clusters
from perintis.rules.linkage.standard import SOURCE
from perintis.rules.linkage.survivorship import PERSON, survivors
from perintis.rules.registry.exact import matched_by_number
from perintis.rules.registry.rows import is_identity
from perintis.rules.registry.settings import RECORD
from perintis.words.errors import BadInput

TRUTH = ("agency", RECORD, "person")


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of matching: persons and duplicates found, share of records linked to another agency, hand-keyed fields.

    `pairs` and `clusters` need the truth. `erased`: records of the version that nothing is known of any more.
    """

    way: str
    persons: int
    duplicates: int
    linked: float | None
    conflicts: int | None
    resolved: int | None
    keyed: int
    pairs: Quality | None = None
    clusters: Quality | None = None
    erased: int = 0


def measure(registry: Registry, version: int, truth: Mapping[Ref, str] | None) -> tuple[Measured, Measured]:
    """Both ways on the same records: as it was, by exact number and typed by hand; and as the registry has it."""
    published = [d for d in registry.standardised() if d["version"] is not None and int(d["version"]) <= version]
    held = state(registry.database, registry.pilot, version, opened=False)
    linked: dict[Ref, Hashable] = {ref: person for ref, (person, _) in held.links.items()}
    return _both(registry, records_of(registry, published), linked, _conflicts(registry, version), truth)


def measure_delivered(registry: Registry, truth: Mapping[Ref, str] | None) -> tuple[Measured, Measured]:
    """The same of everything that was delivered and linked, published or not, before any officer decided."""
    linked = [d for d in registry.standardised() if d["linked"] is not None]
    records = records_of(registry, linked)
    persons = persons_of(registry, records, pairs_of(registry, linked), [])
    found: dict[Ref, Hashable] = {(s, r): p for s, r, p in persons.select(SOURCE, RECORD, PERSON).iter_rows()}
    frame = records.rename({"agency": SOURCE}).join(persons.select(SOURCE, RECORD, PERSON), on=[SOURCE, RECORD])
    chosen = survivors(frame, registry.settings.survivor_rules()).filter(pl.col("values") > 1)
    conflicts = chosen.height, chosen.drop_nulls("value").height
    return _both(registry, records, found, conflicts, truth)


def _both(
    registry: Registry, records: pl.DataFrame, linked: Mapping[Ref, Hashable], conflicts: tuple[int, int],
    truth: Mapping[Ref, str] | None,
) -> tuple[Measured, Measured]:  # fmt: skip
    fields = registry.settings.fields
    numbers = [name for name, field in fields.items() if is_identity(field.kind)]
    rows = list(records.iter_rows(named=True))
    exact = matched_by_number(((r["agency"], r[RECORD]), [r[n] for n in numbers]) for r in rows)
    there = set(records.select("agency", RECORD).iter_rows()) & linked.keys()
    kept = {ref: person for ref, person in linked.items() if ref in there}
    exact = {ref: group for ref, group in exact.items() if ref in there}
    shared = [name for name, field in fields.items() if field.linked_as is not None]
    agencies = len(registry.settings.sources)
    typed = sum(r[name] is not None for r in rows for name in shared) * (agencies - 1)
    known = None if truth is None else _known(truth, kept)
    erased = len(linked) - len(there)
    return (
        replace(_measured("by exact number, typed by hand", dict(exact), None, None, typed, known), erased=erased),
        replace(_measured("the registry", kept, *conflicts, 0, known), erased=erased),
    )


def _conflicts(registry: Registry, version: int) -> tuple[int, int]:
    from perintis.doors.registry.history import versions

    found = next(v for v in versions(registry.database, registry.pilot) if v["number"] == version)
    return int(found["conflicts"]), int(found["resolved"])


def _measured(
    way: str, groups: Mapping[Ref, Hashable], conflicts: int | None, resolved: int | None, keyed: int,
    truth: Mapping[Ref, str] | None,
) -> Measured:  # fmt: skip
    agencies: dict[Hashable, set[str]] = {}
    for (agency, _), group in groups.items():
        agencies.setdefault(group, set()).add(agency)
    inside = Counter((agency, group) for (agency, _), group in groups.items())
    across = sum(len(agencies[group]) > 1 for group in groups.values())
    found: dict[Hashable, Hashable] = dict(groups)
    true: dict[Hashable, Hashable] | None = None if truth is None else dict(truth)
    return Measured(
        way=way,
        persons=len(agencies),
        duplicates=sum(count - 1 for count in inside.values()),
        linked=across / len(groups) if groups else None,
        conflicts=conflicts,
        resolved=resolved,
        keyed=keyed,
        pairs=None if true is None else pair_quality_of_clusters(found, true),
        clusters=None if true is None else cluster_quality(found, true),
    )


def _known(truth: Mapping[Ref, str], linked: Mapping[Ref, Hashable]) -> dict[Ref, str]:
    """The truth of the records that are in the registry; raises BadInput where it is silent about one."""
    missing = sum(ref not in truth for ref in linked)
    if missing:
        raise BadInput(f"the truth says nothing of {missing:,} records of the registry; give it for all of them")
    return {ref: truth[ref] for ref in linked}


def read_truth(path: Path) -> dict[Ref, str]:
    """Who each record truly is, from a CSV with the columns agency, record, person."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if reader.fieldnames is None or not set(TRUTH) <= set(reader.fieldnames):
                raise BadInput(f"{path.name}: the truth has the columns {', '.join(TRUTH)}; name them so")
            return {(row["agency"], row[RECORD]): row["person"] for row in reader}
    except (OSError, UnicodeError) as error:
        raise BadInput(f"{path.name} cannot be read ({type(error).__name__}); give a CSV in UTF-8") from None
