"""The registry's personal data: sealed in tables and files, found, restricted, held, and erased for good."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from perintis.doors.registry import erasing
from perintis.doors.registry.changes import view_of, write_notices
from perintis.doors.registry.erasing import erase_person, finish
from perintis.doors.registry.history import compare_versions, person_history, state
from perintis.doors.registry.joining import join_extracts
from perintis.doors.registry.models import AttributeRow, PersonKeyRow
from perintis.doors.registry.persons import FoundPerson, find_by_id, find_persons, mark, note, trace_person
from perintis.doors.registry.publishing import publish
from perintis.doors.registry.registry import Registry, records_of
from perintis.doors.registry.scoring import measure
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT, SCORED, seal_old_files
from perintis.doors.store.verifying import verify_store
from perintis.doors.vault.acts import Act
from perintis.doors.vault.keys import KeySource, new_key
from perintis.doors.vault.rotation import rotate_key
from perintis.doors.vault.sealing_old import seal_old_registry
from perintis.words.errors import NotAllowed, NotFound, PerintisError
from tests.doors.registry.small_extracts import announced, dukcapil, kemenkes, people, taken

A_DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
BY = {"officer": "dpo", "reason": "letter 12", "now": NOW}
NIK, NAME = "3174012304909001", "budi santoso"


def budi(registry: Registry) -> FoundPerson:
    [found] = find_persons(registry, NIK)
    return found


def stops(*_: object, **__: object) -> None:
    """As if the program were killed there."""
    raise KeyboardInterrupt


def set_mark(registry: Registry, act: Act) -> None:
    with registry.database.write() as connection:
        person = budi(registry).person
        mark(connection, registry.pilot, person, act, now=BY["now"])  # type: ignore[arg-type]
        note(connection, registry.pilot, person, act, **BY)  # type: ignore[arg-type]


def erased(registry: Registry) -> FoundPerson:
    found = budi(registry)
    erase_person(registry, found, **BY)  # type: ignore[arg-type]
    return found


def published_once_more(registry: Registry) -> int:
    """A third version, from an extract in which nobody of before is delivered again."""
    other = {"full_name": "Maria Goretti", "born": "2001-12-30", "sex": "P", "nik": "5171017012019055", "passport": ""}
    rows = [{**row, "no_registrasi": "D99"} for row in dukcapil([other], "2026-04")]
    third = taken(registry, announced(registry.shelf.places()[0], "dukcapil", rows, period="2026-04"))
    join_extracts(registry, [third])
    return publish(registry, third, []).version


def in_clear(folder: Path) -> list[str]:
    """The files below a folder in which a person stands."""
    sought = (b"3174012304909001", b"BUDI SANTOSO", b"Budi Santoso", b"Boedi")
    return [str(p) for p in folder.rglob("*") if p.is_file() and any(s in p.read_bytes() for s in sought)]


def test_no_value_is_in_clear(registry: Registry, tmp_path: Path) -> None:
    """Not in the table, not in a file of the registry; what an agency left is removed when it was received."""
    with registry.database.read() as connection:
        values = connection.execute(select(AttributeRow.value)).scalars().all()
    assert len(values) > 100
    assert not any("BUDI" in value or "3174" in value for value in values)
    assert in_clear(tmp_path) == []


def test_a_value_that_was_moved_or_changed_is_told(registry: Registry) -> None:
    """Put into another person's row it cannot be opened."""
    with registry.database.write() as connection:
        a = AttributeRow
        one, other = connection.execute(select(a.id, a.value).where(a.field == "nik").limit(2)).all()
        connection.execute(update(a).where(a.id == one.id).values(value=other.value))
    with pytest.raises(PerintisError, match=r"nik of person .* was changed or moved in the store"):
        state(registry.database, registry.pilot, 2)


@pytest.mark.parametrize(
    "spoil",
    [lambda b: b[:-1], lambda b: b[:60] + b"x" + b[61:], lambda b: b + b"x"],
    ids=["cut off", "changed", "longer"],
)
def test_a_file_that_was_changed_is_told(registry: Registry, spoil: Callable[[bytes], bytes]) -> None:
    """As with a value, the message says what to do."""
    digest = str(registry.standardised()[0]["digest"])
    path = registry.shelf.folder / digest / ACCEPTED
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(PerintisError, match="was changed, cut off or moved; restore it"):
        registry.shelf.get(digest, ACCEPTED)


def test_an_old_store_is_sealed_by_the_upgrade(registry: Registry, tmp_path: Path) -> None:
    """Values and files in clear become sealed ones; what they say is the same; done again nothing changes."""
    before = state(registry.database, registry.pilot, 2)
    digest = str(registry.standardised()[0]["digest"])
    table = registry.shelf.get(digest, ACCEPTED)
    table.write_parquet(registry.shelf.folder / digest / ACCEPTED)
    plain = {(p, f): v.value for (p, f), v in before.values.items()}
    with registry.database.write() as connection:
        a = AttributeRow
        for row in connection.execute(select(a.id, a.person, a.field)).all():
            connection.execute(update(a).where(a.id == row.id).values(value=plain[row.person, row.field]))
        connection.exec_driver_sql("DELETE FROM registry_persons")
        assert seal_old_registry(connection) > 100
    assert [seal_old_files(registry.home, registry.database) for _ in range(2)] == [1, 0]
    assert state(registry.database, registry.pilot, 2) == before
    assert registry.shelf.get(digest, ACCEPTED).equals(table)
    assert in_clear(tmp_path) == []


def test_a_new_master_key_opens_the_registry(registry: Registry) -> None:
    """After the rotation the old key opens nothing any more, and nothing needs it."""
    before = state(registry.database, registry.pilot, 2)
    vault = registry.database.vault
    old, given = vault.ring().current.id, vault.source.text
    vault.source = KeySource(text=f"{new_key()} {given}")
    vault.forget()
    rotate_key(registry.database, **BY)  # type: ignore[arg-type]
    assert state(registry.database, registry.pilot, 2) == before
    assert records_of(registry, registry.standardised()).height == 26
    with registry.database.read() as connection:
        for table in ("registry_persons", "registry_extract_keys"):
            assert old not in connection.exec_driver_sql(f"SELECT master FROM {table}").scalars().all()


@pytest.mark.parametrize(("value", "fields"), [(NIK, ("nik",)), (" Budi  SANTOSO", ("full_name",))])
def test_a_person_is_found_by_number_or_name(registry: Registry, value: str, fields: tuple[str, ...]) -> None:
    """Exactly, but for capitals and spaces, with the records of all agencies."""
    [found] = find_persons(registry, value)
    assert (found.fields, found.records) == (fields, (("dukcapil", "D1"), ("kemenkes", "K1")))
    assert find_persons(registry, value[:-1]) == []


def test_a_trace_tells_where_everything_comes_from_and_who_may_see_it(registry: Registry) -> None:
    """Values with record, rule and versions; the extracts; each agency's view; what was done with the data."""
    set_mark(registry, Act.HOLD)
    traced = trace_person(registry, budi(registry), lead="imigrasi", on=A_DAY)
    assert {"BUDI SANTOSO"} == {v["value"] for v in traced["values"] if v["field"] == "full_name"}
    assert [(v["number"], v["reference"]) for v in traced["versions"]] == [
        (1, "R-dukcapil-2026-03"), (2, "R-kemenkes-2026-03"),
    ]  # fmt: skip
    assert "nik" in traced["seen_by"]["kemenkes"]
    assert [(act["act"], act["officer"]) for act in traced["acts"]] == [("hold", "dpo")]


def test_restricted_a_person_is_in_no_export_and_no_version(registry: Registry) -> None:
    """No view, no notice, no value on request, not in the next version; lifted, the same id is back."""
    person = budi(registry).person
    set_mark(registry, Act.RESTRICT)
    text, _, rows = view_of(registry, "kemenkes", 2, lead="imigrasi", on=A_DAY, personal=True)
    assert (rows, person in text) == (12, False)
    assert write_notices(registry, 2, lead="imigrasi", on=A_DAY) == {}
    with pytest.raises(NotAllowed, match="is restricted"):
        person_history(registry.database, registry.pilot, person)
    version = published_once_more(registry)
    assert person not in {of for of, _ in state(registry.database, registry.pilot, version).links.values()}
    set_mark(registry, Act.LIFT)
    other = {"full_name": "Yohana Rumbiak", "born": "1999-11-02", "sex": "P", "nik": "9171014211999055", "passport": ""}
    rows_again = [{**row, "no_registrasi": "D98"} for row in dukcapil([other], "2026-05")]
    digest = taken(registry, announced(registry.shelf.places()[0], "dukcapil", rows_again, period="2026-05"))
    join_extracts(registry, [digest])
    after = state(registry.database, registry.pilot, publish(registry, digest, []).version)
    assert {after.links[ref][0] for ref in (("dukcapil", "D1"), ("kemenkes", "K1"))} == {person}
    assert after.values[person, "full_name"].value == "BUDI SANTOSO"


def test_a_hold_keeps_a_person_from_being_erased(registry: Registry) -> None:
    """Until it is released; an act that was done already is refused."""
    set_mark(registry, Act.HOLD)
    with pytest.raises(NotAllowed, match="is held already"):
        set_mark(registry, Act.HOLD)
    with pytest.raises(NotAllowed, match="under legal hold since 02 March 2026"):
        erased(registry)
    set_mark(registry, Act.RELEASE)
    erased(registry)


def test_erased_a_person_is_in_no_table_and_no_file(registry: Registry) -> None:
    """The key, the values, the rows of the tables made of extracts, the extracts as delivered, the notices."""
    write_notices(registry, 2, lead="imigrasi", on=A_DAY)
    notice = next(registry.shelf.returned.glob("kemenkes/changes-*"))
    assert "K1" in notice.read_text("utf-8")
    digests = [str(d["digest"]) for d in registry.standardised()]
    before = {d: registry.shelf.keys.generations(d) for d in digests}
    erased(registry)
    assert find_persons(registry, NIK) == find_persons(registry, NAME) == []
    assert "K1" not in notice.read_text("utf-8")
    records = records_of(registry, registry.standardised())
    assert records.height == 24
    assert NIK not in records["nik"].to_list()
    for digest in digests:
        assert not registry.shelf.has(digest, EXTRACT)
        pairs = registry.shelf.get(digest, SCORED)
        assert not {"D1", "K1"} & {*pairs["record_left"].to_list(), *pairs["record_right"].to_list()}
        assert not set(registry.shelf.keys.generations(digest)) & set(before[digest])  # the old keys are destroyed
    with registry.database.read() as connection:
        sealed = connection.execute(select(PersonKeyRow.sealed).where(PersonKeyRow.erased.is_not(None))).scalars().all()
    assert sealed == [None]


def test_versions_say_erased_and_the_next_is_without(registry: Registry) -> None:
    """Everything that reads a version goes on; a difference counts the person as gone; the history still verifies."""
    person = erased(registry).person
    held = state(registry.database, registry.pilot, 2)
    assert {v.value for (of, _), v in held.values.items() if of == person} == {"erased"}
    text, _, rows = view_of(registry, "kemenkes", 2, lead="imigrasi", on=A_DAY, personal=True)
    assert f"{person},K1,2,erased" in text
    assert rows == 13
    values, links = person_history(registry.database, registry.pilot, person)
    assert {value["value"] for value in values} == {"erased"}
    assert len(links) > 1
    exact, linked = measure(registry, 2, {ref: of for ref, (of, _) in held.links.items()})
    assert (exact.erased, linked.erased, linked.persons) == (2, 2, 12)
    assert compare_versions(registry.database, registry.pilot, 1, 2).records_added == 13
    found = compare_versions(registry.database, registry.pilot, 2, published_once_more(registry))
    assert (found.persons_removed, found.records_removed) == ({person}, 2)
    assert [str(problem) for problem in verify_store(registry.database)] == []


def test_delivered_again_it_is_a_new_person(registry: Registry) -> None:
    """Under another id, with what the new extract says and nothing else."""
    person = erased(registry).person
    again = taken(
        registry, announced(registry.shelf.places()[0], "kemenkes", kemenkes(people()[:1], "2026-04"), period="2026-04")
    )
    join_extracts(registry, [again])
    held = state(registry.database, registry.pilot, publish(registry, again, []).version)
    new = held.links["kemenkes", "K1"][0]
    assert new != person
    assert held.values[new, "nik"].value == NIK
    with pytest.raises(NotAllowed, match="was erased on"):
        erase_person(registry, find_by_id(registry, person), **BY)  # type: ignore[arg-type]


def test_a_record_that_is_somebody_elses_now_stays(registry: Registry) -> None:
    """The agency gave number K1 anew: erasing whoever had it before leaves its present record alone."""
    other = {"full_name": "Maria Goretti", "born": "2001-12-30", "sex": "P", "nik": "5171017012019055", "passport": ""}
    third = taken(
        registry, announced(registry.shelf.places()[0], "kemenkes", kemenkes([other], "2026-04"), period="2026-04")
    )
    join_extracts(registry, [third])
    publish(registry, third, [])
    erased(registry)
    records = records_of(registry, registry.standardised())
    assert "MARIA GORETTI" in records["full_name"].to_list()
    first = next(d for d in registry.standardised() if d["agency"] == "kemenkes")
    assert "K1" not in registry.shelf.get(str(first["digest"]), ACCEPTED)["record"].to_list()


def test_an_extract_that_nobody_published_loses_the_person_too(registry: Registry) -> None:
    """Its record has no person yet; it is found by the identity number."""
    waiting = taken(
        registry,
        announced(registry.shelf.places()[0], "kemenkes",
                  [{**row, "id_periksa": "K77"} for row in kemenkes(people()[:1], "2026-04")], period="2026-04"),
    )  # fmt: skip
    erased(registry)
    assert registry.shelf.get(waiting, ACCEPTED).height == 0
    assert not registry.shelf.has(waiting, EXTRACT)


@pytest.mark.parametrize("dies_at", ["_clear_extract", "_clear_changes", "clear_pages", "failpoint"])
def test_stopped_in_the_middle_it_is_finished_by_whoever_comes_next(
    registry: Registry, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values are gone from the first moment, records in no later version; files are cleared by the next one, once."""
    found = budi(registry)
    with monkeypatch.context() as patched:
        patched.setattr(erasing, dies_at, stops)
        with pytest.raises(KeyboardInterrupt):
            erase_person(registry, found, **BY)  # type: ignore[arg-type]
    assert find_persons(registry, NIK) == []
    assert records_of(registry, registry.standardised()).height == 24
    assert (finish(registry), finish(registry)) == (1, 0)
    for delivery in registry.standardised():
        assert registry.shelf.get(str(delivery["digest"]), ACCEPTED).height == 12
        assert len(registry.shelf.keys.generations(str(delivery["digest"]))) == 1


def test_stopped_while_files_are_sealed_anew_it_ends_the_same(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some files have the new key and some the old: both can be read, and the old key goes in the end."""
    found = budi(registry)
    with monkeypatch.context() as patched:
        patched.setattr(type(registry.shelf.keys), "drop_before", stops)
        with pytest.raises(KeyboardInterrupt):
            erase_person(registry, found, **BY)  # type: ignore[arg-type]
    several = [registry.shelf.keys.generations(str(d["digest"])) for d in registry.standardised()]
    assert max(map(len, several)) == 2
    assert finish(registry) == 1
    assert [len(registry.shelf.keys.generations(str(d["digest"]))) for d in registry.standardised()] == [1, 1]
    assert records_of(registry, registry.standardised()).height == 24


def test_leftovers_of_a_killed_process_are_removed(registry: Registry) -> None:
    """Files that were never finished; those of a process that still runs stay."""
    folder = registry.shelf.folder / str(registry.standardised()[0]["digest"])
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    dead, alive = folder / f".{ACCEPTED}.{child}", folder / f".{SCORED}.{os.getpid()}"
    for path in (dead, alive):
        path.write_bytes(b"part")
    registry.shelf.clear_leftovers()
    assert (dead.exists(), alive.exists()) == (False, True)


def test_what_is_noted_of_an_erasure_names_nobody(registry: Registry) -> None:
    """The id of the person, and the numbers of records while they are still to be cleared."""
    person = erased(registry).person
    with registry.database.read() as connection:
        acts = connection.exec_driver_sql("SELECT act, officer, reason FROM vault_acts").all()
        left = connection.exec_driver_sql("SELECT leaving FROM registry_persons").scalars().all()
    assert [tuple(act) for act in acts] == [(f"erase person {person}", "dpo", "letter 12")]
    assert set(left) == {None}
    with pytest.raises(NotFound, match="no person P0"):
        find_by_id(registry, "P0")
