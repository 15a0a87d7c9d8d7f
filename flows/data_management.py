"""The reference registry: an extract on its way into it, as it is to be, and as agencies agreed by hand before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefect import flow

from perintis import Case, RunSummary, all_of, any_of, run_pilot
from pilots.data_management import CORRECTION, COURIER, PILOT, Application, Decision
from tasks import registry, registry_parties
from tasks.registry import Linked, Notice, Pair, PairDecided, Received, Resolved, Validated, Version
from tasks.registry_conflicts import Batch, ConflictDecided
from tasks.registry_conflicts import decided as of_batch
from tasks.registry_parties import ADOPTS, ANSWERS, DELIVERS, MATCHES, TYPES, Matched

Extract = Case[Application]
Delivered = dict[str, object]


class NotCorrected(Exception):
    """The agency did not put its extract right in time; it lapses."""


class KnownAlready(Exception):
    """The same file was delivered before."""


async def to_be(case: Extract) -> Decision:
    """One delivery, checked and linked once; officers decide what is uncertain; every agency hears what changed."""
    try:
        extract = await accepted(case)
    except KnownAlready as known:
        return Decision(outcome="known_already", duplicate_of=str(known))
    except NotCorrected:
        return Decision(outcome="lapsed")
    await registry.standardise_extract(case, **extract)
    linked = await registry.link_records(case, **extract)
    decisions = await all_of(*(decided(case, pair) for pair in linked.uncertain))
    found = await registry.resolve_conflicts(case, sha256=extract["sha256"], decisions=decisions)
    settled = await all_of(*(settled_by_officer(case, batch) for batch in found.open))
    choices = tuple(choice for batch in settled for choice in batch)
    made = await registry.publish_version(case, sha256=extract["sha256"], decisions=decisions, choices=choices)
    told = await registry.write_notices(case, registry_version=made.registry_version)
    await all_of(*(adopted(case, made.registry_version, notice) for notice in told.notices))
    return published(linked, made, found, choices)


async def accepted(case: Extract) -> Delivered:
    """The extract as the agency delivered it in the end; as often as it has faults it goes back."""
    delivered: Delivered = {}
    while True:
        received = await registry.receive_extract(case, **delivered)
        if received.duplicate_of is not None:
            raise KnownAlready(received.duplicate_of)
        file = {name: delivered.get(name, getattr(case.application, name)) for name in ("sha256", "file_name")}
        checked: Received | Validated = received
        if received.fault is None:
            checked = await registry.validate_extract(case, **file)
        if checked.fault is None:
            return file
        delivered = await corrected(case, str(file["file_name"]), checked.fault)


async def corrected(case: Extract, file_name: str, fault: str) -> Delivered:
    """Ask the agency for a corrected extract; raises NotCorrected when it did not come in time."""
    asked = DELIVERS[case.application.agency](case, file_name=file_name, fault=fault)
    reply = await any_of(asked, within=CORRECTION.within)
    if reply.value is None:
        raise NotCorrected
    again = reply.value
    return {"file_name": again.file_name, "sha256": again.sha256, "row_count": again.row_count, "columns": ()}


async def decided(case: Extract, pair: Pair) -> PairDecided:
    """One officer compares the two records; a merge needs a second one, who is somebody else."""
    shown = dict(pair)
    first = await registry.review_pair(case, **shown)
    if not first.same_person:
        return PairDecided(left=pair.left, right=pair.right, same=False, reviewed_by=first.reviewed_by)
    second = await registry.confirm_merge(case, **shown, reviewed_by=first.reviewed_by)
    return PairDecided(
        left=pair.left, right=pair.right, same=second.merge, reviewed_by=first.reviewed_by,
        confirmed_by=second.confirmed_by,
    )  # fmt: skip


async def settled_by_officer(case: Extract, batch: Batch) -> tuple[ConflictDecided, ...]:
    """One officer settles a batch of conflicts that no rule decides."""
    return of_batch(batch, await registry.settle_conflicts(case, **dict(batch)))


async def adopted(case: Extract, version: int, notice: Notice) -> None:
    """An agency takes over what changed in its records."""
    fields: Mapping[str, int] = notice.by_field
    await ADOPTS[notice.agency](case, registry_version=version, changes_file=notice.changes_file, **fields)


def published(linked: Linked, made: Version, found: Resolved, choices: Sequence[ConflictDecided]) -> Decision:
    """The extract is in the registry, and all agencies agree on its version."""
    return Decision(
        outcome="published", registry_version=made.registry_version, records=linked.records,
        duplicates_found=linked.duplicates, records_linked=linked.linked, pairs_left_apart=linked.left_apart,
        conflicts_found=found.own_conflicts,
        conflicts_resolved=None if found.own_resolved is None else found.own_resolved + len(choices),
        settled=len(choices), hand_keyed=sum(choice.keyed is not None for choice in choices),
    )  # fmt: skip


async def as_is(case: Extract) -> Decision:
    """The agency sends a list to each of the others, who type it and match it by exact number."""
    others = [code for code in TYPES if code != case.application.agency]
    lists = await all_of(*(typed_and_matched(case, code) for code in others))
    fields = len(registry_parties.TypedRecords.model_fields)
    keyed = case.application.row_count * fields * len(others)
    return counted_by_hand(lists).model_copy(update={"hand_keyed": keyed})


async def typed_and_matched(case: Extract, code: str) -> Matched:
    """One agency's work on another's list; what does not match is asked for by letter, as often as it takes."""
    await case.wait(COURIER.within)
    await TYPES[code](case)
    by_number = matched = await MATCHES[code](case)
    while matched.unclear:
        await case.wait(COURIER.within)
        await ANSWERS[case.application.agency](case)
        await case.wait(COURIER.within)
        matched = await MATCHES[code](case)
    return by_number


def counted_by_hand(lists: Sequence[Matched]) -> Decision:
    """What the lists say that came back: a record is linked that any agency found by its number, before letters."""
    looked_up = [found.looked_up for found in lists if found.looked_up is not None]
    if len(looked_up) < len(lists):
        return Decision(outcome="published")
    return Decision(
        outcome="published", records=max(looked_up),
        records_linked=len({line for found in lists for line in found.lines_found}),
        duplicates_found=len({line for found in lists for line in found.lines_double}),
    )  # fmt: skip


@flow(name="data-management")
def data_management(intake: str | None = None) -> RunSummary:
    """Open the cases of one intake, then move every open case as far as it can go."""
    return run_pilot(PILOT, to_be, intake=intake)
