"""What `perintis registry` prints: each function gives the data for a program and the lines for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from perintis.faces.cli.screen import table
from perintis.rules.registry.metadata import metadata_of
from perintis.rules.suppression import THRESHOLD, shown

if TYPE_CHECKING:
    from perintis.doors.registry.registry import Registry
    from perintis.doors.registry.scoring import Measured
    from perintis.rules.linkage.measures import Quality
    from perintis.rules.registry.differences import Difference

Told = tuple[Any, list[str]]
SUPPRESSED = f"Numbers of persons below {THRESHOLD} are not shown."


def summary(registry: Registry, version: int) -> Told:
    """The registry at a version in counts."""
    from perintis.doors.registry.history import state, versions

    held = state(registry.database, registry.pilot, version, opened=False)
    published = [v for v in versions(registry.database, registry.pilot) if v["number"] <= version]
    records = Counter(agency for agency, _ in held.links)
    partners: dict[str, set[str]] = {}
    for (agency, _), (person, _) in held.links.items():
        partners.setdefault(person, set()).add(agency)
    linked = Counter(agency for (agency, _), (person, _) in held.links.items() if len(partners[person]) > 1)
    fields = Counter(field for _, field in held.values)
    data = {
        "pilot": registry.pilot,
        "version": version,
        "persons": shown(len(partners)),
        "agencies": {a: {"records": shown(records[a]), "linked": shown(linked[a])} for a in registry.settings.sources},
        "fields": {name: shown(fields[name]) for name in registry.settings.fields},
        "versions": [
            {**{k: v[k] for k in ("number", "published")},
             **{k: shown(v[k]) for k in ("persons", "records", "duplicates", "conflicts", "resolved")}}
            for v in published
        ],
    }  # fmt: skip
    told = f"{shown(len(partners))} persons from {len(held.links):,} records"
    lines = [
        f"Registry of {registry.pilot}, version {version}: {told}.",
        "",
        table(("Agency", "Records", "Linked with another agency"),
              [(a, shown(records[a]), shown(linked[a])) for a in registry.settings.sources], right=(1, 2)),
        "",
        table(("Field", "Persons with a value"), [(f, shown(fields[f])) for f in registry.settings.fields], right=(1,)),
        "",
        table(("Version", "Published", "Persons", "Records", "Duplicates", "Conflicts", "Resolved"),
              [(v["number"], f"{v['published']:%Y-%m-%d %H:%M} UTC", shown(v["persons"]), shown(v["records"]),
                shown(v["duplicates"]), shown(v["conflicts"]), shown(v["resolved"])) for v in published],
              right=(0, 2, 3, 4, 5, 6)),
        "",
        SUPPRESSED,
    ]  # fmt: skip
    return data, lines


def metadata(registry: Registry) -> Told:
    """What each field means."""
    described = metadata_of(registry.settings)
    headings = ("Field", "Data standard", "Metadata", "Interoperability", "Reference codes", "Delivered by")
    return [line._asdict() for line in described], [table(headings, described)]


def person(registry: Registry, person_id: str, *, personal: bool, reason: str) -> Told:
    """One person: each value with source, record, rule and versions; the values themselves only where asked for."""
    from perintis.doors.registry.changes import note_access
    from perintis.doors.registry.history import person_history

    values, links = person_history(registry.database, registry.pilot, person_id, opened=personal)
    if personal:
        fields = sorted({value["field"] for value in values})
        note_access(registry, "show", agency=None, fields=fields, rows=1, reason=reason)
    kept = ("field", "agency", "record", "rule", "from_version", "until_version", *(("value",) if personal else ()))
    data = {
        "person": person_id,
        "values": [{name: value[name] for name in kept} for value in values],
        "records": [
            {name: link[name] for name in ("agency", "record", "rule", "from_version", "until_version")}
            for link in links
        ],
    }
    shown_values = [
        (
            v["field"],
            v["value"] if personal else "(--personal)",
            f"{v['agency']} {v['record']}",
            v["rule"],
            _versions(v),
        )
        for v in values
    ]
    lines = [
        f"Person {person_id}",
        "",
        table(("Agency", "Record", "Linked by", "Versions"),
              [(link["agency"], link["record"], link["rule"], _versions(link)) for link in links]),
        "",
        table(("Field", "Value", "From record", "By which rule", "Versions"), shown_values),
    ]  # fmt: skip
    return data, lines


def _versions(row: dict[str, Any]) -> str:
    until = row["until_version"]
    return f"from {row['from_version']}" if until is None else f"{row['from_version']} to {until - 1}"


def differences(found: Difference, before: int, after: int) -> Told:
    """What changed between two versions."""
    by_field = {
        name: {change.value: shown(number) for change, number in c.items()} for name, c in found.by_field().items()
    }
    data = {
        "before": before, "after": after, "persons_added": shown(len(found.persons_added)),
        "persons_removed": shown(len(found.persons_removed)), "records_added": shown(found.records_added),
        "records_removed": shown(found.records_removed), "records_moved": shown(found.records_moved),
        "fields": by_field,
    }  # fmt: skip
    rows = [(name, *(c.get(what, "0") for what in ("added", "changed", "removed"))) for name, c in by_field.items()]
    lines = [
        f"From version {before} to {after}:",
        f"  persons: {data['persons_added']} added, {data['persons_removed']} removed (went into another person)",
        f"  records: {data['records_added']} added, {data['records_removed']} removed",
        f"  records that went to another person: {data['records_moved']}",
    ]
    if rows:
        lines += ["", table(("Field", "Values added", "Changed", "Removed"), rows, right=(1, 2, 3))]
    return data, [*lines, "", SUPPRESSED]


def measured(ways: Sequence[Measured]) -> Told:
    """Both ways of matching side by side."""
    data = [
        {
            "way": way.way, "persons": way.persons, "duplicates": way.duplicates, "linked": way.linked,
            "conflicts": way.conflicts, "resolved": way.resolved, "hand_keyed": way.keyed, "erased": way.erased,
            "pairs": _quality(way.pairs), "persons_exact": _quality(way.clusters),
        }
        for way in ways
    ]  # fmt: skip
    rows: list[tuple[object, ...]] = [
        ("persons", *(f"{way.persons:,}" for way in ways)),
        ("duplicates found", *(f"{way.duplicates:,}" for way in ways)),
        ("records linked with another agency", *(_share(way.linked) for way in ways)),
        ("conflicts found", *("not looked for" if way.conflicts is None else f"{way.conflicts:,}" for way in ways)),
        ("conflicts resolved", *("" if way.resolved is None else f"{way.resolved:,}" for way in ways)),
        ("values typed by hand", *(f"{way.keyed:,}" for way in ways)),
    ]
    if ways[0].pairs is not None:
        for name, of in (("pairs", "pairs"), ("whole persons", "clusters")):
            for measure in ("precision", "recall", "f1"):
                rows.append(
                    (f"{measure.upper() if measure == 'f1' else measure} by {name}",
                     *(_share(getattr(getattr(way, of), measure), 4) for way in ways))
                )  # fmt: skip
    told = ["Values typed by hand are those of the identity fields, once for each other agency."]
    if erased := ways[0].erased:
        told.append(f"{erased:,} records of erased persons are in neither: nothing is known of them any more.")
    return data, [table(("", *(way.way for way in ways)), rows, right=(1, 2)), "", *told]


def _share(value: float | None, digits: int = 3) -> str:
    return "cannot be told" if value is None else f"{value:.{digits}f}"


def _quality(quality: Quality | None) -> dict[str, float | None] | None:
    if quality is None:
        return None
    return {"precision": quality.precision, "recall": quality.recall, "f1": quality.f1}
