"""Links delivered extracts with one another and with the registry, and finds the pairs that people have to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import select, update

from perintis.doors.linkage.linking import Told, link_records
from perintis.doors.registry.models import ClerkRow, DeliveryRow, LinkRow
from perintis.doors.registry.registry import Registry, now, records_of
from perintis.doors.registry.sealed_values import Marks, marks
from perintis.doors.registry.shelf import SCORED
from perintis.doors.store.failpoints import failpoint
from perintis.rules.linkage.persons import Decision
from perintis.rules.linkage.settings import Verdict
from perintis.rules.registry.settings import RECORD

PAIRS: dict[str, Any] = {
    "agency_left": pl.String, "record_left": pl.String, "agency_right": pl.String, "record_right": pl.String,
    "delivery_left": pl.Int64, "delivery_right": pl.Int64, "weight": pl.Float64, "probability": pl.Float64,
    "verdict": pl.String, "reasons": pl.List(pl.String),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class UncertainPair:
    """Two records that may be one person; `compared` has a line a field: its values and how they differ."""

    left: tuple[str, str]
    right: tuple[str, str]
    probability: float
    compared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """What linking found for one extract.

    `duplicates`: pairs of its own agency's records that are one person. `linked`: its records that have a partner in
    another agency. `left_apart`: uncertain pairs beyond those that `review_at_most` lets officers be asked.
    """

    records: int
    duplicates: int
    linked: int
    uncertain: tuple[UncertainPair, ...]
    left_apart: int = 0


def join_extracts(registry: Registry, digests: Sequence[str], told: Told | None = None) -> list[Joined]:
    """Links these extracts with one another and with every other that was standardised, published or not.

    They are linked at once, so that the model is trained once, and a pair of two of them belongs to the later. Of two
    extracts that are linked at the same time elsewhere, whichever was standardised later sees the other, so no pair is
    missed. Doing it again replaces what was there. `told` serves a progress bar.
    """
    while True:
        before = _marks(registry)
        found = _pairs(registry, digests, told)
        if _marks(registry) == before:  # else somebody was erased or restricted, who would be written once more
            return _kept(registry, *found)


def _marks(registry: Registry) -> Marks:
    with registry.database.read() as connection:
        return marks(connection, registry.pilot)


def _pairs(
    registry: Registry, digests: Sequence[str], told: Told | None
) -> tuple[pl.DataFrame, dict[str, dict[str, Any]], pl.DataFrame]:
    """The records of all deliveries, these deliveries by checksum, and the pairs that are theirs."""
    known = registry.standardised()
    wanted = {digest: next(d for d in known if d["digest"] == digest) for digest in digests}
    records = records_of(registry, known)
    pairs = _owned(_scored(registry, records, told), [int(wanted[digest]["id"]) for digest in digests])
    return records, wanted, pairs


def _kept(
    registry: Registry, records: pl.DataFrame, wanted: dict[str, dict[str, Any]], pairs: pl.DataFrame
) -> list[Joined]:  # fmt: skip
    """Keep the pairs of each delivery; returns what was found for each."""
    decided = {frozenset((d.left, d.right)) for d in decisions_of(registry)}
    found = []
    for digest, delivery in wanted.items():
        own = pairs.filter(pl.col("owner") == int(delivery["id"])).drop("owner")
        registry.shelf.put(digest, SCORED, own)
        found.append(joined(registry, delivery, records, own, decided))
    failpoint("registry:linked")
    with registry.database.write() as connection:
        ids = [int(delivery["id"]) for delivery in wanted.values()]
        connection.execute(update(DeliveryRow).where(DeliveryRow.id.in_(ids)).values(linked=now()))
    return found


def _scored(registry: Registry, records: pl.DataFrame, told: Told | None) -> pl.DataFrame:
    """All pairs of the records, each with the deliveries that its records came with."""
    if records.height < 2:
        return pl.DataFrame(schema=PAIRS)
    linkage = registry.settings.linkage()
    names = [column.name for column in linkage.columns]
    sources = {
        str(agency[0]): part.select(RECORD, *names) for agency, part in records.group_by("agency", maintain_order=True)
    }
    pairs = link_records(sources, linkage, told=told).pairs
    pairs = pairs.rename({"source_left": "agency_left", "source_right": "agency_right"})
    for side in ("left", "right"):
        of = records.select(
            pl.col("agency").alias(f"agency_{side}"), pl.col(RECORD).alias(f"record_{side}"),
            pl.col("delivery").alias(f"delivery_{side}"),
        )  # fmt: skip
        pairs = pairs.join(of, on=[f"agency_{side}", f"record_{side}"], how="left", maintain_order="left")
    return pairs.select(*PAIRS)


def _owned(pairs: pl.DataFrame, linked: Sequence[int]) -> pl.DataFrame:
    """The pairs with a record of these deliveries, and in `owner` the last of them that the pair is of."""
    place = dict(zip(linked, range(len(linked)), strict=True))
    sides = [pl.col(f"delivery_{side}").replace_strict(place, default=-1, return_dtype=pl.Int64) for side in
             ("left", "right")]  # fmt: skip
    placed = pairs.with_columns(owner=pl.max_horizontal(*sides)).filter(pl.col("owner") >= 0)
    return placed.with_columns(pl.col("owner").replace_strict(dict(enumerate(linked)), return_dtype=pl.Int64))


def joined(
    registry: Registry, delivery: dict[str, Any], records: pl.DataFrame, own: pl.DataFrame, decided: set[frozenset[Any]]
) -> Joined:
    """What was found for one delivery, from the pairs that are its own."""
    linked = own.filter(pl.col("verdict") == Verdict.LINK.value)
    inside = linked.filter(pl.col("agency_left") == pl.col("agency_right"))
    across = linked.filter(pl.col("agency_left") != pl.col("agency_right"))
    agency = str(delivery["agency"])
    partners = pl.concat(
        [across.filter(pl.col(f"agency_{side}") == agency)[f"record_{side}"] for side in ("left", "right")]
    )
    uncertain = _uncertain(registry, records, own, decided)
    most = registry.settings.review_at_most
    return Joined(
        records=records.filter(pl.col("delivery") == int(delivery["id"])).height,
        duplicates=inside.filter(pl.col("agency_left") == agency).height,
        linked=partners.n_unique(),
        uncertain=tuple(uncertain[:most]),
        left_apart=max(len(uncertain) - most, 0),
    )


def _uncertain(
    registry: Registry, records: pl.DataFrame, own: pl.DataFrame, decided: set[frozenset[Any]]
) -> list[UncertainPair]:
    """The pairs for officers, the most uncertain first (those nearest to an even chance), whatever their number."""
    review = own.filter(pl.col("verdict") == Verdict.REVIEW.value)
    review = review.sort((pl.col("probability") - 0.5).abs(), maintain_order=True)
    aside = _restricted(registry)
    names = [column.name for column in registry.settings.linkage().columns]
    wanted = {
        (row[f"agency_{side}"], row[f"record_{side}"]) for row in review.iter_rows(named=True)
        for side in ("left", "right")
    }  # fmt: skip
    by_ref = {
        (row["agency"], row[RECORD]): row for row in records.iter_rows(named=True)
        if (row["agency"], row[RECORD]) in wanted
    }  # fmt: skip
    found = []
    for row in review.iter_rows(named=True):
        left, right = (row["agency_left"], row["record_left"]), (row["agency_right"], row["record_right"])
        if frozenset((left, right)) in decided or left in aside or right in aside:
            continue
        both = by_ref[left], by_ref[right]
        compared = tuple(_compared(name, reason, *both) for name, reason in zip(names, row["reasons"], strict=True))
        found.append(UncertainPair(left, right, round(row["probability"], 3), compared))
    return found


def _restricted(registry: Registry) -> frozenset[tuple[str, str]]:
    """The records of persons whose processing is restricted: no officer is shown them."""
    link = LinkRow
    with registry.database.read() as connection:
        persons = marks(connection, registry.pilot).restricted
        wanted = select(link.agency, link.record).where(link.pilot == registry.pilot, link.person.in_(sorted(persons)))
        return frozenset((agency, record) for agency, record in connection.execute(wanted)) if persons else frozenset()


def _compared(name: str, reason: str, left: dict[str, Any], right: dict[str, Any]) -> str:
    """One field of both records side by side, and how alike they are."""
    return f"{name}: {left[name] or '-'} | {right[name] or '-'} ({reason.partition(': ')[2] or reason})"


def decisions_of(registry: Registry) -> list[Decision]:
    """What officers decided before, the latest decision about two records last."""
    wanted = select(ClerkRow.__table__).where(ClerkRow.pilot == registry.pilot).order_by(ClerkRow.version, ClerkRow.id)
    with registry.database.read() as connection:
        rows = connection.execute(wanted).mappings().all()
    return [
        Decision((r["left_agency"], r["left_record"]), (r["right_agency"], r["right_record"]), bool(r["same"]))
        for r in rows
    ]


def pairs_of(registry: Registry, deliveries: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The scored pairs of these deliveries."""
    return pl.concat([pl.DataFrame(schema=PAIRS), *(registry.shelf.get(str(d["digest"]), SCORED) for d in deliveries)])
