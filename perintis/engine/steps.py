"""Steps: what one agency can do, declared on a typed function.

The function's input model is the disclosure: its fields are filled from the case's application by name and from
keyword arguments, and nothing else reaches the agency. Its return type is the officer's form, the body of the
agency's answer and the recorded result.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args, get_origin, get_type_hints, overload

from pydantic import BaseModel, TypeAdapter

from perintis.words.agency import Agency
from perintis.words.durations import Span
from perintis.words.errors import DefinitionError
from perintis.words.pilot import Sla
from perintis.words.recorded import WorkKind

if TYPE_CHECKING:
    from perintis.engine.case import Case

InputT = TypeVar("InputT", bound=BaseModel)
OutputT = TypeVar("OutputT")

Perform = Callable[[Sequence[Any], Sequence[str]], Sequence[Any]]
"""Does a batch: requests and their keys in, one result for each out, in the same order."""

Send = Callable[[Sequence["Message"]], None]
"""Hands messages to an agency's system; returns when the agency has them, raises when it has none of them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request on its way to an agency. `key` is the same for every attempt to send it."""

    key: str
    step: str
    agency: str
    body: str


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed automatic step is tried again, and the waits: first, first x factor, ... up to longest."""

    times: int = 3
    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)

    def delay(self, attempt: int) -> timedelta | None:
        """The wait after the `attempt`-th failed attempt (from 1), or None when it has been tried often enough."""
        if attempt > self.times:
            return None
        try:
            return min(self.first * self.factor ** (attempt - 1), self.longest)
        except OverflowError:  # after a thousand attempts
            return self.longest


NEVER = Retry(times=0)


class Request(Generic[OutputT]):
    """A step asked for one case; `await` it for the result."""

    __slots__ = ("inputs", "span", "step")

    def __init__(self, step: Step[OutputT], inputs: dict[str, object], span: Any = None) -> None:
        self.step = step
        self.inputs = inputs
        self.span = span

    def __await__(self) -> Generator[Any, Any, OutputT]:
        return cast(OutputT, (yield self))


@dataclass(frozen=True, eq=False)
class Step(Generic[OutputT]):
    """What an agency can do once for one case. Made by `step`, `human_step` or `exchange_step`.

    `batch` says whether `perform` wants many requests at once; a function of one record is called for one at a time.
    """

    name: str
    kind: WorkKind
    agency: Agency
    title: str
    input_model: type[BaseModel]
    output: TypeAdapter[OutputT]
    output_type: Any
    service_level: Sla | None = None
    retry: Retry = NEVER
    perform: Perform | None = None
    batch: bool = True
    send: Send | None = None
    may_send_back: bool = False
    keyed: tuple[str, ...] = ()
    cost: float | None = None
    fields: tuple[str, ...] = field(default=())

    def __call__(self, case: Case[Any], **inputs: object) -> Request[OutputT]:
        """Ask for this step; the keyword arguments fill input fields that the application does not have."""
        if inputs and (unknown := inputs.keys() - set(self.fields)):
            raise DefinitionError(f"{self.name} has no input field {sorted(unknown)[0]!r}; it has {self.fields}")
        return Request(self, inputs)

    def __repr__(self) -> str:
        return f"<{self.kind} step {self.name}>"

    def build_input(self, application: BaseModel, inputs: dict[str, object]) -> BaseModel:
        """The request as the agency sees it: exactly the fields of the input model.

        Raises DefinitionError, naming the field and no value, where a field has no source or does not validate.
        """
        values: dict[str, object] = {}
        for name in self.fields:
            if name in inputs:
                values[name] = inputs[name]
            elif (value := getattr(application, name, _ABSENT)) is not _ABSENT:
                values[name] = value
        try:
            return self.input_model(**values)
        except ValueError as error:
            where = ", ".join(error_fields(error)) or "its input"
            raise DefinitionError(
                f"{self.name} cannot be asked: {where} is missing or not valid; "
                "take it from the application or pass it as a keyword argument"
            ) from None


_ABSENT = object()


def error_fields(error: ValueError) -> list[str]:
    """Names of the fields that a model refused; never their values."""
    errors = getattr(error, "errors", None)
    return [".".join(str(p) for p in e["loc"]) for e in errors(include_input=False)] if errors else []


def _as_sla(within: Span | Sla | None) -> Sla | None:
    return within if within is None or isinstance(within, Sla) else Sla(within)


@dataclass(frozen=True)
class _Signature:
    """What a step's function takes and gives, read once from its annotations."""

    input_model: type[BaseModel]
    output: Any
    batch: bool
    takes_keys: bool


def _read_signature(function: Callable[..., Any]) -> _Signature:
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters)
    where = f"{function.__module__}.{function.__name__}"
    if not parameters or "return" not in hints or parameters[0] not in hints:
        raise DefinitionError(f"{where}: a step takes one typed request and has a return type")
    taken, given = hints[parameters[0]], hints["return"]
    batch = isinstance(get_origin(taken), type) and issubclass(get_origin(taken), Sequence)
    if batch:
        taken, given = get_args(taken)[0], (get_args(given) or (None,))[0]
    if not (isinstance(taken, type) and issubclass(taken, BaseModel)):
        raise DefinitionError(f"{where}: its request must be a Pydantic model, for the model is the disclosure")
    return _Signature(taken, given, batch, "keys" in parameters or "key" in parameters)


def _performer(function: Callable[..., Any], signature: _Signature) -> Perform:
    """One calling convention for the four ways an automatic step may be written."""
    if signature.batch and signature.takes_keys:
        return lambda requests, keys: function(requests, keys=keys)
    if signature.batch:
        return lambda requests, keys: function(requests)
    if signature.takes_keys:
        return lambda requests, keys: [function(r, key=k) for r, k in zip(requests, keys, strict=True)]
    return lambda requests, keys: [function(r) for r in requests]


def _make(function: Callable[..., Any], kind: WorkKind, agency: Agency, **options: Any) -> Step[Any]:
    signature = _read_signature(function)
    if kind is WorkKind.AUTOMATIC:
        options["perform"] = _performer(function, signature)
        options["batch"] = signature.batch
    return Step(
        name=f"{agency.code}.{function.__name__}",
        kind=kind,
        agency=agency,
        title=(inspect.getdoc(function) or function.__name__).splitlines()[0].rstrip("."),
        input_model=signature.input_model,
        output=TypeAdapter(signature.output),
        output_type=signature.output,
        fields=tuple(signature.input_model.model_fields),
        **options,
    )


class _StepMaker:
    """The decorator `@step(...)`; a class so that a batch and a one-record function are both typed."""

    def __init__(self, agency: Agency, options: dict[str, Any]) -> None:
        self._agency = agency
        self._options = options

    @overload
    def __call__(self, function: Callable[[Sequence[InputT]], list[OutputT]]) -> Step[OutputT]: ...
    @overload
    def __call__(self, function: Callable[[InputT], OutputT]) -> Step[OutputT]: ...
    @overload
    def __call__(self, function: Callable[..., list[OutputT]]) -> Step[OutputT]: ...
    @overload
    def __call__(self, function: Callable[..., OutputT]) -> Step[OutputT]: ...
    def __call__(self, function: Callable[..., Any]) -> Step[Any]:
        return _make(function, WorkKind.AUTOMATIC, self._agency, **self._options)


def step(
    agency: Agency,
    *,
    within: Span | Sla | None = None,
    retries: Retry = NEVER,
    keyed: tuple[str, ...] = (),
    cost: float | None = None,
) -> _StepMaker:
    """Declare an automatic step: a function of one request, or of a sequence of requests (a batch).

    A function that takes `keys` (batch) or `key` (one record) also gets the key under which the agency may
    recognise a repeated call: the same for every attempt. After a crash a call whose result was not recorded is
    made again with the same key. To say that the agency is down, raise `AgencyUnavailable`.
    """
    return _StepMaker(agency, {"service_level": _as_sla(within), "retry": retries, "keyed": keyed, "cost": cost})


def human_step(
    agency: Agency,
    *,
    within: Span | Sla | None = None,
    may_send_back: bool = False,
    keyed: tuple[str, ...] = (),
    cost: float | None = None,
) -> Callable[[Callable[[InputT], OutputT]], Step[OutputT]]:
    """Declare a step that an officer does; the return type is the form to fill in.

    `may_send_back` lets the officer return the work with a reason: the process gets `SentBack` at that `await`.
    `keyed` names the fields that are typed by hand at this step.
    """

    def declare(function: Callable[[InputT], OutputT]) -> Step[OutputT]:
        return _make(
            function, WorkKind.HUMAN, agency, service_level=_as_sla(within), may_send_back=may_send_back,
            keyed=keyed, cost=cost,
        )  # fmt: skip

    return declare


def exchange_step(
    agency: Agency,
    *,
    within: Span | Sla | None = None,
    send: Send | None = None,
    cost: float | None = None,
) -> Callable[[Callable[[InputT], OutputT]], Step[OutputT]]:
    """Declare a request to an agency's system that answers later, through the inbox table.

    `send` hands messages over; without it they are written as files for the agency to fetch.
    """

    def declare(function: Callable[[InputT], OutputT]) -> Step[OutputT]:
        return _make(
            function, WorkKind.EXCHANGE, agency, service_level=_as_sla(within), send=send, cost=cost,
            retry=Retry(times=10_000),
        )  # fmt: skip

    return declare
