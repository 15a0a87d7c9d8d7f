"""Names are compared without what agencies write differently, and nothing is invented for what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perintis.rules.linkage.names import is_short_form, joined_name, sound_key, standard_name, words_key


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("SITI  NURHALIZA", "siti nurhaliza"),
        ("Dr. Hj. Siti Nurhaliza, M.Si.", "siti nurhaliza"),
        ("H. Moh. Soeharto bin Karto, S.E.", "moh soeharto karto"),
        ("Ahmad Fauzi S.Kom", "ahmad fauzi"),
        ("Ir. Joko Widodo", "joko widodo"),
        ("Nur Aini binti Rahman", "nur aini rahman"),
        ("José Ramos-Horta", "jose ramoshorta"),
        ("D'Souza", "dsouza"),
        ("Soeharto", "soeharto"),
        ("Karto, Soeharto", "karto soeharto"),
        ("M. Yusuf", "m yusuf"),
        ("Yusuf H.", "yusuf h"),
        ("H.", "h"),
        ("Moh.Ali", "moh ali"),
    ],
)
def test_a_name_loses_titles_degrees_accents_and_punctuation(written: str, standard: str) -> None:
    """Titles go from the front, degrees from behind, `bin` and `binti` from between; the last word always stays."""
    assert standard_name(written).value == standard


@pytest.mark.parametrize(
    ("written", "reason"),
    [(None, "is empty"), ("  ", "is empty"), ("-", "is empty"), ("N/A", "is empty"), ("12345", "has no letters")],
)
def test_what_is_no_name_gives_none_and_a_reason(written: str | None, reason: str) -> None:
    """There is no value where there is no name."""
    reading = standard_name(written)
    assert (reading.value, reading.reason) == (None, reason)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("soeharto", "suharto"),
        ("djoko", "joko"),
        ("tjokroaminoto", "cokroaminoto"),
        ("sjahrir", "syahrir"),
        ("achmad", "akhmad"),
        ("moehammad", "muhamad"),
        ("noer", "nur"),
        ("njoto", "nyoto"),
        ("widjaja", "wijaya"),
        ("rachmawati", "rahmawati"),
    ],
)
def test_old_and_new_spelling_have_one_key(old: str, new: str) -> None:
    """The reforms of 1947 and 1972 left names with two spellings."""
    assert sound_key(old) == sound_key(new)


@pytest.mark.parametrize(("one", "other"), [("budi", "rudi"), ("sari", "sri"), ("joko", "eko"), ("dewi", "devina")])
def test_different_names_keep_different_keys(one: str, other: str) -> None:
    """The key joins spellings, not persons."""
    assert sound_key(one) != sound_key(other)


def test_the_key_of_a_whole_name_does_not_know_the_order_of_its_words() -> None:
    """Swapped given and family name have one key."""
    assert words_key("soeharto karto") == words_key("karto suharto")


@pytest.mark.parametrize(
    ("one", "other", "short"),
    [
        ("m yusuf", "muhammad yusuf", True),
        ("budi", "budi santoso", True),
        ("b santoso", "budi santoso", True),
        ("budi", "rudi", False),
        ("budi santoso", "budi santoso", False),
    ],
)
def test_initials_and_parts_are_short_forms(one: str, other: str, short: bool) -> None:
    """One name abbreviates another where each of its words begins a word of the other."""
    assert is_short_form(one, other) is short
    assert is_short_form(other, one) is short


def test_parts_of_a_name_are_joined_where_they_are_there() -> None:
    """A person with one name has a full name of one word."""
    assert joined_name("Siti", "Aminah") == "Siti Aminah"
    assert joined_name("Suharto", None) == "Suharto"
    assert joined_name(" ", "-") is None


@given(st.text(max_size=30))
def test_every_text_is_read(text: str) -> None:
    """There is a name or a reason, never both and never neither; a name is without capitals and outer spaces."""
    reading = standard_name(text)
    assert (reading.value is None) == (reading.reason is not None)
    assert reading.value is None or reading.value == reading.value.strip().lower() != ""
