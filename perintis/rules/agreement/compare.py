"""What a new version of an agreement changes: in general, and for each step. Before it takes effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from perintis.rules.agreement.fields import answered_fields, shown_fields
from perintis.rules.agreement.model import MARKS, Agreement, OpenCases
from perintis.rules.agreement.parts import Term
from perintis.rules.agreement.permission import may_disclose
from perintis.words.agency import Agency


class StepShape(Protocol):
    """What must be known of a step: its name, its agency, and what it takes and gives."""

    @property
    def name(self) -> str: ...
    @property
    def agency(self) -> Agency: ...
    @property
    def input_model(self) -> type[BaseModel]: ...
    @property
    def output_type(self) -> Any: ...


@dataclass(frozen=True)
class Touched:
    """A step that the new version treats otherwise: the changes in sentences, and whether it can still be asked for."""

    step: str
    agency: str
    changes: tuple[str, ...]
    blocked: bool


def compare_general(old: Agreement, new: Agreement) -> Iterator[str]:
    """What changes beyond single terms: parties, days, open cases, service levels; and a version that skips one."""
    follows = new.replaces is not None and (new.replaces.number, new.replaces.version) == (old.number, old.version)
    if not follows:
        yield f"it does not say that it replaces {old.number} version {old.version}"
    codes, new_codes = ({party.code for party in agreement.parties} for agreement in (old, new))
    yield from (f"{code} is a party no more" for code in sorted(codes - new_codes))
    yield from (f"{code} becomes a party" for code in sorted(new_codes - codes))
    if (old.valid_from, old.until) != (new.valid_from, new.until):
        yield f"it is in force from {new.valid_from} until {new.until}, not from {old.valid_from} until {old.until}"
    if old.open_cases is not new.open_cases:
        yield f"cases that are open at its end {_FATE[new.open_cases]}, where before they {_FATE[old.open_cases]}"
    levels = {level.step or level.article: level.within for level in old.service_levels}
    for level in new.service_levels:
        before = levels.pop(level.step or level.article, None)
        if before != level.within:
            told = "promised no time before" if before is None else f"promised {before} before"
            yield f"{level.article} promises {level.within} for {level.step or level.party}, {told}"
    yield from (f"nothing is promised for {name} any more ({within} before)" for name, within in levels.items())


def compare_retention(old: Agreement, new: Agreement) -> Iterator[str]:
    """What changes of how long, and for which purposes, personal data are kept."""
    before = {(kept.of, kept.article): kept for kept in old.retention}
    for kept in new.retention:
        what = "extracts" if kept.of == "extract" else "cases"
        told, earlier = f"{what} are kept {kept.after} to {kept.purpose.en}", before.pop((kept.of, kept.article), None)
        if earlier is None:
            yield f"{kept.article}: {told}, which was no purpose before"
        elif earlier.after != kept.after:
            yield f"{kept.article}: {told}, not {earlier.after}"
        elif earlier.purpose != kept.purpose:
            yield f"{kept.article}: {told}, not to {earlier.purpose.en}"
    for (of, article), kept in before.items():
        what = "extracts" if of == "extract" else "cases"
        yield f"{article}: {what} are not kept any more to {kept.purpose.en} ({kept.after} before)"


_FATE = {OpenCases.FINISH: "finish", OpenCases.STOP: "stop"}


def compare_steps(old: Agreement, new: Agreement, steps: Iterable[StepShape], lead: str) -> list[Touched]:
    """The steps of other agencies that the new version treats otherwise, whatever the day."""
    found = []
    for step in steps:
        agency = step.agency.code
        if agency == lead:
            continue
        ways = ((lead, agency, shown_fields(step.input_model)), (agency, lead, answered_fields(step.output_type)))
        told = [change for way in ways for change in _changes(old, new, *way)]
        if told:
            found.append(Touched(step.name, agency, tuple(t for t, _ in told), any(blocks for _, blocks in told)))
    return found


def _changes(
    old: Agreement, new: Agreement, discloses: str, receives: str, fields: tuple[str, ...]
) -> Iterator[tuple[str, bool]]:
    """Each change of what may be disclosed one way, and whether it stands in the way of the step."""
    for field in fields:
        if field in MARKS:
            continue
        before, after = (_term(agreement, discloses, receives, field) for agreement in (old, new))
        told = f"{discloses} to {receives}, {field!r}"
        if before is not None and after is None:
            yield f"{told}: allowed by {before.article}, not allowed any more", True
        elif before is None and after is not None:
            yield f"{told}: not allowed before, allowed by {after.article}", False
        elif before is None:
            yield f"{told}: allowed by neither version", True
        elif after is not None and (parts := list(_differing(before, after))):
            yield f"{told}: {'; '.join(parts)}", False


def _term(agreement: Agreement, discloses: str, receives: str, field: str) -> Term | None:
    decided = may_disclose(agreement, discloses=discloses, receives=receives, fields=(field,), on=None)
    return decided[0].term if isinstance(decided, tuple) and decided else None


def _differing(before: Term, after: Term) -> Iterator[str]:
    if before.article != after.article:
        yield f"{before.article} becomes {after.article}"
    for name, told in (("purpose", "purpose"), ("legal_basis", "legal basis"), ("retention", "retention")):
        if getattr(before, name) != getattr(after, name):
            yield f"another {told}"
    if (before.valid_from, before.until) != (after.valid_from, after.until):
        yield f"from {after.valid_from} until {after.until}"
