"""Records of the same persons are found without labels, within and across agencies, and a clerk can see why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from splink.internals.linker_components.training import LinkerTraining

from perintis.doors.linkage.linking import Linked, link_records
from perintis.rules.linkage.measures import Quality, pair_quality_of_clusters
from perintis.rules.linkage.persons import Decision
from perintis.words.errors import BadInput, NotFound
from tests.doors.linkage_kit import CIVIL, HEALTH, LINKAGE, registers

Truth = Mapping[tuple[str, str], str]


@pytest.fixture(scope="module")
def made_up() -> tuple[Linked, Truth]:
    """Two registers of 250 made-up persons, linked with the defaults."""
    sources, truth = registers(250, seed=7)
    return link_records(sources, LINKAGE, threads=1), truth


def quality(linked: Linked, truth: Truth) -> Quality:
    """By all pairs that share a person."""
    found = {(source, record): person for source, record, person, _ in linked.persons.iter_rows()}
    return pair_quality_of_clusters(found, truth)


def test_made_up_registers_are_linked_without_labels(made_up: tuple[Linked, Truth]) -> None:
    """Swapped names, two spellings, single names, wrong digits and swapped dates: F1 of at least 0.95."""
    linked, truth = made_up
    reached = quality(linked, truth)
    assert (reached.precision or 0) >= 0.97
    assert (reached.f1 or 0) >= 0.95


def test_exact_matching_finds_much_less(made_up: tuple[Linked, Truth]) -> None:
    """What agencies do by hand today, on the same records: equal names and date of birth."""
    _, truth = made_up
    sources, _ = registers(250, seed=7)
    exact = {
        (source, record): " ".join(part or record for part in key)
        for source, frame in sources.items()
        for record, *key in frame.select("record", "given", "family", "born").iter_rows()
    }
    assert 0 < (pair_quality_of_clusters(exact, truth).f1 or 0) < 0.6


def test_no_person_has_two_records_of_the_registry_that_holds_each_once(made_up: tuple[Linked, Truth]) -> None:
    """The civil registry is without duplicates, so no person has two of its records."""
    linked, _ = made_up
    civil = linked.persons.filter(pl.col("source") == CIVIL)
    assert civil["person"].n_unique() == civil.height


def test_the_same_records_give_the_same_persons_in_whatever_order(made_up: tuple[Linked, Truth]) -> None:
    """Ids, pairs and weights are the same for shuffled rows: training is seeded and rows are sorted first."""
    linked, _ = made_up
    sources, _ = registers(250, seed=7)
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=3) for name, frame in sources.items()}
    again = link_records(shuffled, LINKAGE, threads=1)
    assert_frame_equal(again.persons, linked.persons)
    assert_frame_equal(again.pairs, linked.pairs)


def test_every_pair_says_in_words_why(made_up: tuple[Linked, Truth]) -> None:
    """One reason a column, in the order of the settings, and among them the errors that were made."""
    linked, _ = made_up
    first = linked.pairs.row(0, named=True)
    assert [reason.split(":")[0] for reason in first["reasons"]] == [column.words for column in LINKAGE.columns]
    said = Counter(linked.pairs.filter(pl.col("verdict") == "link")["reasons"].explode().to_list())
    for reason in (
        "given name: given and family name crossed",
        "given name: another spelling of the same name",
        "date of birth: day and month swapped",
        "identity number: missing",
    ):
        assert said[reason] > 0, reason


def test_verdicts_follow_the_persons(made_up: tuple[Linked, Truth]) -> None:
    """Linked pairs share a person, pairs for review do not, and are likely enough to be shown."""
    linked, _ = made_up
    person = {(source, record): person for source, record, person, _ in linked.persons.iter_rows()}
    for row in linked.pairs.iter_rows(named=True):
        together = person[row["source_left"], row["record_left"]] == person[row["source_right"], row["record_right"]]
        assert together == (row["verdict"] == "link")
        assert row["verdict"] != "review" or row["probability"] >= LINKAGE.review_at


def test_a_clerks_decision_counts_without_training_again(made_up: tuple[Linked, Truth]) -> None:
    """Two persons where the machine saw one, and one person where it saw two."""
    linked, _ = made_up
    pair = linked.pairs.filter((pl.col("verdict") == "link") & (pl.col("source_left") != pl.col("source_right"))).row(
        0, named=True
    )
    left, right = (pair["source_left"], pair["record_left"]), (pair["source_right"], pair["record_right"])
    parted = _persons(linked.after([Decision(left, right, same=False)]))
    assert parted[left] != parted[right]
    joined = _persons(linked.after([Decision(left, right, same=False), Decision(left, right, same=True)]))
    assert joined[left] == joined[right]


def test_a_decision_on_an_unknown_record_is_refused_without_naming_it(made_up: tuple[Linked, Truth]) -> None:
    """A record number may be an identity number."""
    with pytest.raises(NotFound, match="source 'health' has no such record") as raised:
        made_up[0].after([Decision((CIVIL, "c1"), (HEALTH, "3174016304900007"), same=True)])
    assert "3174016304900007" not in str(raised.value)


def _persons(linked: Linked) -> dict[tuple[str, str], str]:
    return {(source, record): person for source, record, person, _ in linked.persons.iter_rows()}


FEW = pl.DataFrame(
    {
        "record": ["1", "2", "3", "4"],
        "given": ["Budi", "Boedi", "Siti", None],
        "family": ["Santoso", "Santoso", "Aminah", None],
        "born": ["1990-01-02", "1990-02-01", "1971-05-30", None],
        "nik": [None, None, None, None],
        "city": ["Bandung", "Bandung", "Medan", None],
    },
    schema_overrides={"nik": pl.String},
)


@pytest.mark.parametrize("text", ["m_probability value 0.0 is below the minimum", "another fault"])
def test_a_pass_in_which_a_level_falls_to_nothing_is_left_out(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splink refuses the chance 0 in the middle of a pass: the others teach enough; any other fault is a fault."""
    whole, passes = LinkerTraining.estimate_parameters_using_expectation_maximisation, list[str]()

    def refusing(self: LinkerTraining, rule: Any, **options: Any) -> Any:
        passes.append(str(rule.get_blocking_rule("duckdb").blocking_rule_sql))
        if passes[-1] == passes[0]:
            raise ValueError(text)
        return whole(self, rule, **options)

    monkeypatch.setattr(LinkerTraining, "estimate_parameters_using_expectation_maximisation", refusing)
    sources, truth = registers(250, seed=7)
    if text == "another fault":
        with pytest.raises(ValueError, match=text):
            link_records(sources, LINKAGE, threads=1)
        return
    linked = link_records(sources, LINKAGE, threads=1)
    assert (passes.count(passes[0]), len(passes) > 1, linked.learned) == (1, True, True)
    assert (quality(linked, truth).f1 or 0) >= 0.95


def test_a_few_records_are_linked_by_start_values() -> None:
    """Four records teach nothing, and the outcome says that nothing was learned."""
    linked = link_records({HEALTH: FEW}, LINKAGE, threads=1)
    assert not linked.learned
    person = linked.persons["person"].to_list()
    assert person[0] == person[1]
    assert len(set(person)) == 3


@pytest.mark.parametrize("sources", [{CIVIL: FEW.head(1)}, {CIVIL: FEW}, {HEALTH: FEW.clear()}])
def test_where_there_is_no_pair_every_record_is_a_person(sources: dict[str, pl.DataFrame]) -> None:
    """One record, one source without duplicates, or nothing at all: no pair, no model, no error."""
    linked = link_records(sources, LINKAGE, threads=1)
    assert linked.pairs.is_empty()
    assert linked.persons["person"].n_unique() == linked.records.height
    assert linked.prior is None


def test_too_little_memory_is_one_clear_sentence() -> None:
    """DuckDB may not write personal data to disk, so it stops."""
    sources, _ = registers(250, seed=7)
    with pytest.raises(BadInput, match="linking needs more than 1MB of memory"):
        link_records(sources, LINKAGE, threads=1, memory="1MB")


def test_progress_is_told_stage_by_stage() -> None:
    """Five stages, in order, also where there is nothing to learn."""
    heard: list[tuple[int, int]] = []
    link_records({HEALTH: FEW}, LINKAGE, threads=1, told=lambda number, of, _: heard.append((number, of)))
    assert heard == [(number, 5) for number in range(1, 6)]


def test_a_pair_inside_a_source_without_duplicates_is_no_pair() -> None:
    """Such a source says itself that its records are different persons."""
    linked = link_records({CIVIL: FEW, HEALTH: FEW}, LINKAGE, threads=1)
    inside = (pl.col("source_left") == CIVIL) & (pl.col("source_right") == CIVIL)
    assert linked.pairs.filter(inside).is_empty()
    assert not linked.pairs.filter(pl.col("source_left") != pl.col("source_right")).is_empty()
