"""An agreement as a document, and what a new version of it changes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from perintis.rules.agreement import Agreement, read_agreement
from perintis.rules.agreement.compare import compare_general, compare_steps
from perintis.rules.agreement.document import Clause, Heading, lay_out
from perintis.rules.agreement.phrases import PHRASES, in_words
from perintis.rules.agreement.printing import as_html, as_markdown, as_text
from perintis.rules.agreement.wording import Language, length_words

TEXT = """
number: PKS-1
title: {id: Uji, en: Trial}
pilot: p
status: draft
from: 2026-01-01
until: 2026-12-31
open_cases: stop
parties: [{code: a, name: {id: Instansi A, en: Agency A}}, {code: b, name: B & Co}]
articles:
  2: {heading: {id: Pengungkapan, en: Disclosing}, text: [{id: Selebihnya dilarang., en: Nothing else is allowed.}]}
  3: {heading: Last, text: [Only one.]}
terms:
  - {article: art. 2(1), discloses: a, receives: b, fields: [x, y], purpose: ask, legal_basis: law, until: 2026-06-30}
  - {article: art. 2(2), discloses: b, receives: a, fields: [fit], purpose: say, legal_basis: law, retention: a year}
service_levels: [{article: art. 4, party: b, promises: answer, within: 2 working days, step: b.ask}]
data:
  x: {name: {id: nama, en: the name}}
  y: {name: {id: umur, en: the age}}
  fit: {name: {id: layak, en: whether fit}, kind: specific}
"""


@pytest.fixture(scope="module")
def agreement() -> Agreement:
    return read_agreement(TEXT)


def clauses(agreement: Agreement, language: Language, article: str) -> list[Clause]:
    """The clauses of one article."""
    blocks = lay_out(agreement, language)
    start = next(n for n, b in enumerate(blocks) if isinstance(b, Heading) and b.number == article)
    end = next(n for n, b in enumerate(blocks) if n > start and not isinstance(b, Clause))
    return [b for b in blocks[start + 1 : end] if isinstance(b, Clause)]


def test_a_term_is_a_paragraph_with_its_data_law_and_days(agreement: Agreement) -> None:
    """Fields by what they hold, specific data marked; days only where they differ; free text is numbered after it."""
    first, second, rest = clauses(agreement, Language.ENGLISH, "Article 2")
    assert first.text == "The FIRST PARTY (Agency A) discloses the following data to the SECOND PARTY (B & Co) to ask:"
    assert first.items == ("a. the name; and", "b. the age.")
    assert first.after == ("Legal basis: law.", "This paragraph is in force from 1 January 2026 until 30 June 2026.")
    assert (second.items, second.after[-1]) == (
        ("a. whether fit [personal data, specific].",),
        "Kept by the receiver: a year.",
    )
    assert rest == Clause("(3)", "Nothing else is allowed.")
    assert clauses(agreement, Language.ENGLISH, "Article 3") == [Clause("", "Only one.")]


def test_what_has_no_heading_of_its_own_gets_one(agreement: Agreement) -> None:
    """Service levels under theirs; the duration last, with what becomes of open cases."""
    headings = [(b.number, b.text) for b in lay_out(agreement, Language.INDONESIAN) if isinstance(b, Heading)]
    assert headings[-3:] == [
        ("Pasal 4", "Janji Layanan"), ("Pasal 5", "Jangka Waktu"), ("", "LAMPIRAN: DATA YANG DIUNGKAPKAN"),
    ]  # fmt: skip
    [promise] = clauses(agreement, Language.INDONESIAN, "Pasal 4")
    assert promise.text == "PIHAK KEDUA (B & Co) answer paling lambat 2 (dua) hari kerja."
    assert "tidak ada lagi data yang diungkapkan" in clauses(agreement, Language.INDONESIAN, "Pasal 5")[1].text


def test_every_form_holds_every_word(agreement: Agreement) -> None:
    """Plain text, Markdown and a page say the same; a page takes names as text and loads nothing."""
    blocks = lay_out(agreement, Language.ENGLISH)
    page = as_html(blocks, title="A & B", language="en")
    for told in ("Disclosing", "the age", "Only one.", "SECOND PARTY", "personal data, specific"):
        assert all(told in form for form in (as_text(blocks), as_markdown(blocks), page)), told
    assert "<title>A &amp; B</title>" in page
    assert "B & Co" not in page
    assert "http" not in page


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "satu"), (10, "sepuluh"), (11, "sebelas"), (15, "lima belas"), (20, "dua puluh"), (30, "tiga puluh"),
     (42, "empat puluh dua"), (100, "seratus"), (117, "seratus tujuh belas"),
     (908, "sembilan ratus delapan"), (1000, "1000")],
)  # fmt: skip
def test_numbers_are_written_in_words_too(number: int, words: str) -> None:
    """As Indonesian contracts do."""
    assert in_words(number) == words


def test_places_and_lengths_in_both_languages() -> None:
    """`art. 3(1)` and `2 working days` as each language writes them."""
    indonesian, english = PHRASES[Language.INDONESIAN], PHRASES[Language.ENGLISH]
    articles = ["art. 3(9)", "art. 3(1)", "art. 5"]
    assert indonesian.places(articles) == "Pasal 3 ayat (1), ayat (9), Pasal 5"
    assert english.places(articles) == "Article 3(1), (9), Article 5"
    assert length_words("14 days", Language.INDONESIAN) == "14 hari kalender"
    assert english.length("2 working days") == "2 working days"


class Asked(BaseModel):
    x: str
    y: str


class Told(BaseModel):
    fit: bool


STEPS: list[Any] = [
    SimpleNamespace(name="b.ask", agency=SimpleNamespace(code="b"), input_model=Asked, output_type=Told),
    SimpleNamespace(name="a.own", agency=SimpleNamespace(code="a"), input_model=Asked, output_type=Told),
]
NEXT = TEXT.replace("pilot: p\n", "pilot: p\nversion: 2\nreplaces: {number: PKS-1, version: 1}\n")


@pytest.mark.parametrize(
    ("old", "new", "general", "changes", "blocked"),
    [
        ("", "", [], [], False),
        ("fields: [x, y]", "fields: [x]", [], ["a to b, 'y': allowed by art. 2(1), not allowed any more"], True),
        ("fields: [x, y]", "fields: [x, y, fit]", [], [], False),  # wider than the work, but it touches no step
        ("purpose: say", "purpose: tell", [], ["b to a, 'fit': another purpose"], False),
        ("retention: a year", "retention: 2 years", [], ["b to a, 'fit': another retention"], False),
        ("within: 2 w", "within: 3 w",
         ["art. 4 promises 3 working days for b.ask, promised 2 working days before"], [], False),
        ("open_cases: stop", "open_cases: finish",
         ["cases that are open at its end finish, where before they stop"], [], False),
        ("version: 1}", "version: 3}", ["it does not say that it replaces PKS-1 version 1"], [], False),
    ],
)  # fmt: skip
def test_a_new_version_touches_what_it_changes(
    agreement: Agreement, old: str, new: str, general: list[str], changes: list[str], blocked: bool
) -> None:
    """Nothing of the lead's own steps; a narrowed term stands in the way of its step, another purpose does not."""
    later = read_agreement(NEXT.replace(old, new, 1) if old else NEXT)
    assert list(compare_general(agreement, later)) == general
    touched = compare_steps(agreement, later, STEPS, "a")
    assert [change for step in touched for change in step.changes] == changes
    assert any(step.blocked for step in touched) is blocked
