"""The languages of the report: every word and every sentence of an evaluation, with its numbers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from perintis.faces.report.evaluation_page import evaluation_page
from perintis.faces.report.languages.language import catalogue, finished, language, localised
from perintis.faces.report.languages.sentences import compiled
from perintis.faces.report.panels import effects, opening, satisfaction, trust
from perintis.rules.evaluation.parts import Message
from perintis.rules.metrics import METRICS
from perintis.rules.statistics.satisfaction import ELEMENTS
from tests.faces.sample_evaluation import sample

ENGLISH, INDONESIAN = language("en"), language("id")
SPEAKING = ("rules/verdict", "rules/designs", "use/evaluation")
"""Where the sentences of an evaluation are made."""

UNSAID = re.compile(
    r"prepare\.py|gather\.py|keep\.py|bundle\.py|dictionary\.py|flow\.py|rule\.py|series\.py|choose\.py|facts\.py"
)
"""Modules whose sentences are errors to the person who evaluates, not messages of the document."""


def test_both_catalogues_have_the_same_entries() -> None:
    """A third language begins with a copy of either."""
    keys = [{(m.context, m.id) for m in catalogue(code) if m.id} for code in ("en", "id")]
    assert keys[0] == keys[1]
    assert all(m.string for m in catalogue("id") if m.id)


def test_a_translation_has_the_places_of_its_sentence() -> None:
    """No number is lost, none is made up; and no sentence of a message is there twice."""
    for code in ("en", "id"):
        for entry in catalogue(code):
            if entry.id and entry.string:
                assert places(str(entry.id)) == places(str(entry.string)), entry.id


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def library(repository: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((repository / "perintis" / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def test_every_word_of_the_page_is_in_the_catalogue(repository: Path) -> None:
    """What code and templates ask for with t(...), and the tables of words."""
    asked = set()
    for _, tree in library(repository, "faces/report"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "t":
                first = node.args[0]
                asked |= {part.value for part in ast.walk(first) if isinstance(part, ast.Constant)}
    for template in (repository / "perintis" / "faces" / "report" / "templates").glob("evaluation*.html"):
        asked |= set(re.findall(r'\bt\("([^"]+)"\)', template.read_text("utf-8")))
    tables = (effects.ROLES, effects.READINGS, opening.DESIGNS, opening.GRADES, satisfaction.CATEGORIES, ELEMENTS)
    asked |= {word for table in tables for word in table.values()}
    asked |= {word for word, _ in opening.WORDS.values()}
    asked |= {word for signs in (trust.SIGNS, trust.SEEN) for _, word in signs.values()}
    asked |= {metric.label for metric in METRICS if not metric.label.startswith("Outcome")}
    asked |= {metric.unit for metric in METRICS if metric.unit != "share"}
    assert len(asked) > 250
    assert sorted(str(word) for word in asked if word not in INDONESIAN.words) == []


def test_every_sentence_of_an_evaluation_is_in_the_catalogue(repository: Path) -> None:
    """Each piece of text of a gate, diagnostic, reason or message between its numbers is part of an entry."""
    known = " | ".join(plain(re.sub(r"\{.*?\}", " | ", str(entry.id))) for entry in catalogue("id") if entry.id)
    lacking = []
    for path, tree in library(repository, *SPEAKING):
        if UNSAID.search(path.name):
            continue
        for line, piece in spoken(tree):
            if plain(piece) not in known:
                lacking.append(f"{path.name}:{line} {piece!r}")
    assert not lacking, "add these to faces/report/languages/*.po:\n" + "\n".join(lacking)


def spoken(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The pieces of text between numbers in what is said, with their lines; not docstrings, nor what nobody sees."""
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("NoEstimate", "ValueError", "BadInput"):
            silent |= {id(part) for argument in node.args[-1:] for part in ast.walk(argument)}
        if isinstance(node, ast.Raise):
            silent |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if node.value.strip().count(" ") >= 3:
            yield node.lineno, node.value


def plain(text: str) -> str:
    return " ".join(text.split()).strip(" .;:,()").lower()


def test_no_sentence_of_ours_stays_english_in_the_indonesian_page() -> None:
    """What could not be said in Indonesian is marked, and nothing is."""
    page = evaluation_page(sample("scale"), "id")
    assert "<span lang=en>" not in page
    assert '<html lang="id">' in page
    for word in ("Baseline", "Verdict", "cases", "Lead time", "days", "waiting", "interval", "cannot"):
        assert not re.search(rf">[^<]*\b{word}\b", page.replace("README.md", "")), word


SAID = {
    "G3.cases": ("the baseline: 1,500 cases, 300 needed", "Basis pembanding: 1.500 permohonan, perlu 300."),
    "G1.metric.lead_time": (
        "lead_time cannot be computed: baseline: no deadlines were recorded",
        "Lead_time tidak dapat dihitung: basis pembanding: tenggat tidak dicatat.",
    ),
    "G6.drift": (
        ("Were the difference of trends before the start to go on, it would make -1.25 to +0.5 working hours; "
        "less than 2 needed"),
        "Bila perbedaan tren sebelum mulai berlanjut, akibatnya \u22121,25 sampai +0,5 jam kerja; harus kurang dari 2.",
    ),
    "continue": (
        ("Look 1 of 3 does not decide yet: we cannot tell yet for lead time: effects from 0.5 days worse to 4.2 days "
        "better remain possible, and 2.5 days would be worthwhile"),
        ("Pembacaan ke-1 dari 3 belum memutuskan: belum dapat disimpulkan untuk waktu penyelesaian: pengaruh dari 0,5 "
        "hari lebih buruk sampai 4,2 hari lebih baik masih mungkin, dan 2,5 hari dianggap layak."),
    ),
    "scale": (
        ("Lead time: better by 4 days (2 to 6 days better); fields typed again: better by 6.1 fields (5.3 to 6.9 "
        "fields better), and no guardrail can be worse by its margin"),
        ("Waktu penyelesaian: lebih baik sebesar 4 hari (2 sampai 6 hari lebih baik); isian yang diketik ulang: lebih "
        "baik sebesar 6,1 isian (5,3 sampai 6,9 isian lebih baik), dan tidak ada ukuran pengaman yang dapat lebih "
        "buruk melebihi batas toleransinya."),
    ),
    "change_underpowered": (
        "about 1,900 more cases or 1 more office", "Sekitar 1.900 permohonan lagi atau 1 kantor lagi.",
    ),
    "gate": (
        "The pilot: 6 offices needed to scale, 5 present", "Proyek perintis: perlu 6 kantor untuk perluasan, ada 5.",
    ),
    "scalability_incomplete": (
        "What scaling needs is not shown yet: capacity, legal basis",
        "Syarat perluasan belum ditunjukkan: kapasitas, dasar hukum.",
    ),
    "placebo": (
        "Of 3 placebo dates, the largest change (2025-03-02) would come about by chance in 1.2% of draws.",
        "Dari 3 tanggal plasebo, perubahan terbesar (2 Maret 2025) muncul karena kebetulan pada 1,2% percobaan.",
    ),
    "outcome": ("share refused: not better", "Bagian ditolak: tidak lebih baik."),
}  # fmt: skip
"""Sentences of an evaluation by their code, in English and Indonesian."""


@pytest.mark.parametrize("code", SAID)
def test_a_message_is_said_with_its_numbers(code: str) -> None:
    """Read from the English sentence, so that an old evaluation can be read too."""
    english, indonesian = SAID[code]
    assert INDONESIAN.say(Message(code=code, text=english)) == indonesian


def test_names_stay_as_they_are() -> None:
    """Offices, steps and data sets are not translated, nor are pieces of them."""
    said = INDONESIAN.say(
        Message(code="grade", text="Kantor <Pusat> is a measured log: it bears whatever the design bears")
    )
    assert said == "Kantor &lt;Pusat&gt; adalah catatan terukur: menanggung apa yang ditanggung rancangannya."


def test_what_cannot_be_said_is_marked_as_english() -> None:
    """A screen reader changes its voice; nothing is lost."""
    unknown = Message(code="new", text="the <moon> was full")
    assert INDONESIAN.say(unknown) == "<span lang=en>The &lt;moon&gt; was full.</span>"
    assert INDONESIAN.phrase(unknown) == "<span lang=en>the &lt;moon&gt; was full</span>"
    assert ENGLISH.say(unknown) == "The &lt;moon&gt; was full."


def test_english_says_chance_in_words_and_minus_as_minus() -> None:
    """What a check says of itself has no bare p-value; what is rare is said to be rare."""
    told = (
        "Were there nothing, drawing the offices anew would give as large a difference in {} of draws, by the t test "
        "1.0%."
    )
    lot = Message(code="permutation", text=told.format("<0.1%"))
    assert ENGLISH.say(lot) == told.format("&lt;0.1%")
    assert "pada &lt;0,1% undian, uji t 1,0%." in INDONESIAN.say(lot)
    effect = Message(code="overlap_weights", text="the effect is -10.81 since 2025-01-06")
    assert ENGLISH.say(effect) == "The effect is \u221210.81 since 2025-01-06."


def test_no_entry_speaks_of_bare_p_values() -> None:
    """In neither language."""
    for code in ("en", "id"):
        for entry in catalogue(code):
            said = f"{entry.id} {entry.string}"  # the terminal shows the sentence itself
            assert not re.search(r"\bp\s*=|p-value|\bp of\b|smallest p\b", said), said


def test_places_know_what_may_stand_in_them() -> None:
    """Numbers are numbers, `(s)` may be missing, a full stop and a capital do not matter."""
    pattern = compiled("about {n} more case(s)")
    assert pattern.fullmatch("About 1 more case.")
    assert pattern.fullmatch("about 1,900 more cases")
    assert not pattern.fullmatch("about many more cases")


@pytest.mark.parametrize(
    ("english", "indonesian"),
    [("1,900.5", "1.900,5"), ("-10.81", "\u221210,81"), ("+0.41", "+0,41"), ("0.0%", "0,0%"), ("1e+05", "100.000")],
)
def test_numbers_within_sentences_are_rewritten(english: str, indonesian: str) -> None:
    """With the decimals they had."""
    assert localised(english, INDONESIAN.numbers) == indonesian


def test_a_sentence_is_finished_once() -> None:
    """A capital and one full stop."""
    assert (finished("a"), finished("A."), finished("a?")) == ("A.", "A.", "A?")
