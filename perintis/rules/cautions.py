"""What a reader must know before believing a comparison: each caution has a stable code and one plain sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.rules.claims import claim_cap
from perintis.rules.figures import Figures
from perintis.words.recorded import Outcome
from perintis.words.tables import DataSet, Grade

if TYPE_CHECKING:
    from perintis.rules.comparison import MetricComparison

OPEN_SHARE = 0.10
UNKNOWN_SHARE = 0.05
NAIVE_OFF = 0.05
WITHDRAWN_GAP = 0.05
ENOUGH_OFFICES = 12


@dataclass(frozen=True)
class Caution:
    """A reason to read a figure with care. `code` is stable; `metric` names the metric it is about, if one."""

    code: str
    text: str
    metric: str | None = None


def cautions(a: DataSet, b: DataSet, metrics: Sequence[MetricComparison]) -> tuple[Caution, ...]:
    """All cautions, those about the data sets first."""
    return (
        *_about_clocks(a, b),
        *(caution for data in (a, b) for caution in _about_data(data)),
        *_about_withdrawal(a, b),
        *_about_offices(metrics),
        *(caution for m in metrics for caution in _about_metric(a.name, b.name, m)),
    )


def _about_clocks(a: DataSet, b: DataSet) -> Iterator[Caution]:
    if a.clock != b.clock:
        first, second = (repr(d.clock) if d.clock else "nothing said" for d in (a, b))
        yield Caution(
            "different_clocks",
            f"lead time is counted differently in {a.name} ({first}) and {b.name} ({second}): a difference may come"
            " from the definition alone",
        )


def _about_data(data: DataSet) -> Iterator[Caution]:
    if data.grade is not Grade.MEASURED:
        why = f" ({data.grade_reason})" if data.grade_reason and data.grade is Grade.SAMPLE else ""
        yield Caution("grade", f"{data.name} {claim_cap(data.grade).text}{why}")
    if data.simulated and data.grade is not Grade.REHEARSAL:
        yield Caution("simulated", f"{data.name} is simulated")
    early = 0 if data.observed_from is None else int((data.cases["opened"] < data.observed_from).sum() or 0)
    if early:
        yield Caution(
            "open_before_observation",
            f"{early:,} cases of {data.name} were opened before observation began and are there because they took"
            " long: times look longer here than they were; `perintis evaluate` counts them from the age they had then",
        )
    share = data.cases["closed"].null_count() / max(data.cases.height, 1)
    if share > OPEN_SHARE:
        yield Caution(
            "many_open",
            f"{share:.0%} of the cases of {data.name} are still open: times count them for as long as they were"
            " seen; counts, shares and costs of closed cases alone lean towards the fast ones",
        )


def _about_withdrawal(a: DataSet, b: DataSet) -> Iterator[Caution]:
    shares = [_withdrawn(data) for data in (a, b)]
    if abs(shares[0] - shares[1]) > WITHDRAWN_GAP:
        yield Caution(
            "withdrawals_differ",
            f"{shares[0]:.0%} of {a.name} and {shares[1]:.0%} of {b.name} ended by withdrawal or cancellation, which"
            " counts as an end: a process that loses applicants looks fast",
        )


def _withdrawn(data: DataSet) -> float:
    lost = data.cases["outcome"].is_in([Outcome.WITHDRAWN.value, Outcome.CANCELLED.value]).sum()
    return float(lost or 0) / max(data.cases.height, 1)


def _about_offices(metrics: Sequence[MetricComparison]) -> Iterator[Caution]:
    """What the intervals rest on, said once: by the first metric that has any."""
    first = next((m for m in metrics if m.resampled), None)
    if first is None:
        return
    if first.resampled == "cases":
        yield Caution(
            "cases_resampled",
            "fewer than four offices are known on a side, so intervals treat cases as independent: where offices"
            " differ from each other they are too narrow, for offices are the sample size",
        )
        return
    fewest = min(f.offices for f in (first.a, first.b) if isinstance(f, Figures))
    if fewest < ENOUGH_OFFICES:
        yield Caution(
            "few_offices",
            f"offices are the sample size, and a side has only {fewest}: with fewer than {ENOUGH_OFFICES} the"
            " intervals are still too narrow",
        )


def _about_metric(name_a: str, name_b: str, m: MetricComparison) -> Iterator[Caution]:
    label, unit = m.metric.label, m.metric.unit
    for name, figures in ((name_a, m.a), (name_b, m.b)):
        if not isinstance(figures, Figures):
            continue
        if figures.unknown > UNKNOWN_SHARE * figures.cases and figures.used:
            yield Caution(
                "values_unknown",
                f"{label} is unknown for {figures.unknown / figures.cases:.0%} of the cases of {name}",
                m.metric.name,
            )
        naive, median = figures.naive.get("median"), figures.statistics.get("median")
        if naive is None or median is None or not figures.open:
            continue
        if median.value is None or abs(naive - median.value) > NAIVE_OFF * abs(median.value):
            right = "not seen yet" if median.value is None else f"{median.value:.3g}"
            yield Caution(
                "naive_differs",
                f"{label} of {name}: the closed cases alone have a median of {naive:.3g} {unit}; with the"
                f" {figures.open:,} open ones it is {right}",
                m.metric.name,
            )
