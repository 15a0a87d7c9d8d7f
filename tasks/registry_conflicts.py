"""What officers are shown of conflicts that no rule decides, and what they answer: many conflicts in one work item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from perintis.words.identifiers import Personal, looks_like_nik
from perintis.words.officers import ByOfficer

if TYPE_CHECKING:
    from perintis.doors.registry.conflicts import Choice
    from perintis.doors.registry.conflicts import Conflict as Found

_CHOICE = re.compile(r"\s*(?P<conflict>\d+)\s*=\s*(?:(?P<source>\d+)|(?P<open>open)|key\s+(?P<keyed>\S.*?))\s*")
AS_WRITTEN = "write the conflict and what holds: 1=2 (the second record), 1=key SITI AMINAH, or 1=open"


class Frozen(BaseModel):
    """Requests and answers do not change."""

    model_config = ConfigDict(frozen=True)


class Conflict(Frozen):
    """A field in which records of one person disagree; `records` (agency and number) in the order shown."""

    field: str
    kind: str = "text"
    codes: tuple[str, ...] = ()
    records: tuple[str, ...]
    shown: Annotated[tuple[str, ...], Personal()] = ()


class Batch(Frozen):
    """Conflicts for one officer to settle together; `side_by_side` has a line for each record of each conflict."""

    side_by_side: Annotated[tuple[str, ...], Personal()]
    conflicts: Annotated[tuple[Conflict, ...], Personal()]


def _a_choice(text: str) -> str:
    if not _CHOICE.fullmatch(text):
        raise PydanticCustomError("choice", "is not a choice: " + AS_WRITTEN)
    return text


def _reason(text: str) -> str:
    if looks_like_nik(text):
        raise PydanticCustomError("reason", "has an identity number in it: give the reason without values of persons")
    return text


Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200), AfterValidator(_reason)
]  # fmt: skip
OfficerName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class Settled(Frozen):
    """What an officer chose, with the reason. Every conflict is named; `open` leaves it undecided."""

    choices: Annotated[tuple[Annotated[str, AfterValidator(_a_choice)], ...], Personal(), Field(description=AS_WRITTEN)]
    reason: Annotated[Reason, Field(description="why, without values of persons")]
    settled_by: Annotated[OfficerName, ByOfficer()] = ""

    def misfit(self, request: BaseModel) -> str | None:
        """Why this does not answer the batch, or None."""
        assert isinstance(request, Batch)
        made = [_parsed(choice) for choice in self.choices]
        named = [number for number, _, _ in made]
        for number, source, keyed in made:
            if not 1 <= number <= len(request.conflicts):
                return f"there is no conflict {number}; there are 1 to {len(request.conflicts)}"
            conflict = request.conflicts[number - 1]
            if source is not None and not 1 <= source <= len(conflict.records):
                return f"conflict {number} has records 1 to {len(conflict.records)}, and no {source}"
            if keyed is not None and (fault := _fault(conflict, keyed)):
                return f"what was keyed for conflict {number} {fault}"
        if twice := [n for n in named if named.count(n) > 1]:
            return f"conflict {twice[0]} is settled twice; settle it once"
        if missing := sorted(set(range(1, len(request.conflicts) + 1)) - set(named)):
            return f"nothing is said of conflict {missing[0]}; {missing[0]}=open leaves it open"
        return None


class ConflictDecided(Frozen):
    """What an officer decided of one conflict: the record whose value holds, or the value keyed; else it stays open."""

    field: str
    records: tuple[str, ...]
    record: str | None = None
    keyed: Annotated[str | None, Personal()] = None
    reason: str
    settled_by: str

    def choice(self) -> Choice:
        """The same for the registry; who decided and why is told with the value."""
        from perintis.doors.registry.conflicts import Choice

        why = f"{self.reason} ({self.settled_by})"
        record = None if self.record is None else _ref(self.record)
        return Choice(self.field, frozenset(map(_ref, self.records)), record, self.keyed, why)


def decided(batch: Batch, settled: Settled) -> tuple[ConflictDecided, ...]:
    """What was chosen of a batch, without what was left open."""
    found = []
    for number, source, keyed in map(_parsed, settled.choices):
        if (source is None and keyed is None) or not 1 <= number <= len(batch.conflicts):
            continue
        conflict = batch.conflicts[number - 1]
        record = None if source is None else conflict.records[source - 1]
        found.append(ConflictDecided(field=conflict.field, records=conflict.records, record=record, keyed=keyed,
                                     reason=settled.reason, settled_by=settled.settled_by))  # fmt: skip
    return tuple(found)


def in_batches(conflicts: Sequence[Found], most: int) -> tuple[Batch, ...]:
    """Conflicts of the registry as work items of at most so many."""
    return tuple(_batch(conflicts[start : start + most]) for start in range(0, len(conflicts), most))


def made_up_batches(given: object) -> object:
    """A rehearsal says how many batches there are, and these have nobody behind them."""
    if isinstance(given, int) and not isinstance(given, bool):
        return (Batch(side_by_side=(), conflicts=()),) * given
    return given


def _batch(conflicts: Sequence[Found]) -> Batch:
    made = tuple(
        Conflict(
            field=found.field, kind=found.kind.value, codes=found.codes,
            records=tuple(" ".join(source.ref) for source in found.sources),
            shown=tuple(
                f"{source.value}: {' '.join(source.ref)}, recorded {source.recorded or 'on no day'}, "
                + ("this delivery" if source.version is None else f"version {source.version}")
                for source in found.sources
            ),
        )
        for found in conflicts
    )  # fmt: skip
    lines = tuple(
        f"{number}={place}  {conflict.field} {line}"
        for number, conflict in enumerate(made, start=1)
        for place, line in enumerate(conflict.shown, start=1)
    )
    return Batch(side_by_side=lines, conflicts=made)


def _parsed(choice: str) -> tuple[int, int | None, str | None]:
    """A choice as conflict, record and keyed value; both None leaves it open."""
    found = _CHOICE.fullmatch(choice)
    assert found is not None
    return int(found["conflict"]), int(found["source"]) if found["source"] else None, found["keyed"]


def _fault(conflict: Conflict, keyed: str) -> str | None:
    """Why a keyed value has no standard form, or None."""
    from perintis.rules.linkage.dates import DateOrder
    from perintis.rules.registry.settings import Kind
    from perintis.rules.registry.values import standard_values

    kind = Kind(conflict.kind)
    if kind is Kind.CODE:
        return None if keyed in conflict.codes else f"is none of the codes {', '.join(conflict.codes)}"
    order = DateOrder.YEAR_FIRST if kind is Kind.DATE else None
    return standard_values([keyed], kind, None, order)[0].reason


def _ref(text: str) -> tuple[str, str]:
    agency, _, record = text.partition(" ")
    return agency, record
