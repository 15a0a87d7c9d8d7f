"""Puts the recorded officer into an answer, where its step asks for one, and holds four eyes to be two officers'.

An answer model may have a method `misfit(request)`: why an answer does not fit what was asked, or None.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from perintis.engine.steps import Step
from perintis.words.errors import BadInput, NotAllowed
from perintis.words.officers import ByOfficer, same_officer


def signed_fields(step: Step[Any]) -> dict[str, ByOfficer]:
    """The fields of a step's answer that hold the recorded officer."""
    kind = step.output_type
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    marked = ((name, mark) for name, info in kind.model_fields.items() for mark in info.metadata)
    return {name: mark for name, mark in marked if isinstance(mark, ByOfficer)}


def sign(step: Step[Any], answer: str, officer: str | None, request: Callable[[], BaseModel]) -> str:
    """The answer (JSON) with its officer; as it is where the step asks for none.

    Raises NotAllowed where nobody is named, or where the officer is the one who must be somebody else, and BadInput
    where the answer does not fit the request.
    """
    fields, misfit = signed_fields(step), getattr(step.output_type, "misfit", None)
    if fields:
        answer = _signed(step, answer, officer, request, fields)
    if misfit is not None and (told := misfit(step.output.validate_json(answer), request())):
        raise BadInput(told)
    return answer


def _signed(
    step: Step[Any], answer: str, officer: str | None, request: Callable[[], BaseModel], fields: dict[str, ByOfficer]
) -> str:  # fmt: skip
    if officer is None or not officer.strip():
        raise NotAllowed(f"{step.name} records who answers; say so with --officer NAME")
    for mark in fields.values():
        if mark.unlike is not None and same_officer(officer, str(getattr(request(), mark.unlike))):
            raise NotAllowed(f"{step.name} needs a second officer, and {officer.strip()} was the first; "
                             "another officer has to answer")  # fmt: skip
    document = {**json.loads(answer), **dict.fromkeys(fields, officer.strip())}
    try:
        return step.output.dump_json(step.output.validate_json(json.dumps(document))).decode()
    except ValidationError:
        raise BadInput("the officer's name has 1 to 80 characters; give it with --officer NAME") from None
