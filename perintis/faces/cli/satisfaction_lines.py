"""How far a satisfaction survey has come, for the screen and for programs: counts and means, never a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perintis.faces.cli.screen import count, is_narrow, paragraph, table
from perintis.rules.satisfaction_survey import FEWEST_SHOWN, QUESTIONS, Group, SurveySoFar
from perintis.words.recorded import Process

BOTH_LANGUAGES = 112
"""Columns for the names of the elements in both languages."""


def survey_json(pilot: str, baseline: str | None, process: Process, found: SurveySoFar) -> dict[str, Any]:
    """The survey for programs; keys as in docs/reference/commands.md."""
    return {
        "pilot": pilot, "baseline": baseline, "process": None if baseline else process.value,
        **_group_json(found.whole),
        "elements": [
            {"code": e.code, "name": q.name, "nama": q.nama, "mean": e.mean, "answers": e.answers}
            for e, q in zip(found.elements, QUESTIONS, strict=True)
        ],
        "offices": [{"office": group.office, **_group_json(group)} for group in found.offices],
    }  # fmt: skip


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "asked": group.asked, "answered": group.answered, "complete": group.complete,
        "response": group.answered / group.asked if group.asked else None, "index": group.index,
        "category": group.category, "hidden": group.hidden,
    }  # fmt: skip


def survey_lines(name: str, found: SurveySoFar) -> Iterator[str]:
    """The survey for people: the index, the elements, the offices."""
    whole = found.whole
    if not whole.asked:
        yield f"{name}: no case is closed yet, so nobody was asked."
        return
    answered = f"{whole.answered:,} of {count(whole.asked, 'closed case')} answered ({_response(whole)})"
    partly = (
        f", {whole.answered - whole.complete:,} of them not all nine questions"
        if whole.answered > whole.complete
        else ""
    )
    yield paragraph(f"{name}: {answered}{partly}.")
    if whole.index is None:
        yield f"No index (IKM) is shown: {whole.hidden}."
    else:
        yield f"Index (IKM) {whole.index:.2f}, category {whole.category}."
    yield ""
    yield from _element_lines(found)
    if found.offices:
        yield ""
        yield from _office_lines(found)


def _element_lines(found: SurveySoFar) -> Iterator[str]:
    narrow = is_narrow(BOTH_LANGUAGES)
    rows = [
        (
            e.code,
            q.name if narrow else f"{q.nama} / {q.name}",
            "" if e.mean is None else f"{e.mean:.2f}",
            f"{e.answers:,}",
        )
        for e, q in zip(found.elements, QUESTIONS, strict=True)
    ]
    yield table(("", "element", "mean (1-4)", "answers"), rows, right=(2, 3))


def _office_lines(found: SurveySoFar) -> Iterator[str]:
    rows = [
        (
            g.office,
            f"{g.asked:,}",
            f"{g.answered:,}",
            _response(g),
            "" if g.index is None else f"{g.index:.2f}",
            g.category,
        )
        for g in found.offices
    ]
    yield table(("office", "asked", "answered", "response", "IKM", ""), rows, right=(1, 2, 3, 4))
    if any(g.index is None for g in found.offices):
        yield paragraph(
            f"An index is shown from {FEWEST_SHOWN} complete answers on, and where no smaller office's follows from it."
        )


def _response(group: Group) -> str:
    return f"{group.answered / group.asked:.0%}"
