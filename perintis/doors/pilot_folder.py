"""Finds pilots: the folder that has `pilots/`, `tasks/` and `flows/` in it, as Prefect would pull it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from perintis.engine.agreed import Agreed
from perintis.engine.definition import Definition, steps_in
from perintis.rules.agreement import Agreement, read_agreement
from perintis.words.errors import BadInput, DefinitionError, NotFound
from perintis.words.pilot import Pilot
from perintis.words.recorded import Process


def list_pilots(folder: Path) -> tuple[Pilot[Any], ...]:
    """The pilots that `pilots/__init__.py` lists in ALL."""
    if not (folder / "pilots" / "__init__.py").is_file():
        raise NotFound(
            f"there is no pilots/__init__.py in {folder.absolute()}; "
            "change to the folder with your pilots, or set PERINTIS_PILOTS to it"
        )
    put_on_path(folder)
    pilots = importlib.import_module("pilots")
    listed = getattr(pilots, "ALL", None)
    if not isinstance(listed, tuple):
        raise DefinitionError("pilots/__init__.py has no tuple ALL of pilots; write ALL = (my_pilot.PILOT,)")
    return listed


def find_pilot(folder: Path, name: str) -> Pilot[Any]:
    """The pilot of that name, or NotFound with the names there are."""
    pilots = {pilot.name: pilot for pilot in list_pilots(folder)}
    if name not in pilots:
        raise NotFound(f"there is no pilot {name!r}; there is {', '.join(sorted(pilots)) or 'none'}")
    return pilots[name]


def load_definition(folder: Path, name: str) -> Definition:
    """A pilot with its process code, steps and agreement, without importing Prefect if the flow file needs only `flow`
    of it."""
    return under_agreement(folder, load_process(folder, name))


def load_process(folder: Path, name: str) -> Definition:
    """A pilot with its process code and steps, not held against any agreement: to be looked at, not to be run."""
    return define(find_pilot(folder, name), vars(load_flow_file(folder, name)))


def load_flow_file(folder: Path, name: str) -> ModuleType:
    """A pilot's flow file, executed: with Prefect's own `flow` where Prefect is loaded already."""
    pilot = find_pilot(folder, name)
    path = folder / "flows" / f"{pilot.module}.py"
    if not path.is_file():
        raise NotFound(f"pilot {name} has no flow file; write flows/{pilot.module}.py")
    put_on_path(folder)
    return _run_flow_file(path)


def read_terms(folder: Path, pilot: Pilot[Any], file: str) -> str | None:
    """The text of one of a pilot's own files (`agreement.yaml`, `plan.yaml`, `rehearsal.yaml`), or None."""
    path = folder / "pilots" / pilot.module / file
    return path.read_text("utf-8") if path.is_file() else None


def find_agreement(folder: Path, pilot: Pilot[Any]) -> Agreement | None:
    """The agreement of a pilot in `folder`, or None. Raises BadInput where it cannot be read or is on another pilot."""
    return agreement_of(folder, pilot.name)


def agreement_of(folder: Path, pilot: str) -> Agreement | None:
    """The same for the name of a pilot."""
    where = f"pilots/{pilot.replace('-', '_')}/agreement.yaml"
    path = folder / where
    if not path.is_file():
        return None
    agreement = read_agreement(path.read_text("utf-8"), where)
    if agreement.pilot != pilot:
        raise BadInput(f"{where} is on pilot {agreement.pilot}, not on {pilot}; write this pilot's own agreement")
    return agreement


def under_agreement(folder: Path, definition: Definition) -> Definition:
    """The definition held against the agreement in `folder`; where there is none, other agencies are shown nothing.

    Raises BadInput as `find_agreement` does.
    """
    return replace(definition, agreed=Agreed(definition.pilot, find_agreement(folder, definition.pilot)))


def define(pilot: Pilot[Any], namespace: Mapping[str, Any]) -> Definition:
    """A definition from the names of a flow file: `to_be`, `as_is` and the steps they use."""
    processes = {p: namespace[p.value] for p in Process if callable(namespace.get(p.value))}
    return Definition(pilot, processes, steps_in(namespace))


def _run_flow_file(path: Path) -> ModuleType:
    """Execute a flow file under a name of its own.

    Importing Prefect takes seconds, and only a run through Prefect needs it: `perintis answer` must not wait for it.
    So `from prefect import flow` gets a stand-in here, unless Prefect is loaded already or more of it is needed.
    """
    if "prefect" in sys.modules:
        return _execute(path)
    before = set(sys.modules)
    sys.modules["prefect"] = _stand_in()
    try:
        return _execute(path)
    except ImportError:
        for name in set(sys.modules) - before:
            del sys.modules[name]
        sys.modules.pop("prefect", None)
        return _execute(path)
    finally:
        if getattr(sys.modules.get("prefect"), "perintis_stand_in", False):
            del sys.modules["prefect"]


def _execute(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"perintis_flow_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _stand_in() -> ModuleType:
    module = ModuleType("prefect", "Stands in for Prefect while a flow file is read without running it.")
    vars(module).update(flow=_leave_as_it_is, perintis_stand_in=True)
    return module


def _leave_as_it_is(function: Any = None, **_: Any) -> Any:
    return _leave_as_it_is if function is None else function


def put_on_path(folder: Path) -> None:
    """Make `pilots`, `tasks` and `flows` importable, as Prefect does for a flow file."""
    entry = str(folder.absolute())
    if entry not in sys.path:
        sys.path.insert(0, entry)
