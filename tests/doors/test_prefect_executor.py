"""What Prefect is told of a batch and of a run: names, tags, opaque ids and counts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from perintis import Agency, step
from perintis.doors.running import RunReport
from perintis.engine.batches import BatchReport
from perintis.engine.waves import Batch, Tally
from perintis.words.errors import BadInput

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Prefect is imported with a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        patch.setenv("DO_NOT_TRACK", "1")
        yield


class Request(BaseModel):
    name: str


class Found(BaseModel):
    ok: bool


KEMENKES = Agency("kemenkes", "Ministry of Health")


@step(KEMENKES)
def health_screening(request: Request) -> Found:
    """Screen."""
    return Found(ok=True)


def test_task_run_is_named_for_step_and_size_and_tagged_with_agency_and_pilot() -> None:
    """`kemenkes.health_screening × 42`, so that Prefect's lists and limits speak of steps and agencies."""
    from perintis.doors.prefect_executor import batch_task

    task = batch_task("fast-track", "kemenkes.health_screening", "kemenkes")
    assert task.name == "kemenkes.health_screening"
    assert task.tags == {"kemenkes", "fast-track"}
    assert isinstance(task.task_run_name, str)
    assert task.task_run_name.format(step=task.name, size=42) == "kemenkes.health_screening × 42"


def test_task_takes_text_and_a_count_and_keeps_no_result() -> None:
    """Every parameter is an opaque text or a number; nothing of a result is stored; Prefect repeats nothing."""
    from perintis.doors.prefect_executor import batch_task, do_batch

    types = {name: p.annotation for name, p in inspect.signature(do_batch).parameters.items()}
    assert types == {
        "pilot": "str", "process": "str", "step": "str", "size": "int", "cases": "str", "asked": "str", "token": "str",
    }  # fmt: skip
    task = batch_task("fast-track", "kemenkes.health_screening", "kemenkes")
    assert (task.persist_result, task.retries, task.log_prints) == (False, 0, False)


def test_task_travels_by_name() -> None:
    """What goes to another process is a reference to our function: no case that waits in this one goes with it."""
    import cloudpickle  # type: ignore[import-untyped]

    from perintis.doors.prefect_executor import batch_task

    packed = cloudpickle.dumps(batch_task("fast-track", "kemenkes.health_screening", "kemenkes").fn)
    assert b"do_batch" in packed
    assert len(packed) < 100


def test_error_reaches_prefect_without_its_text() -> None:
    """Our own sentence may be shown; of any other error only its kind and place."""
    from perintis.doors.prefect_executor import explain

    with pytest.raises(ValueError, match="Sulastri") as caught:
        raise ValueError("Sulastri")
    assert explain(caught.value).startswith("ValueError in test_prefect_executor.py line ")
    assert explain(BadInput("the disk is full")) == "the disk is full"


@pytest.mark.parametrize(
    ("answer", "done", "down"),
    [
        ({"done": 2, "retrying": 0, "failed": 1, "refused": 0, "left_ready": 0}, 2, None),
        ({"done": 0, "retrying": 0, "failed": 0, "refused": 0, "left_ready": 3}, 0, "kemenkes cannot be reached"),
        ({"done": 1, "retrying": 0, "failed": 0, "refused": 0, "left_ready": 2}, 1, "kemenkes cannot be reached"),
        ({"done": 0, "retrying": 0, "failed": 0, "refused": 0, "left_ready": 0}, 0, "Prefect could not run the batch"),
        (None, 0, "Prefect could not run the batch"),
    ],
)
def test_batch_done_elsewhere_is_known_by_its_counts(
    answer: dict[str, int] | None, done: int, down: str | None
) -> None:
    """A task run that did not complete, or did nothing, leaves its cases ready; so does an agency that is down."""
    from perintis.doors.prefect_executor import told_from_elsewhere

    report = told_from_elsewhere(Batch(health_screening, []), answer)
    assert (report.done, report.down, report.states) == (done, down, [])


@pytest.mark.parametrize(
    ("report", "left"),
    [
        (BatchReport("kemenkes.health_screening", 5, done=4, failed=1), 0),
        (BatchReport("kemenkes.health_screening", 5, down="cannot be reached"), 5),
        (BatchReport("kemenkes.health_screening", 5, done=2, refused=1, down="cannot be reached"), 2),
    ],
)
def test_task_run_answers_how_many_an_agency_that_is_down_has_left(report: BatchReport, left: int) -> None:
    """What it did not come to stays ready."""
    from perintis.doors.prefect_executor import counts

    assert counts(report)["left_ready"] == left


def test_artifact_shows_the_figures_of_the_run_history() -> None:
    """Each count once, an agency that was down with its cases, and each step's figures."""
    from perintis.doors.prefect_executor import artifact_key, artifact_rows

    report = RunReport(7, Tally(advanced=3, closed=2, down={"kemenkes": 4}), opened=5)
    report.metrics = {
        "steps": {"kemenkes.health_screening": {"completed": 3, "waiting_minutes_median": 1.5}},
        "service_levels": {"promised": 2, "met": 1},
    }
    shown = {(row["figure"], row["step"]): row["value"] for row in artifact_rows(report)}
    assert shown.pop(("down: kemenkes", "")) == 4
    assert shown.pop(("service levels met", "")) == 1
    assert shown.pop(("service levels promised", "")) == 2
    assert shown.pop(("completed", "kemenkes.health_screening")) == 3
    assert shown.pop(("waiting_minutes_median", "kemenkes.health_screening")) == 1.5
    assert {figure: value for (figure, _), value in shown.items()} == {
        k: v for k, v in report.counts.items() if k != "down"
    }
    assert artifact_key("Fast_Track 2") == "fast-track-2-run"
