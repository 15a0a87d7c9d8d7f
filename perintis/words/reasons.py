"""What Pydantic found wrong with a value, as the end of a sentence that begins with the field's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_KIND = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here",
    "bool_parsing": "is not yes or no",
    "bool_type": "is not yes or no",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "decimal_parsing": "is not a number",
    "string_type": "is not text",
    "string_too_short": "is empty or too short",
    "none_required": "has to be empty",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}
_ONE_ANSWER = {"True": "has to be yes", "False": "has to be no"}
_DATES = "is not a date: write year-month-day, for instance 1990-05-31"
_TIMES = "is not a time with its zone: write for instance 2026-03-12T16:00+07:00"


def said(error: Mapping[str, Any]) -> str:
    """The reason in plain words, for one entry of `ValidationError.errors(include_input=False)`.

    A pilot's own types say it themselves; their words are taken as they are.
    """
    kind, message = str(error["type"]), str(error["msg"])
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    if kind.startswith(("date_from", "date_pars")) or kind == "date_type":
        return _DATES
    if kind.startswith(("datetime", "timezone")):
        return _TIMES
    if kind == "literal_error" and error["ctx"]["expected"] in _ONE_ANSWER:
        return _ONE_ANSWER[error["ctx"]["expected"]]
    if kind in ("enum", "literal_error"):
        return f"is none of {error['ctx']['expected']}"
    if kind in _LIMITS:
        words, limit = _LIMITS[kind]
        return f"has to be {words} {error['ctx'][limit]}"
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
