"""What a new version of an agreement changes of how long personal data are kept, and how many cases that touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from perintis.faces.cli.here import Here
from perintis.faces.cli.screen import count
from perintis.rules.agreement.compare import compare_retention
from perintis.rules.retention import Touched, touched

if TYPE_CHECKING:
    from perintis.rules.agreement import Agreement
    from perintis.words.pilot import Pilot


@dataclass(frozen=True)
class RetentionChange:
    """The changes in sentences; what they mean for closed cases and for extracts that are still there."""

    changes: tuple[str, ...]
    cases: Touched
    extracts: Touched

    def line(self) -> dict[str, Any]:
        """For programs."""
        return {"changes": self.changes, "cases": self.cases._asdict(), "extracts": self.extracts._asdict()}

    def lines(self) -> Iterator[str]:
        """For people; nothing where nothing changes."""
        if not self.changes:
            return
        yield ""
        yield "Retention:"
        yield from (f"  {change}" for change in self.changes)
        for one, found in (("closed case", self.cases), ("extract", self.extracts)):
            if found.shorter or found.longer:
                kept = f"{count(found.shorter, one)} kept shorter, {found.longer:,} longer"
                yield f"  {kept}; {found.due:,} would be destroyed by the next `perintis retention run`."


_NOTHING = Touched(0, 0, 0)


def touched_by(here: Here, pilot: Pilot[Any], old: Agreement, new: Agreement, at: datetime) -> RetentionChange:
    """Compare what two versions say of retention, and count what that touches at this instant."""
    changes = tuple(compare_retention(old, new))
    if not changes:
        return RetentionChange(changes, _NOTHING, _NOTHING)
    return RetentionChange(changes, _cases(here, pilot, old, new, at), _extracts(here, pilot, old, new, at))


def _cases(here: Here, pilot: Pilot[Any], old: Agreement, new: Agreement, at: datetime) -> Touched:
    from perintis.doors.vault.retaining import retained_cases

    with here.database() as database:
        before, after = (retained_cases(database, pilot, agreement) for agreement in (old, new))
    kept_back = {case.case for case in after if case.held or case.restricted}
    return touched(_until(before, "case"), _until(after, "case"), at, kept_back)


def _extracts(here: Here, pilot: Pilot[Any], old: Agreement, new: Agreement, at: datetime) -> Touched:
    from perintis.doors.registry.registry import open_registry
    from perintis.doors.registry.retaining import retained_extracts
    from perintis.doors.retention_run import keeps_extracts

    if not any(keeps_extracts(here.settings, pilot, agreement) for agreement in (old, new)):
        return _NOTHING
    with open_registry(pilot.name, here.settings) as registry:
        before, after = (retained_extracts(registry, agreement, pilot.lead.calendar) for agreement in (old, new))
    kept_back = {extract.digest for extract in after if extract.held}
    return touched(_until(before, "digest"), _until(after, "digest"), at, kept_back)


def _until(kept: Any, name: str) -> Mapping[Any, datetime]:
    return {getattr(one, name): one.keeping.until for one in kept}
