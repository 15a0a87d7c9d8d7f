"""The driver: runs a process function for one case by replay.

The process runs as a coroutine. Each awaited step is a request keyed (step, visit); recorded results are fed back
in the order in which they were recorded, so the code makes the same requests again, and new ones come out. No I/O,
no clock and no event loop: the same history always gives the same requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from perintis.engine.case import Case, Join
from perintis.engine.steps import Request
from perintis.words.errors import DefinitionError, Diverged, SentBack
from perintis.words.recorded import Key

WHAT_MAY_BE_AWAITED = "a process may await steps, all_of, any_of and case.wait"
HOW_TO_GO_ON = "run it with the code it was started with, or withdraw the case"
_MOST_AWAITS_IN_FINALLY = 50

ProcessFunction = Callable[[Case[Any]], Awaitable[Any]]


class _Strand:
    """One line of execution: the process itself, or one branch of an `all_of` / `any_of`."""

    __slots__ = ("body", "group", "index", "key", "source")

    def __init__(self, source: Awaitable[Any], group: _Group | None, index: int) -> None:
        self.source = source
        self.body: Generator[Any, Any, Any] = source.__await__()
        self.group = group
        self.index = index
        self.key: Key | _Group | None = None


class _Group:
    """The branches that one strand waits for."""

    __slots__ = ("first", "left", "parent", "results", "strands")

    def __init__(self, parent: _Strand, join: Join[Any]) -> None:
        self.parent = parent
        self.first = join.first
        self.left = len(join.branches)
        self.results: list[Any] = [None] * self.left
        self.strands = [_Strand(branch, self, i) for i, branch in enumerate(join.branches)]


class Replay:
    """One case in the hands of its process.

    `outstanding` maps the keys asked for and not yet answered, in the order asked, to their requests. `abandoned`
    are keys asked for once and needed no more (the losers of an `any_of`). When `finished`, `decision` is what the
    process returned.
    """

    __slots__ = ("_main", "_strands", "_visits", "abandoned", "case", "decision", "finished", "outstanding")

    def __init__(self, process: ProcessFunction, case: Case[Any]) -> None:
        self.case = case
        self.outstanding: dict[Key, Request[Any]] = {}
        self.abandoned: set[Key] = set()
        self.finished = False
        self.decision: Any = None
        self._strands: dict[Key, _Strand] = {}
        self._visits: dict[str, int] = {}
        self._main = _Strand(process(case), None, 0)
        try:
            self._resume(self._main, None)
        except BaseException:
            self.close()
            raise

    def feed(self, key: Key, result: Any, at: datetime) -> None:
        """Give the recorded result of `key`; a `SentBack` as result is raised inside the process.

        Raises Diverged if the process never asked for it.
        """
        strand = self._strands.pop(key, None)
        if strand is None:
            if key in self.abandoned:
                return
            raise Diverged(self._explain(key))
        del self.outstanding[key]
        strand.key = None
        self.case.now = at
        if isinstance(result, SentBack):
            self._resume(strand, None, result)
        else:
            self._resume(strand, result)

    def check_open(self, keys: Iterable[Key]) -> None:
        """Hold recorded, unfinished work against what the process asks for now; raises Diverged where it does not."""
        for key in keys:
            if key not in self.outstanding and key not in self.abandoned:
                raise Diverged(self._explain(key))

    def close(self) -> None:
        """Let go of the process where it stands, without a word from Python about code that was not run to its end."""
        _let_go(self._main)

    def _explain(self, key: Key) -> str:
        asked = ", ".join(str(k) for k in self.outstanding) or "nothing more"
        return f"the history of this case has {key}, but the process now asks for {asked}; {HOW_TO_GO_ON}"

    def _resume(self, strand: _Strand, value: Any, error: BaseException | None = None) -> None:
        while True:
            try:
                asked = strand.body.send(value) if error is None else strand.body.throw(error)
            except StopIteration as stop:
                self._returned(strand, stop.value)
                return
            except Exception as raised:
                if strand.group is None:
                    raise
                parent = self._break_off(strand.group)
                strand, value, error = parent, None, raised
                continue
            if isinstance(asked, Request):
                self._ask(strand, asked)
                return
            if not isinstance(asked, Join):
                raise DefinitionError(f"{WHAT_MAY_BE_AWAITED}, not {type(asked).__name__}")
            if not asked.branches:
                value, error = (), None
                continue
            self._branch(strand, asked)
            return

    def _ask(self, strand: _Strand, request: Request[Any]) -> None:
        name = request.step.name
        visit = self._visits[name] = self._visits.get(name, 0) + 1
        key = Key(name, visit)
        strand.key = key
        self._strands[key] = strand
        self.outstanding[key] = request

    def _branch(self, strand: _Strand, join: Join[Any]) -> None:
        group = _Group(strand, join)
        strand.key = group
        for branch in group.strands:
            if strand.key is not group:  # an earlier branch has already ended the wait
                break
            self._resume(branch, None)

    def _returned(self, strand: _Strand, value: Any) -> None:
        strand.key = None
        group = strand.group
        if group is None:
            self.finished, self.decision = True, value
            return
        if group.first:
            self._resume(self._break_off(group), (strand.index, value))
            return
        group.results[strand.index] = value
        group.left -= 1
        if group.left == 0:
            group.parent.key = None
            group.strands.clear()  # strands and group refer to each other; without this their memory waits for a sweep
            self._resume(group.parent, tuple(group.results))

    def _break_off(self, group: _Group) -> _Strand:
        """Abandon every branch of a group that still waits; returns the strand that waited for the group."""
        group.parent.key = None
        for strand in group.strands:
            waiting = strand.key
            if isinstance(waiting, _Group):
                self._break_off(waiting)
            elif waiting is not None:
                self.abandoned.add(waiting)
                self.outstanding.pop(waiting, None)
                self._strands.pop(waiting, None)
            strand.key = None
            _close(strand)
        group.strands.clear()
        return group.parent


def _close(strand: _Strand) -> None:
    """End a branch that nobody waits for any more; what it has to put away it does now, without waiting."""
    try:
        strand.body.close()
    except RuntimeError as error:
        if "GeneratorExit" not in str(error):
            raise
        _let_go(strand)
        raise DefinitionError(
            "a branch that is given up may not await anything more (in `finally` or `except`)"
        ) from None
    if close := getattr(strand.source, "close", None):
        close()


def _let_go(strand: _Strand) -> None:
    """Close a strand and the branches it waits for, whatever their `finally` blocks still want to await."""
    for branch in strand.key.strands if isinstance(strand.key, _Group) else ():
        _let_go(branch)
    for part in (strand.body, strand.source):
        if isinstance(part, Generator | Coroutine):
            for _ in range(_MOST_AWAITS_IN_FINALLY):
                with suppress(Exception):  # from code of a process that is not wanted any more
                    part.close()
                    break
