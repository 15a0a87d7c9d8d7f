"""Conflicts that no rule decides: shown to officers with every source, and settled until a record says otherwise."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from perintis.doors.registry.conflicts import Choice
from perintis.doors.registry.history import state
from perintis.doors.registry.joining import PAIRS, join_extracts, joined
from perintis.doors.registry.publishing import form_version, publish
from perintis.doors.registry.registry import Registry, records_of
from perintis.doors.settings import Settings
from perintis.doors.store.database import Database
from tests.doors.registry.small_extracts import Rows, announced, dukcapil, kemenkes, people, taken

ASK = "    survives: [{by: ask}]\n    reason: an officer looks\n"
BOTH = frozenset({("dukcapil", "D1"), ("kemenkes", "K1")})


@pytest.fixture
def registry(database: Database, tmp_path: Path, repository: Path) -> Registry:
    """The pilot's registry, in which an officer is asked for names."""
    source = (repository / "pilots" / "data_management" / "registry.yaml").read_text("utf-8")
    start, end = source.index("    survives:"), source.index("  date_of_birth:")
    folder = tmp_path / "content" / "pilots" / "data_management"
    folder.mkdir(parents=True)
    (folder / "registry.yaml").write_text(source[:start] + ASK + source[end:], "utf-8")
    return Registry(Settings(home=tmp_path / "home", pilots=tmp_path / "content"), "data-management", database)


def delivered(registry: Registry, agency: str, rows: Rows, period: str = "2026-03") -> str:
    extract = announced(registry.shelf.places()[0], agency, rows, period=period)
    digest = taken(registry, extract)
    join_extracts(registry, [digest])
    return digest


def in_conflict(registry: Registry) -> str:
    """Version 1 from the Civil Registry; Health's extract spells one name otherwise."""
    rows = people()
    publish(registry, delivered(registry, "dukcapil", dukcapil(rows)), [])
    return delivered(registry, "kemenkes", kemenkes([{**rows[0], "full_name": "Boedi Santoso"}, *rows[1:]]))


def name(registry: Registry, version: int) -> tuple[str, str, str] | None:
    held = state(registry.database, registry.pilot, version)
    value = held.values.get((held.links["dukcapil", "D1"][0], "full_name"))
    return None if value is None else (value.value, value.agency, value.rule)


def test_an_officer_sees_every_record_with_source_day_and_version(registry: Registry) -> None:
    """The one conflict, with both records; the value stays empty while nobody has settled it."""
    digest = in_conflict(registry)
    formed = form_version(registry, digest, [])
    assert (formed.conflicts, formed.resolved) == (1, 0)
    [conflict] = formed.undecided
    assert [(s.ref, s.value, s.recorded, s.version) for s in conflict.sources] == [
        (("dukcapil", "D1"), "BUDI SANTOSO", "2025-01-01", 1),
        (("kemenkes", "K1"), "BOEDI SANTOSO", "2026-02-01", None),
    ]
    assert publish(registry, digest, []).resolved == 0
    assert name(registry, 2) is None


@pytest.mark.parametrize(
    ("record", "keyed", "value"),
    [
        (("kemenkes", "K1"), None, ("BOEDI SANTOSO", "kemenkes", "chosen by an officer: as in the file (Budi)")),
        (None, "budi  santosa", ("BUDI SANTOSA", "", "keyed by an officer: as in the file (Budi)")),
    ],
    ids=["chosen", "keyed"],
)
def test_what_an_officer_settled_is_kept_with_its_reason(
    registry: Registry, record: tuple[str, str] | None, keyed: str | None, value: tuple[str, str, str]
) -> None:
    """It counts as resolved, and holds in the next version though nobody is asked again."""
    digest = in_conflict(registry)
    choice = Choice("full_name", BOTH, record, keyed, "as in the file (Budi)")
    made = publish(registry, digest, [], [choice])
    assert (made.conflicts, made.resolved) == (1, 1)
    assert name(registry, 2) == value
    later = delivered(registry, "kemenkes", kemenkes(people(), "2026-04")[5:], "2026-04")
    assert [c.field for c in form_version(registry, later, []).undecided if ("dukcapil", "D1") in refs(c)] == []
    publish(registry, later, [])
    assert name(registry, 3) == value


def refs(conflict: object) -> set[tuple[str, str]]:
    return {source.ref for source in conflict.sources}  # type: ignore[attr-defined]


def test_a_record_with_another_value_is_asked_about_again(registry: Registry) -> None:
    """The officer did not see it, so the choice does not hold for it."""
    digest = in_conflict(registry)
    publish(registry, digest, [], [Choice("full_name", BOTH, ("kemenkes", "K1"), None, "as in the file (Budi)")])
    again = kemenkes([{**people()[0], "full_name": "Budhi Santoso"}], "2026-04")
    later = delivered(registry, "kemenkes", again, "2026-04")
    [conflict] = form_version(registry, later, []).undecided
    assert [s.value for s in conflict.sources] == ["BUDI SANTOSO", "BUDHI SANTOSO"]


def test_officers_are_asked_about_the_most_uncertain_pairs_up_to_a_limit(registry: Registry) -> None:
    """Two of four uncertain pairs, nearest to an even chance first; the others stay apart and are counted."""
    rows = people()
    digest = taken(registry, announced(registry.shelf.places()[0], "dukcapil", dukcapil(rows)))
    chances = (0.85, 0.4, 0.25, 0.52)
    pairs = pl.DataFrame(
        [
            ("dukcapil", "D1", "dukcapil", f"D{n}", 1, 1, 0.0, chance, "review", ["name: x"] * 5)
            for n, chance in enumerate(chances, start=2)
        ],
        schema=PAIRS,
        orient="row",
    )
    records = records_of(registry, registry.standardised())
    limited = registry.settings.model_copy(update={"review_at_most": 2})
    registry.settings = limited
    found = joined(registry, registry.delivery(digest), records, pairs, set())
    assert ([pair.probability for pair in found.uncertain], found.left_apart) == ([0.52, 0.4], 2)
