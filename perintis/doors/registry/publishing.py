"""Forms the persons, chooses the surviving values and publishes a version: the whole of it in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, insert, select, update

from perintis.doors.registry.conflicts import Choice, Conflict, settle
from perintis.doors.registry.history import Ref, State, Value, newest, state
from perintis.doors.registry.joining import decisions_of, pairs_of
from perintis.doors.registry.models import AttributeRow, ClerkRow, LinkRow, VersionRow
from perintis.doors.registry.registry import Registry, now, records_of
from perintis.doors.registry.sealed_values import Marks, Row, make_keys, marks, seal_values
from perintis.doors.store.failpoints import failpoint
from perintis.rules.linkage.continuity import keep_ids
from perintis.rules.linkage.persons import Decision, form_persons
from perintis.rules.linkage.standard import RECORD, ROW, SOURCE, standardise
from perintis.rules.linkage.survivorship import PERSON, survivors

ALONE, LINKED, DECIDED = "the only record", "linked by likeness", "decided by two officers"
_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Decided:
    """What officers decided about a pair. A merge has two of them; the names are never the same."""

    left: Ref
    right: Ref
    same: bool
    reviewed_by: str
    confirmed_by: str | None


@dataclass(frozen=True, slots=True)
class Formed:
    """A version before it is published, with `conflicts` found, how many were resolved, and which are for officers.

    `own_conflicts` and `own_resolved` are those of persons of whom the extract that makes the version has a record.
    It is built on version `base`, which holds `before`, when the persons of `marks` were erased or restricted.
    """

    base: int
    before: State
    marks: Marks
    state: State
    duplicates: int
    conflicts: int
    resolved: int
    own_conflicts: int
    own_resolved: int
    undecided: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A published version in counts."""

    version: int
    persons: int
    records: int
    duplicates: int
    conflicts: int
    resolved: int


def form_version(
    registry: Registry, digest: str, decisions: Sequence[Decided], choices: Sequence[Choice] = ()
) -> Formed:  # fmt: skip
    """The next version from everything published and this extract; persons whose processing is restricted are not in.

    `decisions` are the officers' about uncertain pairs, `choices` theirs about conflicts that no rule decides.
    A person who was in it before, and comes back when the restriction ends, has the same id.
    """
    with registry.database.read() as connection:
        marked = marks(connection, registry.pilot)
    base = newest(registry.database, registry.pilot)
    own = int(registry.delivery(digest)["id"])
    deliveries = [d for d in registry.standardised() if d["version"] is not None or int(d["id"]) == own]
    records = records_of(registry, deliveries)
    before = state(registry.database, registry.pilot, base)
    decided = [*decisions_of(registry), *(Decision(d.left, d.right, d.same) for d in decisions)]
    persons = persons_of(registry, records, pairs_of(registry, deliveries), decided)
    known = _known_links(registry, marked)
    person_of = _kept(persons, known, marked)
    aside = marked.restricted | {person for ref, person in person_of.items() if known.get(ref) in marked.restricted}
    records = _of_others(records, person_of, aside)
    person_of = {ref: person for ref, person in person_of.items() if person not in aside}
    values, conflicts, undecided = _values(registry, records, person_of, own, before, choices)
    merged = {ref for d in decided if d.same for ref in (d.left, d.right)}
    links = _links(person_of, merged)
    return Formed(base, before, marked, State(values, links), _repeated(persons), *conflicts, undecided)


def persons_of(
    registry: Registry, records: pl.DataFrame, scored: pl.DataFrame, decided: Sequence[Decision]
) -> pl.DataFrame:  # fmt: skip
    """The person of each record by scored pairs and officers' decisions: source, record, person, size."""
    linkage = registry.settings.linkage()
    names = [column.name for column in linkage.columns]
    sources = {
        str(agency[0]): part.select(RECORD, *names) for agency, part in records.group_by("agency", maintain_order=True)
    }
    standard = standardise(sources, linkage).records
    there = set(standard.select(SOURCE, RECORD).iter_rows())
    usable = [d for d in decided if d.left in there and d.right in there]
    return form_persons(standard, _by_row(standard, records, scored), linkage, usable).persons


def _repeated(persons: pl.DataFrame) -> int:
    """How many records repeat a person of their own agency."""
    return int(persons.group_by(SOURCE, PERSON).len().select((pl.col("len") - 1).sum()).item() or 0)


def _known_links(registry: Registry, marked: Marks) -> dict[Ref, str]:
    """The person that each record belonged to last; records of erased persons belong to nobody any more."""
    wanted = select(LinkRow.agency, LinkRow.record, LinkRow.person).where(LinkRow.pilot == registry.pilot)
    with registry.database.read() as connection:
        rows = connection.execute(wanted.order_by(LinkRow.from_version)).all()
    last = {(agency, record): person for agency, record, person in rows}
    return {ref: person for ref, person in last.items() if person not in marked.erased}


def _kept(persons: pl.DataFrame, known: Mapping[Ref, str], marked: Marks) -> dict[Ref, str]:
    """The person of each record, under the ids known where they are the same persons; no id of an erased one."""
    rows = [(agency, record, person) for (agency, record), person in known.items()]
    rows += [("", person, person) for person in sorted(marked.erased)]  # no agency's records, so that nobody gets it
    earlier = pl.DataFrame(rows, schema=dict.fromkeys((SOURCE, RECORD, PERSON), pl.String), orient="row")
    kept = keep_ids(persons, earlier).persons
    return {(source, record): person for source, record, person in kept.select(SOURCE, RECORD, PERSON).iter_rows()}


def _of_others(records: pl.DataFrame, person_of: Mapping[Ref, str], aside: Collection[str]) -> pl.DataFrame:
    """The records without those of these persons."""
    if not aside:
        return records
    return records.filter([person_of[ref] not in aside for ref in records.select("agency", RECORD).iter_rows()])


def _by_row(standard: pl.DataFrame, records: pl.DataFrame, scored: pl.DataFrame) -> pl.DataFrame:
    """The pairs by row numbers. A pair counts while both its records are as they were when it was scored."""
    delivered = records.select(pl.col("agency").alias(SOURCE), RECORD, pl.col("delivery").alias("of"))
    known = standard.select(ROW, SOURCE, RECORD).join(delivered, on=[SOURCE, RECORD])
    pairs = scored
    for side, row in (("left", "left"), ("right", "right")):
        of = known.rename({SOURCE: f"agency_{side}", RECORD: f"record_{side}", ROW: row, "of": f"of_{side}"})
        pairs = pairs.join(of, on=[f"agency_{side}", f"record_{side}"])
    unchanged = [pl.col(f"of_{side}") == pl.col(f"delivery_{side}") for side in ("left", "right")]
    pairs = pairs.filter(*unchanged)
    rows = pairs.select(
        pl.min_horizontal("left", "right").alias("left"), pl.max_horizontal("left", "right").alias("right"), "weight"
    )
    return rows.unique(["left", "right"], keep="last", maintain_order=True).sort("left", "right")


def _values(
    registry: Registry, records: pl.DataFrame, person_of: dict[Ref, str], own: int, before: State,
    choices: Sequence[Choice],
) -> tuple[dict[Ref, Value], tuple[int, int, int, int], tuple[Conflict, ...]]:  # fmt: skip
    """The surviving values; how many conflicts there were and were resolved, in all and of this extract; open ones."""
    persons = [person_of[ref] for ref in records.select("agency", RECORD).iter_rows()]
    frame = records.rename({"agency": SOURCE}).with_columns(pl.Series(PERSON, persons, dtype=pl.String))
    chosen = survivors(frame, registry.settings.survivor_rules())
    conflicts = chosen.filter(pl.col("values") > 1)
    there = chosen.drop_nulls("value").select(PERSON, "field", "value", SOURCE, RECORD, "why")
    values = {(row[0], row[1]): Value(*row[2:]) for row in there.iter_rows()}
    settled = settle(registry, conflicts.filter(pl.col("value").is_null()), frame, own, before, choices)
    mine = conflicts.join(frame.filter(pl.col("delivery") == own).select(PERSON).unique(), on=PERSON, how="semi")
    counts = [
        count for found in (conflicts, mine)
        for count in (found.height, sum(key in values or key in settled.values for key in _keys(found)))
    ]  # fmt: skip
    return values | settled.values, (counts[0], counts[1], counts[2], counts[3]), settled.conflicts


def _keys(conflicts: pl.DataFrame) -> Iterable[Ref]:
    """Person and field of each conflict."""
    return conflicts.select(PERSON, "field").iter_rows()


def _links(person_of: dict[Ref, str], merged: set[Ref]) -> dict[Ref, tuple[str, str]]:
    sizes: dict[str, int] = {}
    for person in person_of.values():
        sizes[person] = sizes.get(person, 0) + 1
    return {
        ref: (person, ALONE if sizes[person] == 1 else DECIDED if ref in merged else LINKED)
        for ref, person in person_of.items()
    }


def publish(
    registry: Registry, digest: str, decisions: Sequence[Decided], choices: Sequence[Choice] = ()
) -> Published:  # fmt: skip
    """Publishes the version that this extract makes, or gives the one that it made before.

    Everything is written in one transaction. Where another version was published since this one was formed, or somebody
    was erased or restricted, it is formed again.
    """
    delivery = int(registry.delivery(digest)["id"])
    while True:
        if (known := _published(registry, delivery)) is not None:
            return known
        formed = form_version(registry, digest, decisions, choices)
        with registry.database.write() as connection:
            present = select(func.max(VersionRow.number)).where(VersionRow.pilot == registry.pilot)
            same = int(connection.execute(present).scalar() or 0) == formed.base
            if same and marks(connection, registry.pilot) == formed.marks:
                _write(connection, registry, delivery, formed, decisions)
                failpoint("registry:written")


def _published(registry: Registry, delivery: int) -> Published | None:
    wanted = select(VersionRow.__table__).where(VersionRow.delivery_id == delivery)
    with registry.database.read() as connection:
        row = connection.execute(wanted).mappings().first()
    if row is None:
        return None
    counts = ("persons", "records", "duplicates", "conflicts", "resolved")
    return Published(int(row["number"]), *(int(row[name]) for name in counts))


def _write(
    connection: Connection, registry: Registry, delivery: int, formed: Formed, decisions: Sequence[Decided]
) -> None:  # fmt: skip
    pilot, version, new, old = registry.pilot, formed.base + 1, formed.state, formed.before
    values, links = _present(connection, pilot)
    connection.execute(
        insert(VersionRow).values(
            pilot=pilot, number=version, delivery_id=delivery, published=now(),
            persons=len({person for person, _ in new.links.values()}), records=len(new.links),
            duplicates=formed.duplicates, conflicts=formed.conflicts, resolved=formed.resolved,
        )
    )  # fmt: skip
    _end(connection, AttributeRow, [n for key, n in values.items() if new.values.get(key) != old.values[key]], version)
    _end(connection, LinkRow, [n for ref, n in links.items() if new.links.get(ref) != old.links[ref]], version)
    make_keys(connection, pilot, {person for person, _ in new.links.values()})
    added = _added(connection, pilot, version, [(k, v) for k, v in new.values.items() if old.values.get(k) != v])
    linked = [
        {"pilot": pilot, "agency": ref[0], "record": ref[1], "person": link[0], "rule": link[1],
         "from_version": version}
        for ref, link in new.links.items() if old.links.get(ref) != link
    ]  # fmt: skip
    clerks = [
        {"pilot": pilot, "left_agency": d.left[0], "left_record": d.left[1], "right_agency": d.right[0],
         "right_record": d.right[1], "same": d.same, "reviewed_by": d.reviewed_by, "confirmed_by": d.confirmed_by,
         "version": version}
        for d in decisions
    ]  # fmt: skip
    for model, rows in ((AttributeRow, added), (LinkRow, linked), (ClerkRow, clerks)):
        for start in range(0, len(rows), _ROWS):
            connection.execute(insert(model), rows[start : start + _ROWS])


def _added(
    connection: Connection, pilot: str, version: int, values: Sequence[tuple[Ref, Value]]
) -> list[dict[str, Any]]:
    """The rows of new values, sealed."""
    rows = [(Row(*key, version, value.agency, value.record), value.value) for key, value in values]
    sealed = seal_values(connection, pilot, rows)
    return [
        {"pilot": pilot, **row._asdict(), "value": text, "rule": value.rule}
        for (row, _), text, (_, value) in zip(rows, sealed, values, strict=True)
    ]


def _present(connection: Connection, pilot: str) -> tuple[dict[Ref, int], dict[Ref, int]]:
    """The numbers of the rows that hold now: of values by person and field, of links by agency and record."""
    a, k = AttributeRow, LinkRow
    values = connection.execute(select(a.id, a.person, a.field).where(a.pilot == pilot, a.until_version.is_(None)))
    links = connection.execute(select(k.id, k.agency, k.record).where(k.pilot == pilot, k.until_version.is_(None)))
    return {(r[1], r[2]): r[0] for r in values}, {(r[1], r[2]): r[0] for r in links}


def _end(connection: Connection, model: Any, rows: Sequence[int], version: int) -> None:
    """These rows hold up to the version before."""
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        connection.execute(update(model).where(model.id.in_(part)).values(until_version=version))
