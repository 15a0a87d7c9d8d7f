"""P7 for the registry: values, keys and files that were edited, swapped, moved or removed are found and named."""

from __future__ import annotations

import pytest

from perintis.doors.registry.erasing import erase_person
from perintis.doors.registry.persons import find_persons
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.shelf import ACCEPTED, EXTRACT
from perintis.doors.registry.verifying import Opened, verify_registries
from perintis.doors.vault.keys import KeyMissing, KeySource, new_key
from tests.databases import unprotect
from tests.doors.registry.test_personal import BY, NIK

OF_BUDI = "person = (SELECT max(person) FROM registry_links WHERE record = 'D1')"
OF_SITI = "(SELECT max(person) FROM registry_links WHERE record = 'D2')"
NIK_OF_SITI = f"(SELECT max(a.value) FROM registry_attributes a WHERE a.field = 'nik' AND a.person = {OF_SITI})"


def opened(registry: Registry) -> Opened:
    registry.database.vault.forget()
    return verify_registries(registry.database, registry.home)


def test_a_registry_as_it_was_published_fits_and_an_erased_person_is_counted(registry: Registry) -> None:
    """Each value and file is opened once; afterwards those of the erased person are no fault."""
    before = opened(registry)
    with registry.database.read() as connection:
        values = connection.exec_driver_sql("SELECT count(*) FROM registry_attributes").scalar_one()
    assert (before.values, before.files, before.erased, before.problems) == (values, 6, 0, [])
    [budi] = find_persons(registry, NIK)
    erase_person(registry, budi, **BY)  # type: ignore[arg-type]
    after = opened(registry)
    assert (after.files, after.erased, after.problems) == (4, 1, [])
    assert 0 < after.values < values


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"UPDATE registry_attributes SET value = 'AAAA' WHERE field = 'nik' AND {OF_BUDI}", ["nik of person"]),
        (f"UPDATE registry_attributes SET value = {NIK_OF_SITI} WHERE field = 'nik' AND {OF_BUDI}", ["nik of person"]),
        (f"UPDATE registry_attributes SET value = '' WHERE field = 'nik' AND {OF_BUDI}", ["nik of person"]),
        (f"UPDATE registry_persons SET sealed = 'AAAA' WHERE {OF_BUDI}", ["the key of person"]),
        (f"UPDATE registry_persons SET sealed = NULL, erased = 1 WHERE {OF_BUDI}", ["is erased, but no act records"]),
        ("DELETE FROM registry_links WHERE record = 'K1'",
         ["version 2 was published with 26 records of 13 persons, and 25 of 13 are linked in it"]),
    ],
    ids=["edited", "swapped", "emptied", "key", "erased-secretly", "link"],
)  # fmt: skip
def test_what_does_not_fit_is_named(registry: Registry, statement: str, expected: list[str]) -> None:
    """By field and person, never by value."""
    with registry.database.write() as connection:
        unprotect(connection, "registry_links")
        connection.exec_driver_sql(statement)
    problems = opened(registry).problems
    assert problems
    assert any(expected[0] in problem for problem in problems), problems
    assert NIK not in "".join(problems)


@pytest.mark.parametrize("name", [EXTRACT, ACCEPTED])
def test_a_file_that_was_changed_is_found(registry: Registry, name: str) -> None:
    """One byte is enough; and one that is gone is missed where it is needed."""
    path = registry.shelf.folder / str(registry.standardised()[0]["digest"]) / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    [problem] = opened(registry).problems
    assert f"{name} was changed, cut off or moved" in problem
    path.unlink()
    assert len(opened(registry).problems) == (name == ACCEPTED)


def test_another_key_is_one_sentence(registry: Registry) -> None:
    """Not a problem a value."""
    registry.database.vault.source = KeySource(text=new_key())
    with pytest.raises(KeyMissing, match="sealed with key"):
        opened(registry)
