"""From extracts to versions: received once, linked, decided, published whole or not at all, with their history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from perintis.doors.registry.changes import delivered_by, view_of, write_notices
from perintis.doors.registry.history import compare_versions, newest, person_history, state
from perintis.doors.registry.joining import join_extracts
from perintis.doors.registry.models import AttributeRow, LinkRow, VersionRow
from perintis.doors.registry.publishing import Decided, publish
from perintis.doors.registry.registry import Registry
from perintis.doors.registry.scoring import measure
from perintis.doors.registry.shelf import Shelf
from perintis.doors.settings import Settings
from perintis.doors.store import failpoints
from perintis.doors.store.database import Database
from perintis.words.errors import NotFound
from tests.doors.registry.small_extracts import Rows, announced, dukcapil, kemenkes, people, taken

A_DAY = date(2026, 3, 2)


@pytest.fixture
def registry(database: Database, tmp_path: Path, repository: Path) -> Registry:
    return Registry(Settings(home=tmp_path / "home", pilots=repository), "data-management", database)


@pytest.fixture
def left(registry: Registry) -> Path:
    """Where agencies leave their extracts."""
    return registry.shelf.places()[0]


def changed(rows: Rows, number: int, **values: str) -> Rows:
    return [{**row, **values} if at == number else row for at, row in enumerate(rows)]


def published(registry: Registry, left: Path) -> None:
    """Version 1 from the Civil Registry, version 2 with Health, which has one name and one NIK otherwise."""
    rows = people()
    first = taken(registry, announced(left, "dukcapil", dukcapil(rows)))
    other = changed(changed(rows, 0, full_name="Boedi Santoso"), 1, nik="")
    second = taken(registry, announced(left, "kemenkes", kemenkes(other)))
    join_extracts(registry, [first, second])
    publish(registry, first, [])
    publish(registry, second, [])


def test_an_extract_is_taken_once(registry: Registry, left: Path) -> None:
    """The same file under another number is told; the same case again is the same delivery."""
    extract = announced(left, "dukcapil", dukcapil(people()))
    taken(registry, extract)
    assert registry.receive(extract).fault is None
    again = announced(left, "dukcapil", dukcapil(people()), reference="R-2", name=extract.file_name)
    assert registry.receive(again).duplicate_of == "R-dukcapil-2026-03"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"row_count": 99}, "the file has 13 rows and 99 were announced"),
        ({"sha256": "0" * 64}, "with another checksum than announced"),
        ({"file_name": "other.csv"}, "no such file was delivered"),
        ({"period": "2026-04"}, "the extract is of 2026-03, and 2026-04 was announced"),
        ({"agency": "polri"}, "polri delivers no extract to this registry"),
        ({"agency": "kemenkes"}, "the column 'id_periksa' is missing"),
        ({"columns": ("nama", "agama")}, "the columns are not those that were announced"),
        ({"file_name": "../perintis.db"}, "no such file was delivered"),
    ],
)
def test_what_is_not_as_announced_goes_back(
    registry: Registry, left: Path, wrong: dict[str, object], told: str
) -> None:
    """One sentence, and nothing is taken."""
    extract = announced(left, "dukcapil", dukcapil(people()))
    receipt = registry.receive(replace(extract, **wrong))  # type: ignore[arg-type]
    assert told in str(receipt.fault)
    assert not registry.standardised()


@pytest.mark.parametrize(
    ("wrong", "records"),
    [
        ({"row_count": 12}, [13]),
        ({"file_name": "cut.xlsx"}, [13]),
        ({"agency": "polri"}, []),
        ({"sha256": "0" * 64}, []),
    ],
    ids=["counted", "unreadable", "not-agreed", "not-there"],
)
def test_an_extract_that_went_back_was_disclosed_all_the_same(
    registry: Registry, left: Path, wrong: dict[str, object], records: list[int]
) -> None:
    """Once for one file, however often its receipt is tried; what was not received, or may not be, is no disclosure."""
    extract = announced(left, "dukcapil", dukcapil(people()), name=str(wrong.get("file_name", "")))
    wrongly = replace(extract, **wrong)  # type: ignore[arg-type]
    disclosed = delivered_by(registry, "dukcapil", lead="imigrasi", on=A_DAY)
    for _ in range(2):
        assert registry.receive(wrongly, disclosed).fault is not None
    with registry.database.read() as connection:
        noted = connection.exec_driver_sql("SELECT what, records, reference FROM file_disclosures").all()
    assert [tuple(row) for row in noted] == [("extract not taken", n, "R-dukcapil-2026-03") for n in records]


def test_two_pilots_leave_one_another_their_files_of_changes(registry: Registry) -> None:
    """In one exchange folder: neither the name nor the clearing away of one pilot touches a file of the other."""
    shelves = {pilot: Shelf(registry.home, pilot, registry.database) for pilot in ("data-management", "data")}
    for pilot, shelf in shelves.items():
        shelf.hand_back("kemenkes", shelf.changes_name("kemenkes", 1), pilot)
    for pilot, shelf in shelves.items():
        found = [(path.read_text("utf-8"), agency, version) for path, agency, version in shelf.changes()]
        assert found == [(pilot, "kemenkes", "1")]


def test_extracts_lie_where_only_the_owner_reads_them(registry: Registry, left: Path) -> None:
    """Folders 0700, files 0600, under the checksum."""
    digest = taken(registry, announced(left, "dukcapil", dukcapil(people())))
    folder = registry.shelf.folder / digest
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_records_of_one_person_become_one(registry: Registry, left: Path) -> None:
    """Thirteen persons in two agencies, one with another spelling and one without a number there."""
    published(registry, left)
    held = state(registry.database, registry.pilot, 2)
    assert len(held.links) == 26
    assert len({person for person, _ in held.links.values()}) == 13
    person = held.links["kemenkes", "K1"][0]
    name = held.values[person, "full_name"]
    assert (name.value, name.agency) == ("BUDI SANTOSO", "dukcapil")
    assert name.rule.startswith("from the most trusted source")


def test_a_version_shows_what_it_held(registry: Registry, left: Path) -> None:
    """Version 1 is not changed by version 2; the difference names fields and no more."""
    published(registry, left)
    assert len(state(registry.database, registry.pilot, 1).links) == 13
    found = compare_versions(registry.database, registry.pilot, 1, 2)
    assert (len(found.persons_added), found.records_added, found.records_moved) == (0, 13, 0)
    assert set(found.by_field()) == {"fit", "screened_on"}
    person = state(registry.database, registry.pilot, 1).links["dukcapil", "D1"][0]
    values, links = person_history(registry.database, registry.pilot, person)
    assert {link["from_version"] for link in links} == {1, 2}
    names = [(v["value"], v["from_version"], v["until_version"]) for v in values if v["field"] == "full_name"]
    assert names == [("BUDI SANTOSO", 1, 2), ("BUDI SANTOSO", 2, None)]  # the same value, by another rule


def test_publishing_twice_is_publishing_once(registry: Registry, left: Path) -> None:
    """The second call gives the version that the first one made."""
    published(registry, left)
    digest = str(registry.standardised()[-1]["digest"])
    assert publish(registry, digest, []).version == 2
    assert newest(registry.database, registry.pilot) == 2


@pytest.fixture
def stop_at() -> Iterator[Callable[[str], None]]:
    """Makes the process stop at a named place, as if it were killed there."""

    def stop(place: str) -> None:
        def stopping(name: str) -> None:
            if name == place:
                raise KeyboardInterrupt

        failpoints.hook = stopping

    yield stop
    failpoints.hook = None


def test_linking_that_was_stopped_is_done_again(registry: Registry, left: Path, stop_at: Callable[[str], None]) -> None:
    """Stopped after the pairs were written and before that was recorded: the second time finds the same, once."""
    rows = people()
    digests = [taken(registry, announced(left, "dukcapil", dukcapil(rows))),
               taken(registry, announced(left, "kemenkes", kemenkes(rows)))]  # fmt: skip
    stop_at("registry:linked")
    with pytest.raises(KeyboardInterrupt):
        join_extracts(registry, digests)
    assert [d["linked"] for d in registry.standardised()] == [None, None]
    failpoints.hook = None
    assert [found.linked for found in join_extracts(registry, digests)] == [0, 13]


def test_a_version_is_published_whole_or_not_at_all(
    registry: Registry, left: Path, stop_at: Callable[[str], None]
) -> None:
    """Stopped before the commit there is nothing; started again there is everything, once."""
    digest = taken(registry, announced(left, "dukcapil", dukcapil(people())))
    join_extracts(registry, [digest])
    stop_at("registry:written")
    with pytest.raises(KeyboardInterrupt):
        publish(registry, digest, [])
    with registry.database.read() as connection:
        for table in (VersionRow, LinkRow, AttributeRow):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
    failpoints.hook = None
    assert publish(registry, digest, []).records == 13


def test_what_officers_decided_holds_for_later_versions(registry: Registry, left: Path) -> None:
    """Two records that two officers took for one person are one, though nothing links them, and stay it."""
    rows = people()
    first = taken(registry, announced(left, "dukcapil", dukcapil(rows[:7])))
    second = taken(registry, announced(left, "kemenkes", kemenkes(rows[7:])))
    join_extracts(registry, [first, second])
    publish(registry, first, [])
    merge = Decided(("dukcapil", "D1"), ("kemenkes", "K1"), True, "Budi", "Sari")
    assert publish(registry, second, [merge]).persons == 12
    held = state(registry.database, registry.pilot, 2)
    assert held.links["dukcapil", "D1"][0] == held.links["kemenkes", "K1"][0]
    assert held.links["kemenkes", "K1"][1] == "decided by two officers"
    third = taken(registry, announced(left, "kemenkes", kemenkes(rows[7:9], "2026-04"), period="2026-04"))
    join_extracts(registry, [third])
    publish(registry, third, [])
    held = state(registry.database, registry.pilot, 3)
    assert held.links["dukcapil", "D1"][0] == held.links["kemenkes", "K1"][0]


def test_an_agency_is_told_what_changed_as_far_as_it_was_agreed(registry: Registry, left: Path) -> None:
    """Health hears the name and the number that it had otherwise, and nothing that no term lists."""
    published(registry, left)
    notices = write_notices(registry, 2, lead="imigrasi", on=A_DAY)
    assert notices["kemenkes"].by_field == {"full_name": 1, "nik": 1}
    text = (registry.home.exchange_folder / "registry" / "kemenkes" / notices["kemenkes"].file).read_text("utf-8")
    assert "K1,full_name,BOEDI SANTOSO,BUDI SANTOSO" in text
    assert "dukcapil" not in notices  # it may not see what Health found


@pytest.mark.parametrize(
    ("day", "fields"),
    [(A_DAY, ["full_name", "date_of_birth", "sex", "nik", "passport_number"]), (date(2031, 1, 1), [])],
)
def test_a_view_has_the_fields_of_the_agreement_on_that_day(
    registry: Registry, left: Path, day: date, fields: list[str]
) -> None:
    """After the agreement's last day there is nothing but ids; without asking there never is."""
    published(registry, left)
    text, shown, rows = view_of(registry, "kemenkes", 2, lead="imigrasi", on=day, personal=True)
    assert list(shown) == fields
    assert text.splitlines()[0] == ",".join(["person", "record", "version", *fields])
    assert rows == 13
    plain, nothing, _ = view_of(registry, "kemenkes", 2, lead="imigrasi", on=day, personal=False)
    assert nothing == {}
    assert "BUDI" not in plain


def test_both_ways_of_matching_are_measured_on_the_same_records(registry: Registry, left: Path) -> None:
    """One record has no number, so exact matching finds 14 persons where there are 13."""
    published(registry, left)
    truth = {(agency, f"{letter}{n}"): f"T{n}" for agency, letter in (("dukcapil", "D"), ("kemenkes", "K"))
             for n in range(1, 14)}  # fmt: skip
    exact, linked = measure(registry, 2, truth)
    assert (exact.persons, linked.persons) == (14, 13)
    assert exact.pairs is not None
    assert linked.pairs is not None
    assert (exact.pairs.precision, exact.pairs.recall) == (1.0, 12 / 13)
    assert (linked.pairs.precision, linked.pairs.recall) == (1.0, 1.0)
    assert exact.keyed > linked.keyed == 0


def test_a_version_or_person_that_is_not_there_is_told(registry: Registry) -> None:
    """With what there is."""
    with pytest.raises(NotFound, match="nothing has been published yet"):
        compare_versions(registry.database, registry.pilot, 1, 2)
    with pytest.raises(NotFound, match="has no person P1"):
        person_history(registry.database, registry.pilot, "P1")


def test_no_pair_is_missed_whatever_the_order(registry: Registry, left: Path) -> None:
    """Received first and standardised last: linked one by one, in either order, the same persons are found."""
    rows = people()
    early = announced(left, "dukcapil", dukcapil(rows))
    assert registry.receive(early).fault is None
    late = taken(registry, announced(left, "kemenkes", kemenkes(rows)))
    join_extracts(registry, [late])
    publish(registry, late, [])
    registry.standardise(early.sha256, early.file_name)
    [found] = join_extracts(registry, [early.sha256])
    assert found.linked == 13
    assert publish(registry, early.sha256, []).persons == 13


def test_a_record_that_is_delivered_again_counts_as_it_is_now(registry: Registry, left: Path) -> None:
    """The old name links no more: K1 is now somebody else, and the person it left keeps the id."""
    published(registry, left)
    before = state(registry.database, registry.pilot, 2).links["dukcapil", "D1"][0]
    other = {"full_name": "Maria Goretti", "born": "2001-12-30", "sex": "P", "nik": "5171017012019055", "passport": ""}
    third = taken(registry, announced(left, "kemenkes", kemenkes([other], "2026-04"), period="2026-04"))
    join_extracts(registry, [third])
    publish(registry, third, [])
    links = state(registry.database, registry.pilot, 3).links
    assert links["dukcapil", "D1"][0] == before
    assert links["kemenkes", "K1"][0] != before
