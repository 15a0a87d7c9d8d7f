"""Reads the text of a YAML file into a strict model, with errors that name file, line and entry."""

from __future__ import annotations

from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from perintis.words.errors import BadInput
from perintis.words.reasons import said

M = TypeVar("M", bound=BaseModel)
MOST_FAULTS_TOLD = 5


class _Told(yaml.MarkedYAMLError):
    """A fault that we found ourselves, in words for the reader."""


class _Strict(yaml.SafeLoader):
    """YAML lets a key be written twice and keeps the last; in an agreement that would lose a term silently.

    And what looks like a date is taken for one, also where the calendar has no such day.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise _Told(problem=f"{key.value!r} is written twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_date(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            raise _Told(problem=f"{node.value!r} is not a day of the calendar", problem_mark=node.start_mark) from None


_Strict.add_constructor("tag:yaml.org,2002:timestamp", _Strict.construct_date)


def read_yaml(text: str, model: type[M], where: str) -> M:
    """The text as `model`; `where` names the file in errors. Raises BadInput with the place of each fault."""
    read = load_yaml(text, where)
    try:
        return model.model_validate(read)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        told = [f"{_place(f['loc'])}: {said(f)}" for f in faults[:MOST_FAULTS_TOLD]]
        if len(faults) > MOST_FAULTS_TOLD:
            told.append(f"and {len(faults) - MOST_FAULTS_TOLD} more")
        raise BadInput(f"{where}: {'; '.join(told)}") from None


def load_yaml(text: str, where: str) -> Any:
    """The text as plain values. Raises BadInput with the file and the line where it is not YAML."""
    try:
        return yaml.load(text, Loader=_Strict)  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        what = error.problem if isinstance(error, _Told) else "this is not YAML; look at indents, colons and quotes"
        raise BadInput(f"{where}{line}: {what}") from None


def _place(location: tuple[int | str, ...]) -> str:
    """`terms, entry 2, fields` for a reader who counts from one."""
    return ", ".join(f"entry {part + 1}" if isinstance(part, int) else part for part in location) or "the whole file"
