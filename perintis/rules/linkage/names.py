"""Names in their standard form: no case, accents, titles or punctuation; and a key that old and new spelling share.

Indonesian spelling: the reforms of 1947 (oe became u) and 1972 (dj, tj, j, nj, sj, ch became j, c, y, ny, sy, kh) left
every name with two forms (Soeharto, Suharto); bearers keep either. As the old j is y and the old dj is
j, one key for both must join j and y. It also joins doubled letters and the endings that clerks vary.
"""

from __future__ import annotations

import re
import unicodedata

from perintis.rules.linkage.reading import EMPTY, Reading, given

_TITLES_TEXT = """
    h hj haji hajjah kh kyai kiai ustadz ustad ustaz ustadzah rd raden rr ra rm kanjeng gusti tn tuan ny nyonya nn bpk
    bapak pak ibu sdr sdri dr drs dra drg drh ir prof kol kapt letkol letjen mayjen brigjen jend serka mr mrs ms miss
    sir dame lord lady rev baron alm almh almarhum almarhumah
"""
_DEGREES_TEXT = """
    se sh st sp spd sag skom ssos sked ssi sip ssn skep skm spsi shut spt stp sf apt amd amdkeb amdkep sst str mm mh mt
    msi mkom mpd mag mkes msc ma mba mkn mp mhum phd lc ba bsc bba dipl sppd spog spa spb jr sr
"""
TITLES = frozenset(_TITLES_TEXT.split())
"""Honorifics, religious, military and noble titles that stand before a name."""
DEGREES = frozenset(_DEGREES_TEXT.split())
"""Degrees that stand behind a name, written without dots."""
LINKS = frozenset({"bin", "binti", "binte", "bt", "al", "el", "van", "von", "der", "de", "a/l", "a/p", "s/o", "d/o"})
"""Words between a name and a father's name; left out, as one agency writes them and another does not."""

_OLD_SPELLING = (
    ("oe", "u"),
    ("tj", "c"),
    ("dj", "j"),
    ("nj", "ny"),
    ("sj", "sy"),
    ("ch", "kh"),
    ("ph", "f"),
    ("th", "t"),
    ("dh", "d"),
    ("v", "f"),
    ("q", "k"),
    ("x", "ks"),
    ("z", "s"),
    ("sy", "s"),
    ("kh", "h"),
    ("ie", "i"),
    ("j", "y"),
    ("y", "i"),
)
_DOUBLED = re.compile(r"(.)\1+")
_DOTTED = re.compile(r"\b(?:[a-z]{1,4}\.)+[a-z]{0,4}")


def plain(text: str) -> str:
    """Lower case, without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o").replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def name_words(text: str) -> tuple[str, ...]:
    """The words of a name, without titles, degrees and links; all of them where nothing else would be left.

    `H. Moh. Soeharto bin Karto, S.E.` is (moh, soeharto, karto). One letter stands for an initial.
    """
    lower = plain(text)
    head, *tail = lower.split(",")
    # Behind a comma stand degrees, or, as in `karto, soeharto`, a given name.
    kept = [head, *(part for part in tail if not _is_degrees(part))]
    words = [word for part in kept for word in _words(part)]
    bare = [word for word in words if word not in LINKS] or words
    while len(bare) > 1 and bare[0] in TITLES:
        bare = bare[1:]
    while len(bare) > 1 and bare[-1] in DEGREES:
        bare.pop()
    return tuple(bare)


def _words(part: str) -> list[str]:
    """Words of letters; dots and spaces part them, hyphens and apostrophes join them."""
    joined = re.sub(r"['’`´\-]", "", _DOTTED.sub(_without_dots, part))
    return [word for word in re.split(r"[^\w/]+|_", joined) if word and not word.isdigit()]


def _without_dots(match: re.Match[str]) -> str:
    """`s.kom` becomes `skom`, as it is a degree; `moh.ali` stays two words."""
    joined = match[0].replace(".", "")
    return joined if joined in DEGREES else match[0]


def _is_degrees(part: str) -> bool:
    words = [word.replace(".", "") for word in part.split()]
    return "".join(words) in DEGREES or all(word in DEGREES or word in TITLES for word in words)


def standard_name(text: str | None) -> Reading[str]:
    """A name or a part of one in its standard form: plain words parted by one space."""
    if (written := given(text)) is None:
        return Reading(None, EMPTY)
    words = name_words(written)
    if not words:
        return Reading(None, "has no letters")
    return Reading(" ".join(words))


def sound_key(name: str) -> str:
    """The key that spellings of one name share, from a standard name: `soeharto`, `suharto` and `suhartoo` are one."""
    key = name.replace(" ", "")
    for old, new in _OLD_SPELLING:
        key = key.replace(old, new)
    return _DOUBLED.sub(r"\1", key).removesuffix("h") or key


def words_key(name: str) -> str:
    """The key of a whole name whatever the order of its words: sound keys in alphabetical order."""
    return " ".join(sorted(sound_key(word) for word in name.split()))


def joined_name(given_name: str | None, family_name: str | None) -> str | None:
    """One full name from its parts; None where both are missing."""
    parts = [part for part in (given(given_name), given(family_name)) if part]
    return " ".join(parts) or None


def is_short_form(left: str, right: str) -> bool:
    """Whether one standard name abbreviates the other: `m` or `muh` for `muhammad`, `budi` for `budi santoso`."""
    short, long = sorted((left.split(), right.split()), key=len)
    if len(short) == len(long) and len(left) > len(right):
        short, long = long, short
    return left != right and all(any(word.startswith(piece) for word in long) for piece in short)
