"""A claimed case in memory: its replay, and what has been recorded of it."""

from __future__ import annotations

import json
import os
import sysconfig
import traceback
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from perintis.engine.case import Case
from perintis.engine.definition import Definition
from perintis.engine.ports import History, WorkState
from perintis.engine.replay import HOW_TO_GO_ON, WHAT_MAY_BE_AWAITED, ProcessFunction, Replay
from perintis.engine.steps import Request
from perintis.words.errors import Diverged, PerintisError, SentBack
from perintis.words.recorded import Key, WorkStatus

_NOT_THEIRS = tuple(
    f"{folder}{os.sep}"
    for folder in (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), Path(__file__).parents[1])
)
"""Where the code lies that an engineer of a pilot did not write: Python, its libraries, this library."""

_NO_EVENT_LOOP = "no running event loop"  # what asyncio says where a process awaits something of asyncio's


class Live:
    """One leased case being driven.

    `problem` is set when it cannot go on: then `diverged` says whether its code and its history disagree. `blocked`
    are requests that this run will not try any more (an agency that is down).
    """

    __slots__ = ("_definition", "asked_at", "blocked", "diverged", "fence", "id", "problem", "replay", "seq", "work")

    def __init__(self, definition: Definition, process: ProcessFunction, history: History, now: datetime) -> None:
        self._definition = definition
        self.id = history.case
        self.fence = history.fence
        self.seq = history.last_seq
        self.work: dict[Key, WorkState] = {w.key: w for w in history.work}
        self.blocked: set[Key] = set()
        self.asked_at: dict[Key, datetime] = {}
        self.problem: str | None = None
        self.diverged = False
        self.replay: Replay | None = None
        self._guard(self._begin, process, history)
        self._note_new(now)

    def _begin(self, process: ProcessFunction, history: History) -> None:
        case = Case(
            case_id=history.case,
            reference=history.reference,
            office=history.office,
            opened=history.opened,
            application=_application(self._definition, history.application),
        )
        self.replay = Replay(process, case)
        for work in history.work:
            if work.status.answered:
                self._feed(work)
        self.replay.check_open(w.key for w in history.work if w.status.unfinished)
        for work in history.work:
            self._check_asked(work)

    def _check_asked(self, work: WorkState) -> None:
        """Work that the process waits for must be such that it can still be done, in the way the process means."""
        assert self.replay is not None
        request = self.replay.outstanding.get(work.key)
        if request is None:
            return
        if work.status is WorkStatus.WITHDRAWN:
            raise Diverged(f"the process waits for {work.key}, which was withdrawn; {HOW_TO_GO_ON}")
        if request.step.kind is not work.kind:
            raise Diverged(
                f"{work.key} was recorded as {work.kind.value} work and is {request.step.kind.value} work now; "
                f"{HOW_TO_GO_ON}"
            )

    def close(self) -> None:
        """Let go of the case; nothing more is asked of it."""
        if self.replay is not None:
            self.replay.close()

    def _feed(self, work: WorkState) -> None:
        assert self.replay is not None
        assert work.completed is not None
        self.replay.feed(work.key, self._result(work), work.completed)

    def _result(self, work: WorkState) -> Any:
        if work.status is WorkStatus.SENT_BACK:
            return SentBack(work.key.step, json.loads(work.result or "{}").get("reason", ""))
        request = self.replay.outstanding.get(work.key) if self.replay else None
        if request is None:
            return None  # the replay itself says whether that is a divergence
        try:
            return request.step.output.validator.validate_json(work.result or "null")
        except ValueError:
            raise Diverged(
                f"the recorded result of {work.key} does not fit the step's present result type; "
                "give the new fields a default, or run the case with the code it was started with"
            ) from None

    def feed(self, work: WorkState, now: datetime) -> None:
        """Take in what was just recorded of a step visit, in the order of its event number."""
        self.seq += 1
        self.work[work.key] = work
        if work.status.answered:
            self._guard(self._feed, work)
            self._note_new(now)

    def pending(self) -> Collection[tuple[Key, Request[Any]]]:
        """Requests that are asked for and not recorded, or to be tried again; in the order asked.

        Good until the case is fed again.
        """
        if self.replay is None or self.problem is not None:
            return ()
        if not self.blocked:
            return self.replay.outstanding.items()
        return [(key, request) for key, request in self.replay.outstanding.items() if key not in self.blocked]

    def needless(self) -> list[WorkState]:
        """Recorded work that nobody needs any more: the losers of an `any_of`."""
        if self.replay is None or self.problem is not None:
            return []
        abandoned = (self.work.get(key) for key in self.replay.abandoned)
        return [w for w in abandoned if w is not None and w.status.unfinished]

    def _note_new(self, now: datetime) -> None:
        if self.replay is not None and self.problem is None:
            for key in self.replay.outstanding:
                self.asked_at.setdefault(key, now)

    def _guard(self, act: Callable[..., None], *of: Any) -> None:
        """Run process code; whatever it raises sets this one case aside and nothing else."""
        try:
            act(*of)
        except Diverged as error:
            self.problem, self.diverged = str(error), True
        except SentBack as error:
            self.problem = f"{error.step} was sent back and the process does not say what happens then (catch SentBack)"
        except PerintisError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001  # an error in process code may hold personal data: its text stays here
            hint = f": {WHAT_MAY_BE_AWAITED}" if str(error) == _NO_EVENT_LOOP else ""
            self.problem = f"the process code stopped with {where(error)}{hint}"


def _application(definition: Definition, document: str) -> BaseModel:
    model: type[BaseModel] = definition.pilot.application
    try:
        return model.model_validate_json(document)
    except ValueError:
        raise Diverged(
            "the recorded application does not fit the present application model; give new fields a default"
        ) from None


def where(error: BaseException) -> str:
    """The kind of an error and the line of a pilot's code it came from; never its text, which may name people."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith(_NOT_THEIRS)] or frames
    place = f" in {Path(theirs[-1].filename).name} line {theirs[-1].lineno}" if theirs else ""
    return f"{type(error).__name__}{place}"
