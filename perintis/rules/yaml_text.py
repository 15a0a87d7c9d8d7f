"""Reads the text of a YAML file into a strict model, with errors that name file, line and entry."""

from __future__ import annotations

from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from perintis.words.errors import BadInput

M = TypeVar("M", bound=BaseModel)
MOST_FAULTS_TOLD = 5


class _EachKeyOnce(yaml.SafeLoader):
    """YAML lets a key be written twice and keeps the last; in an agreement that would lose a term silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} is written twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str, model: type[M], where: str) -> M:
    """The text as `model`; `where` names the file in errors. Raises BadInput with the place of each fault."""
    try:
        read = yaml.load(text, Loader=_EachKeyOnce)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        twice = getattr(error, "problem", None) or ""
        what = twice if twice.endswith("twice") else "this is not YAML; look at indents, colons and quotes"
        raise BadInput(f"{where}{line}: {what}") from None
    try:
        return model.model_validate(read)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        told = [f"{_place(f['loc'])}: {f['msg'].removeprefix('Value error, ')}" for f in faults[:MOST_FAULTS_TOLD]]
        if len(faults) > MOST_FAULTS_TOLD:
            told.append(f"and {len(faults) - MOST_FAULTS_TOLD} more")
        raise BadInput(f"{where}: {'; '.join(told)}") from None


def _place(location: tuple[int | str, ...]) -> str:
    """`terms, entry 2, fields` for a reader who counts from one."""
    return ", ".join(f"entry {part + 1}" if isinstance(part, int) else part for part in location) or "the whole file"
