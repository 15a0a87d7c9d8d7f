"""What the agencies do to bring an extract into the reference registry, and what they did by hand before.

Law: population data for other bodies (UU 24/2013); immigration records (UU 6/2011); work permits (PP 34/2021); data
standard, metadata, interoperability and reference codes (Perpres 39/2019 on Satu Data Indonesia).

The steps over rows are batch work inside one step: rows lie in the protected folder of the registry, and a request and
its answer carry counts, checksums and names of files. Only the pairs that officers decide carry values of persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from agencies.indonesia import IMIGRASI
from perintis import Retry, Sla, human_step, step, working
from perintis.words.identifiers import Personal, Reference
from perintis.words.officers import ByOfficer
from tasks.registry_conflicts import Batch, ConflictDecided, Settled, in_batches, made_up_batches

if TYPE_CHECKING:  # the registry brings polars and DuckDB with it, which only a run needs
    from perintis.doors.registry.progress import Bar
    from perintis.doors.registry.publishing import Decided
    from perintis.doors.registry.registry import Registry

OfficerName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
SideBySide = Annotated[tuple[str, ...], Personal()]


class Frozen(BaseModel):
    """Requests and answers do not change."""

    model_config = ConfigDict(frozen=True)


class Delivery(Frozen):
    """An extract as it was announced."""

    reference: Reference
    agency: str
    period: str
    file_name: str
    sha256: str
    row_count: int
    columns: tuple[str, ...]


class Received(Frozen):
    """Taken, or why not: a fault that the agency mends, or the reference under which the same file came before."""

    rows: int = 0
    fault: str | None = None
    duplicate_of: str | None = None


class Extract(Frozen):
    """An extract that was taken."""

    sha256: str
    file_name: str


class ToValidate(Extract):
    """An extract to be checked row by row; with `all_or_nothing` a single bad row sends it back."""

    all_or_nothing: bool = False


class Validated(Frozen):
    """How many rows can be taken, how many cannot, how many values were left out; the agency's file tells which.

    `fault` says why the whole extract goes back, where it does.
    """

    accepted: int
    rejected: int
    left_out: int
    rejects_file: str | None = None
    fault: str | None = None


class Standardised(Frozen):
    """Rows kept, values that the agency wrote otherwise than the data standard has them, and fields with metadata."""

    rows: int
    rewritten: int
    fields_described: int


class Pair(Frozen):
    """Two records that may be one person."""

    left: str
    right: str
    probability: float
    compared: SideBySide = ()


def _pairs(given: object) -> object:
    """A rehearsal says how many uncertain pairs there are, and these have nobody behind them."""
    if isinstance(given, int) and not isinstance(given, bool):
        return tuple(Pair(left=f"UJI {n}", right=f"UJI {n}", probability=0.5) for n in range(1, given + 1))
    return given


class Linked(Frozen):
    """Duplicates inside the agency's extract, its records found with other agencies, and what officers must decide.

    `left_apart`: uncertain pairs above the limit of one delivery, which stay apart and are shown to nobody.
    """

    records: int
    duplicates: int
    linked: int
    uncertain: Annotated[tuple[Pair, ...], BeforeValidator(_pairs)] = ()
    left_apart: int = 0


class Reviewed(Frozen):
    """One person or two, and the officer who says so, as recorded."""

    same_person: bool
    reviewed_by: Annotated[OfficerName, ByOfficer()] = ""


class ToConfirm(Pair):
    """A pair that a first officer took for one person."""

    reviewed_by: str


class Confirmed(Frozen):
    """Whether a second officer agrees to the merge, and who it is, as recorded: never the first one."""

    merge: bool
    confirmed_by: Annotated[OfficerName, ByOfficer(unlike="reviewed_by")] = ""


class PairDecided(Frozen):
    """What was decided of a pair; `confirmed_by` is the second officer where there is a merge."""

    left: str
    right: str
    same: bool
    reviewed_by: str
    confirmed_by: str | None = None


class ToResolve(Frozen):
    """An extract with everything that officers decided about its pairs."""

    sha256: str
    decisions: tuple[PairDecided, ...] = ()


class Resolved(Frozen):
    """Conflicts between records of one person, how many a rule with a reason resolved, and which officers must settle.

    `own_conflicts` and `own_resolved` are those of persons of whom the extract has a record; the others are of the
    whole version. `open` are batches: what of them goes to an officer as one work item.
    """

    conflicts: int
    resolved: int
    own_conflicts: int | None = None
    own_resolved: int | None = None
    open: Annotated[tuple[Batch, ...], BeforeValidator(made_up_batches)] = ()


class ToPublish(ToResolve):
    """The same, with what officers decided about conflicts."""

    choices: tuple[ConflictDecided, ...] = ()


class Version(Frozen):
    """A published version in counts; `resolved` by a rule or by an officer."""

    registry_version: int
    persons: int
    records: int
    duplicates: int
    conflicts: int
    resolved: int


class ToNotify(Frozen):
    """The version of which the agencies are told."""

    registry_version: int


class Notice(Frozen):
    """An agency's file of changes, with the number of lines for each field."""

    agency: str
    changes_file: str
    by_field: dict[str, int]


class Notices(Frozen):
    """A notice for each agency whose records changed."""

    notices: tuple[Notice, ...] = ()


@contextmanager
def _registry(key: str, doing: str) -> Iterator[tuple[Registry, Bar]]:
    from perintis.doors.registry.progress import saying
    from perintis.doors.registry.registry import open_registry, pilot_of

    with open_registry(pilot_of(key)) as registry, saying(doing) as bar:
        yield registry, bar


@step(IMIGRASI, within=Sla(working(hours=1), "draft agreement art. 5(1)"), retries=Retry(times=3))
def receive_extract(delivery: Delivery, *, key: str) -> Received:
    """Hold an extract against what was announced: checksum, columns, row count, month; take it once."""
    from perintis.doors.registry.changes import delivered_by, delivered_unagreed
    from perintis.doors.registry.registry import Announced

    with _registry(key, "Receiving an extract") as (registry, _):
        if unagreed := delivered_unagreed(registry, delivery.agency, lead=IMIGRASI.code, on=_today()):
            return Received(fault=f"{delivery.agency} may not disclose {unagreed[0]!r} by the agreement; leave it out")
        disclosed = delivered_by(registry, delivery.agency, lead=IMIGRASI.code, on=_today())
        receipt = registry.receive(Announced(**delivery.model_dump()), disclosed)
    return Received(rows=receipt.rows, fault=receipt.fault, duplicate_of=receipt.duplicate_of)


@step(IMIGRASI, retries=Retry(times=3))
def validate_extract(extract: ToValidate, *, key: str) -> Validated:
    """Check an extract row by row; bad rows go back as a file, too many send the extract back as a whole."""
    with _registry(key, "Checking rows") as (registry, _):
        checked = registry.validate(extract.sha256, extract.file_name)
        told = checked.rejected_rows + checked.set_aside.height
        file = registry.hand_back_rejects(extract.sha256, checked) if told else None
        limit = 0 if extract.all_or_nothing else registry.settings.rejected_at_most
        rows = checked.accepted.height + checked.rejected_rows
    fault = None
    if checked.rejected_rows > limit * rows:
        why = "none was to be taken alone" if extract.all_or_nothing else f"more than {limit:.0%}"
        fault = f"{checked.rejected_rows:,} of {rows:,} rows have faults ({why}); {file} tells which"
    return Validated(
        accepted=checked.accepted.height, rejected=checked.rejected_rows, left_out=checked.set_aside.height,
        rejects_file=file, fault=fault,
    )  # fmt: skip


@step(IMIGRASI, retries=Retry(times=3))
def standardise_extract(extract: Extract, *, key: str) -> Standardised:
    """Bring names, dates and codes into the form of the data standard."""
    with _registry(key, "Standardising values") as (registry, _):
        checked, rewritten = registry.standardise(extract.sha256, extract.file_name)
        described = len(registry.settings.fields)
    return Standardised(rows=checked.accepted.height, rewritten=rewritten, fields_described=described)


@step(IMIGRASI, retries=Retry(times=3))
def link_records(extracts: Sequence[Extract], *, keys: Sequence[str]) -> list[Linked]:
    """Link records within and across the agencies; extracts that came together are linked together."""
    from perintis.doors.registry.joining import join_extracts

    with _registry(keys[0], "Linking records") as (registry, bar):
        joined = join_extracts(registry, [extract.sha256 for extract in extracts], bar)
    return [
        Linked(
            records=found.records, duplicates=found.duplicates, linked=found.linked, left_apart=found.left_apart,
            uncertain=tuple(
                Pair(left=" ".join(p.left), right=" ".join(p.right), probability=p.probability, compared=p.compared)
                for p in found.uncertain
            ),
        )
        for found in joined
    ]  # fmt: skip


@human_step(IMIGRASI, within=Sla(working(days=3), "draft agreement art. 5(2)"))
def review_pair(pair: Pair) -> Reviewed:
    """Decide whether two records are one person, with both side by side."""


@human_step(IMIGRASI, within=Sla(working(days=2), "draft agreement art. 5(3)"))
def confirm_merge(pair: ToConfirm) -> Confirmed:
    """Confirm a merge as the second officer; the first one may not."""


@step(IMIGRASI, retries=Retry(times=3))
def resolve_conflicts(decided: ToResolve, *, key: str) -> Resolved:
    """Choose one value where records of a person disagree, by the rules of the registry."""
    from perintis.doors.registry.publishing import form_version

    with _registry(key, "Resolving conflicts") as (registry, _):
        formed = form_version(registry, decided.sha256, [_decided(d) for d in decided.decisions])
        batches = in_batches(formed.undecided, registry.settings.conflicts_per_item)
    return Resolved(
        conflicts=formed.conflicts, resolved=formed.resolved, own_conflicts=formed.own_conflicts,
        own_resolved=formed.own_resolved, open=batches,
    )  # fmt: skip


@human_step(IMIGRASI, within=Sla(working(days=3), "draft agreement art. 5(2)"))
def settle_conflicts(batch: Batch) -> Settled:
    """Choose or key the value where records of a person disagree and no rule decides."""


@step(IMIGRASI, within=Sla(working(hours=1), "draft agreement art. 5(4)"), retries=Retry(times=3))
def publish_version(decided: ToPublish, *, key: str) -> Version:
    """Publish the registry's next version, the whole of it or nothing."""
    from perintis.doors.registry.publishing import publish

    with _registry(key, "Publishing a version") as (registry, _):
        decisions, choices = [_decided(d) for d in decided.decisions], [c.choice() for c in decided.choices]
        made = publish(registry, decided.sha256, decisions, choices)
    return Version(
        registry_version=made.version, persons=made.persons, records=made.records, duplicates=made.duplicates,
        conflicts=made.conflicts, resolved=made.resolved,
    )  # fmt: skip


@step(IMIGRASI, retries=Retry(times=3))
def write_notices(version: ToNotify, *, key: str) -> Notices:
    """Write a file for each agency with what changed in its records, as far as the agreement allows."""
    from perintis.doors.registry.changes import write_notices as write

    with _registry(key, "Writing the notices") as (registry, _):
        found = write(registry, version.registry_version, lead=IMIGRASI.code, on=_today())
    return Notices(
        notices=tuple(Notice(agency=a, changes_file=n.file, by_field=n.by_field) for a, n in found.items())
    )  # fmt: skip


def _today() -> date:
    """The day by the lead's clock."""
    from perintis.doors.registry.registry import now

    return now().astimezone(ZoneInfo(IMIGRASI.calendar.timezone)).date()


def _decided(decision: PairDecided) -> Decided:
    from perintis.doors.registry.publishing import Decided

    left, right = decision.left.split(" ", 1), decision.right.split(" ", 1)
    return Decided((left[0], left[1]), (right[0], right[1]), decision.same, decision.reviewed_by, decision.confirmed_by)
