"""Does batches as Prefect task runs: the only module that imports Prefect (which takes seconds).

A task run is named for its step and size, tagged with agency and pilot, and is told opaque ids and counts only. In the
process that asked for it, it takes its batch from memory; anywhere else it does the batch from its ticket.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.events.worker import EventsWorker
from prefect.flows import Flow
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.tasks import Task

from perintis.doors.running import RunReport, now
from perintis.doors.settings import read_settings
from perintis.doors.tickets import Ticket, perform_ticket, write_ticket
from perintis.engine.batches import BatchReport
from perintis.engine.live import where
from perintis.engine.waves import Batch
from perintis.words.errors import DefinitionError, PerintisError
from perintis.words.recorded import Process

Work = Callable[[Batch], BatchReport]
BatchTask = Task[..., dict[str, int]]
_DRAIN_SECONDS = 30


@dataclass(slots=True)
class _Held:
    """A batch that waits in this process for its task run."""

    process_id: int
    batch: Batch
    work: Work
    report: BatchReport | None = None
    error: Exception | None = None


_held: dict[str, _Held] = {}
"""By token. A process forked from this one has a copy of it, which it must not use."""


def do_batch(
    pilot: str, process: str, step: str, size: int, cases: str, asked: str, token: str
) -> dict[str, int]:  # fmt: skip
    """Do one step for many cases and record what came of it; returns counts."""
    held = _held.get(token)
    try:
        if held is not None and held.process_id == os.getpid():
            report = held.report = held.work(held.batch)
        else:
            report = perform_ticket(read_settings(), Ticket(pilot, process, step, size, cases, asked))
    except Exception as error:  # noqa: BLE001  # its text and its values must not reach Prefect
        problem = explain(error)
        if held is not None:
            held.error = error
    else:
        return counts(report)
    raise PerintisError(problem)


def explain(error: Exception) -> str:
    """What may be said of an error outside this process: our own sentence, or only its kind and place."""
    return str(error) if isinstance(error, PerintisError) else where(error)


def counts(report: BatchReport) -> dict[str, int]:
    """What a task run answers: how many items were done, will be retried, failed, were refused, or left ready."""
    told = {"done": report.done, "retrying": report.retrying, "failed": report.failed, "refused": report.refused}
    left = 0 if report.down is None else report.size - sum(told.values())
    return {**told, "left_ready": left}


def batch_task(pilot: str, step: str, agency: str) -> BatchTask:
    """The task of one step: Prefect's limits by tag and its lists by name then speak of steps and agencies.

    `do_batch` itself stays a plain function: as such it travels to other processes by its name, alone.
    """
    declare = task(
        name=step, tags=[agency, pilot], task_run_name="{step} × {size}", persist_result=False,
        cache_policy=NO_CACHE, retries=0, log_prints=False,
    )  # fmt: skip
    return declare(do_batch)


NOT_DONE = "Prefect could not run the batch"


def told_from_elsewhere(batch: Batch, answer: dict[str, int] | None) -> BatchReport:
    """The report of a batch that another process did; its cases are then read from the store again.

    A batch of which nothing was done at all is left for another run: asking for it again would never end.
    """
    report = BatchReport(batch.step.name, len(batch.items))
    if answer is None or not any(answer.values()):
        report.down = NOT_DONE
        return report
    if answer["left_ready"]:
        report.down = f"{batch.step.agency.code} cannot be reached"
    report.done, report.retrying, report.failed = answer["done"], answer["retrying"], answer["failed"]
    return report


def _answer(future: PrefectFuture[Any]) -> dict[str, int] | None:
    """What a task run answered, or None where it did not complete."""
    try:
        answer = future.result(raise_on_failure=False)
    except Exception:  # noqa: BLE001  # a task runner that lost its worker raises whatever its library raises
        return None
    return answer if isinstance(answer, dict) else None


class PrefectExecutor:
    """Does the batches of a run as task runs of the flow run it is used in.

    `unrun` counts batches that Prefect could not run; their cases stay ready.
    """

    def __init__(self, pilot: str, process: Process) -> None:
        self._pilot = pilot
        self._process = process
        self._tasks: dict[str, BatchTask] = {}
        self.unrun = 0

    def perform(self, batches: Sequence[Batch], work: Work) -> list[BatchReport]:
        """Submit all batches to the flow's task runner, then wait for them."""
        submitted = [self._submit(batch, work) for batch in batches]
        reports = [self._wait(batch, *entry) for batch, entry in zip(batches, submitted, strict=True)]
        for _, held, _ in submitted:
            if held.error is not None:  # not Prefect's failure but ours or the store's: the run cannot go on
                raise held.error
        return reports

    def _submit(self, batch: Batch, work: Work) -> tuple[str, _Held, PrefectFuture[Any] | None]:
        step = batch.step
        if step.name not in self._tasks:
            self._tasks[step.name] = batch_task(self._pilot, step.name, step.agency.code)
        token = secrets.token_hex(8)
        held = _held[token] = _Held(os.getpid(), batch, work)
        ticket = write_ticket(self._pilot, self._process, step.name, batch.items, now())
        try:
            return token, held, self._tasks[step.name].submit(**ticket._asdict(), token=token)
        except Exception as error:  # noqa: BLE001  # whatever keeps a task run from starting, the cases must not suffer
            self._say(f"{step.name} × {len(batch.items)} was not started ({type(error).__name__})")
            return token, held, None

    def _wait(self, batch: Batch, token: str, held: _Held, future: PrefectFuture[Any] | None) -> BatchReport:
        answer = None if future is None else _answer(future)
        del _held[token]
        if held.report is not None:  # recorded, whatever Prefect thinks of the task run
            return held.report
        report = told_from_elsewhere(batch, answer)
        if report.down == NOT_DONE and held.error is None:
            self.unrun += 1
            self._say(f"{batch.step.name} × {len(batch.items)} was not done; its cases stay ready")
        return report

    @staticmethod
    def _say(sentence: str) -> None:
        get_run_logger().warning(sentence)


def flow_run_id() -> str:
    """The id of the flow run that is being executed here; DefinitionError outside a flow."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise DefinitionError("run_pilot works inside a Prefect flow only; decorate its caller with @flow(name=...)")
    return str(context.flow_run.id)


def publish(pilot: str, report: RunReport) -> None:
    """Show the figures of a run, the same as in the run history, as a table artifact of its flow run."""
    try:
        create_table_artifact(
            table=artifact_rows(report),
            key=artifact_key(pilot),
            description=f"Run {report.run} of {pilot}. The run history (`perintis runs {pilot}`) has the same figures.",
        )
    except Exception as error:  # noqa: BLE001  # the run is recorded; its picture in Prefect is worth no failure
        get_run_logger().warning(f"the table of run {report.run} was not kept by Prefect ({type(error).__name__})")


def artifact_key(pilot: str) -> str:
    """A pilot's name as Prefect allows it: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", pilot.lower()).strip("-") + "-run"


def artifact_rows(report: RunReport) -> list[dict[str, Any]]:
    """One row a figure: `figure`, `step` (or empty) and `value`."""
    rows = []
    for figure, value in report.counts.items():
        if isinstance(value, dict):
            rows += [{"figure": f"{figure}: {name}", "step": "", "value": number} for name, number in value.items()]
        else:
            rows.append({"figure": figure, "step": "", "value": value})
    for figure, value in report.metrics.get("service_levels", {}).items():
        rows.append({"figure": f"service levels {figure}", "step": "", "value": value})
    for step, figures in report.metrics.get("steps", {}).items():
        rows += [{"figure": figure, "step": step, "value": value} for figure, value in figures.items()]
    return rows


def find_flow(module: ModuleType, pilot: str) -> Callable[..., Any]:
    """The @flow function of a pilot in its flow file, or DefinitionError."""
    flows = [value for value in vars(module).values() if isinstance(value, Flow) and value.name == pilot]
    if not flows:
        raise DefinitionError(f'the flow file of pilot {pilot} has no Prefect flow; write @flow(name="{pilot}")')
    return flows[0]


@contextmanager
def in_the_foreground() -> Iterator[None]:
    """Run a flow in front of a person: without heartbeats, and with everything told to the server at the end.

    Ending the heartbeat thread takes most of the time of a short flow. A flow that a worker runs keeps it: there it
    is how a crashed run is found out. What Prefect sends in the background must arrive before the server is stopped.
    A log line that cannot be sent is not worth one on the screen: what went wrong is said once, at the end. After an
    error it stays so, for the lines that Prefect still tries to send then.
    """
    loud, logging.raiseExceptions = logging.raiseExceptions, False
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        try:
            yield
        finally:
            EventsWorker.drain_all(timeout=_DRAIN_SECONDS, at_exit=False)
            APILogWorker.drain_all(timeout=_DRAIN_SECONDS, at_exit=False)
    logging.raiseExceptions = loud
