"""Small numbers within sentences: `3 cases, 30 needed` is published as `<5 cases, 30 needed`."""

from __future__ import annotations

import re
from math import ceil

from perintis.rules.evaluation.parts import Message
from perintis.rules.suppression import THRESHOLD, few

COUNTS = tuple(
    re.compile(expression)
    for expression in (
        r"(\d+) (?:matured )?cases(?: in the middle office)?, [\d,]+ needed",
        r"cases in the \w+ needed, (\d+) present",
        r"cases of either cohort needed, (\d+) with the pilot and (\d+) without",
        r"(\d+) respondents? answered",
        r"(\d+) cases in the baseline and (\d+) in the pilot, [\d,]+ each needed",
        r"(\d+) cases have no office",
        r"(\d+) cases left out",
        r"not one of (\d+) cases",
        r"the smaller one has (\d+)",
        r"(\d+) (?:entered less than|are still open|lack what|were not decided|close before|ended before)",
    )
)
"""Where sentences of the program count cases or people: the groups are those counts."""

SHARES = ("G1.missing", "G4", "crossed", "withdrawals_differ", "fidelity", "open", "sample_ratio")
"""Codes, or how they begin, of sentences whose per cents are shares of the cases."""

PERCENT = re.compile(r"(?<![\d.<>])(\d+(?:\.\d+)?)%")


def unsaid(message: Message, cases: int) -> Message:
    """The message without small counts, and without shares of so many cases that tell one."""
    text = message.text
    for expression in COUNTS:
        text = expression.sub(_hidden, text)
    if message.code.startswith(SHARES):
        text = PERCENT.sub(lambda found: _bounded(found[1], cases), text)
    return message if text == message.text else Message(code=message.code, text=text)


def _hidden(found: re.Match[str]) -> str:
    """The match with its small groups as `<5`."""
    text, start = found[0], found.start()
    for group in range(found.re.groups, 0, -1):
        if few(int(found[group])):
            text = text[: found.start(group) - start] + f"<{THRESHOLD}" + text[found.end(group) - start :]
    return text


def _bounded(percent: str, cases: int) -> str:
    """A share of so many cases; `<2%` or `>98%` where it tells that a few have it, or have it not."""
    share = float(percent) / 100
    limit = ceil(100 * THRESHOLD / cases) if cases else 100
    if few(share * cases):
        return f"<{limit}%"
    return f">{100 - limit}%" if few((1 - share) * cases) else f"{percent}%"
