"""A person is erased while something else is at work on the registry: nothing of the person is written once more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from perintis.doors.registry import changes, erasing, joining
from perintis.doors.registry.changes import write_notices
from perintis.doors.registry.erasing import erase_person
from perintis.doors.registry.joining import join_extracts
from perintis.doors.registry.persons import FoundPerson, find_by_id
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, SCORED
from perintis.doors.store.claims import worker_name
from perintis.doors.store.models import CaseRow
from perintis.words.errors import NotAllowed
from tests.doors.registry.small_extracts import announced, kemenkes, people, taken
from tests.doors.registry.test_personal import A_DAY, BY, NOW, budi, erased


def claimed(registry: Registry, worker: str | None) -> None:
    """A case of the pilot on which somebody is at work."""
    row = {"pilot": registry.pilot, "version": "1", "process": "to_be", "reference": "R-9", "segments": {},
           "status": "ready", "opened": NOW, "worker": worker, "lease_until": NOW + timedelta(minutes=5)}  # fmt: skip
    with registry.database.write() as connection:
        connection.execute(insert(CaseRow).values(row))


def test_nobody_is_erased_while_a_run_is_at_work(registry: Registry) -> None:
    """It may have read the person, and would write the values once more; a run that died need not be waited for."""
    claimed(registry, worker_name())
    with pytest.raises(NotAllowed, match="a run is at work on case R-9 of data-management"):
        erased(registry)
    assert budi(registry).erased is None
    host = worker_name().rsplit(":", 2)[0]
    with registry.database.write() as connection:
        connection.execute(update(CaseRow).values(worker=f"{host}:999999999:dead"))
    erased(registry)


def test_an_extract_on_its_way_is_waited_for_until_it_was_linked(registry: Registry) -> None:
    """Standardising it may be tried again, and would keep the person's row once more."""
    rows = [{**row, "id_periksa": "K77"} for row in kemenkes(people()[:1], "2026-04")]
    third = taken(registry, announced(registry.shelf.places()[0], "kemenkes", rows, period="2026-04", reference="R-9"))
    claimed(registry, None)
    with pytest.raises(NotAllowed, match="extract R-9 names this person and is on its way"):
        erased(registry)
    join_extracts(registry, [third])
    erased(registry)


def test_what_came_in_while_a_person_was_looked_up_is_looked_up_too(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """A third extract with the person is taken between the look and the erasure: it loses the person as well."""
    whole, looks = erasing._looked_up, []
    rows = [{**row, "id_periksa": "K77"} for row in kemenkes(people()[:1], "2026-04")]

    def look(registry: Registry, found: FoundPerson) -> object:
        leaving = whole(registry, found)
        if not looks:
            taken(registry, announced(registry.shelf.places()[0], "kemenkes", rows, period="2026-04"))
        looks.append(leaving)
        return leaving

    monkeypatch.setattr(erasing, "_looked_up", look)
    erased(registry)
    third = str(registry.standardised()[2]["digest"])
    assert (len(looks), registry.shelf.has(third, EXTRACT), registry.shelf.get(third, ACCEPTED).height) == (2, False, 0)


@pytest.mark.parametrize("what", ["pairs", "notices"])
def test_what_was_read_before_an_erasure_is_read_again(
    registry: Registry, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that slept over its lease: what it computed of the person is thrown away, not written."""
    module, name = {"pairs": (joining, "_scored"), "notices": (changes, "_own_values")}[what]
    whole, found = getattr(module, name), budi(registry)

    def overslept(*arguments: object) -> object:
        computed = whole(*arguments)
        monkeypatch.setattr(module, name, whole)
        erase_person(registry, found, **BY)  # type: ignore[arg-type]
        return computed

    monkeypatch.setattr(module, name, overslept)
    digests = [str(d["digest"]) for d in registry.standardised()]
    join_extracts(registry, digests)
    write_notices(registry, 2, lead="imigrasi", on=A_DAY)
    told = [path.read_text("utf-8") for path, _, _ in registry.shelf.changes()]
    records = {r for d in digests for side in ("left", "right")
               for r in registry.shelf.get(d, SCORED)[f"record_{side}"].to_list()}  # fmt: skip
    assert not {"D1", "K1"} & records
    assert not any("K1," in text or "D1," in text for text in told)
    assert find_by_id(registry, found.person).erased is not None
