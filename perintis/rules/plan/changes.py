"""What differs between two plans, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from perintis.rules.plan.model import Plan

_NAMED_BY = ("metric", "name", "office", "step", "role", "column")
_LONGEST = 60


def changes(old: Plan, new: Plan) -> tuple[str, ...]:
    """Each difference as a short sentence: `metrics, lead_time: margin was 2, is 3`; empty where they are equal."""
    return tuple(_differences(old.model_dump(mode="json"), new.model_dump(mode="json"), ()))


def _differences(old: Any, new: Any, at: tuple[str, ...]) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(key), new.get(key), (*at, key))
    elif _named(old) and _named(new):
        before, after = _by_name(old), _by_name(new)
        for name in dict.fromkeys((*before, *after)):
            if name not in after:
                yield f"{', '.join(at)}: {name} was taken out"
            elif name not in before:
                yield f"{', '.join(at)}: {name} was added"
            else:
                yield from _differences(before[name], after[name], (*at, name))
        if list(before) != list(after) and set(before) == set(after):
            yield f"{', '.join(at)}: the order was changed"
    else:
        yield f"{' '.join([', '.join(at[:-1]) + ':', at[-1]]) if at[:-1] else at[-1]} was {_said(old)}, is {_said(new)}"


def _named(value: Any) -> bool:
    """Whether this is a list of parts that have a name each."""
    return isinstance(value, list) and all(isinstance(part, dict) and _name(part) is not None for part in value)


def _name(part: dict[str, Any]) -> str | None:
    return next((str(part[key]) for key in _NAMED_BY if key in part), None)


def _by_name(parts: list[Any]) -> dict[str, Any]:
    return {str(_name(part)): part for part in parts}


def _said(value: Any) -> str:
    if value is None or value == []:
        return "not written"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return ", ".join(_said(part) for part in value)
    if isinstance(value, dict):
        return "; ".join(f"{key} {_said(part)}" for key, part in value.items() if part is not None)
    text = str(value)
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…") if " " in text else text
