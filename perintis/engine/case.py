"""What process code sees of a case, and the words to wait for several things at once."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast, overload

from pydantic import BaseModel, TypeAdapter

from perintis.engine.steps import Request, Step
from perintis.words.agency import Agency
from perintis.words.durations import Span
from perintis.words.errors import DefinitionError
from perintis.words.recorded import TIMER_STEP, WorkKind

A = TypeVar("A", bound=BaseModel, covariant=True)
T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")


class _NoInput(BaseModel):
    pass


TIMER: Step[datetime] = Step(
    name=TIMER_STEP,
    kind=WorkKind.TIMER,
    agency=Agency("calendar", "Calendar"),
    title="Wait for a date",
    input_model=_NoInput,
    output=TypeAdapter(datetime),
    output_type=datetime,
)


class Case(Generic[A]):
    """One application on its way to a decision, as its process sees it.

    `now` is the time of the latest thing recorded of the case, the same at every replay; process code must take
    the time from here and never from the clock.
    """

    __slots__ = ("application", "id", "now", "office", "opened", "reference")

    def __init__(self, *, case_id: int, reference: str, office: str | None, opened: datetime, application: A) -> None:
        self.id = case_id
        self.reference = reference
        self.office = office
        self.opened = opened
        self.now = opened
        self.application = application

    def wait(self, until: Span | datetime) -> Request[datetime]:
        """Wait for a length of time (working time: by the lead agency's calendar) or until an instant."""
        if isinstance(until, datetime) and until.tzinfo is None:
            raise ValueError("case.wait: an instant needs a time zone")
        return Request(TIMER, {}, span=until)


class Join(Generic[T]):
    """Several branches awaited together: all of them, or the first."""

    __slots__ = ("branches", "first")

    def __init__(self, branches: tuple[Awaitable[Any], ...], *, first: bool) -> None:
        wrong = [type(branch).__name__ for branch in branches if not isinstance(branch, Awaitable)]
        if wrong:
            for branch in branches:
                if isinstance(branch, Coroutine):
                    branch.close()  # else Python says that it was never awaited, which is not the trouble
            raise DefinitionError(f"all_of and any_of take steps and coroutines made of steps, not {wrong[0]}")
        self.branches = branches
        self.first = first

    def __await__(self) -> Generator[Any, Any, T]:
        return cast(T, (yield self))


@dataclass(frozen=True, slots=True)
class First(Generic[T]):
    """What `any_of` gives: which branch came first (from 0) and its result; None and None when time ran out."""

    index: int | None
    value: T | None

    @property
    def timed_out(self) -> bool:
        """Whether the time-out came before any branch."""
        return self.index is None


@overload
def all_of(a: Awaitable[T1], /) -> Awaitable[tuple[T1]]: ...
@overload
def all_of(a: Awaitable[T1], b: Awaitable[T2], /) -> Awaitable[tuple[T1, T2]]: ...
@overload
def all_of(a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], /) -> Awaitable[tuple[T1, T2, T3]]: ...
@overload
def all_of(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], /
) -> Awaitable[tuple[T1, T2, T3, T4]]: ...
@overload
def all_of(
    a: Awaitable[T1], b: Awaitable[T2], c: Awaitable[T3], d: Awaitable[T4], e: Awaitable[T5], /
) -> Awaitable[tuple[T1, T2, T3, T4, T5]]: ...
@overload
def all_of(*branches: Awaitable[T]) -> Awaitable[tuple[T, ...]]: ...
def all_of(*branches: Awaitable[Any]) -> Awaitable[Any]:
    """Do several things side by side and wait for all: steps, or coroutines made of steps."""
    return Join(branches, first=False)


async def any_of(*branches: Awaitable[T], within: Span | datetime | None = None) -> First[T]:
    """Do several things side by side and go on with the first; the others are withdrawn.

    `within` limits the wait: a length of time, or an instant.
    """
    if not branches:
        raise ValueError("any_of needs at least one branch")
    timers: tuple[Awaitable[Any], ...] = () if within is None else (Request(TIMER, {}, span=within),)
    index, value = await Join[tuple[int, Any]]((*branches, *timers), first=True)
    return First(None, None) if index == len(branches) else First(index, value)
