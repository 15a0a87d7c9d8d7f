"""A comparison in words and short figures: the same on the screen and on the page.

An interval comes before an adjective: where it includes zero, or there is none, no difference is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from perintis.rules.metrics import Better, Kind, NotComparable
from perintis.rules.publishing import BESIDE, SELDOM, TOO_FEW
from perintis.rules.suppression import THRESHOLD, Withheld
from perintis.words.tables import Grade

if TYPE_CHECKING:
    from perintis.rules.comparison import Comparison, GroupComparison, MetricComparison, Side
    from perintis.rules.figures import Estimate, Figures

STATISTIC_WORDS = {"median": "median", "p90": "90th percentile", "mean": "mean"}
SHOWN = {
    Kind.DURATION: ("median", "p90"), Kind.COUNT: ("mean",), Kind.SHARE: ("mean",), Kind.MONEY: ("mean",),
    Kind.RATIO: ("mean",),
}  # fmt: skip
SHARES = (Kind.SHARE, Kind.RATIO)
UNITS = {"share": "", "currency of the pilot": ""}
MINUS = "\u2212"

SENTENCES = {
    "lead_time": ("median", "Half of the cases end within {b} days instead of {a}", "days", ("shorter", "longer")),
    "lead_time_working": (
        "median", "Counted in office hours, half end within {b} hours instead of {a}", "hours", ("shorter", "longer"),
    ),
    "service_level_met": (
        "mean", "{b} are closed by their deadline instead of {a}", "percentage points", ("fewer", "more"),
    ),
    "handovers": ("mean", "A file is handed over {b} times instead of {a}", "", ("fewer", "more")),
    "any_rework": (
        "mean", "{b} of the cases have work done again instead of {a}", "percentage points", ("fewer", "more"),
    ),
    "duplicate_entry": ("mean", "{b} fields are typed in again instead of {a}", "", ("fewer", "more")),
}  # fmt: skip
"""By metric: the statistic, what it says of both sides, the unit of the difference, and its words for less and more."""


@dataclass(frozen=True)
class Line:
    """One row of a table: a metric with one statistic. `short` is its label where there is little room; `reading` says
    in a word or two what the difference means."""

    label: str
    short: str
    a: str
    b: str
    a_interval: str
    b_interval: str
    difference: str
    interval: str
    reading: str
    note: str


def sentences(comparison: Comparison) -> list[str]:
    """What the comparison says, one sentence a metric; those that cannot be compared are left to `not_compared`."""
    found = []
    for name, (statistic, text, unit, words) in SENTENCES.items():
        metric = next((m for m in comparison.metrics if m.metric.name == name), None)
        if metric is not None and (said := _sentence(metric, statistic, text, unit, words)):
            found.append(said)
    return found


def _sentence(m: MetricComparison, statistic: str, text: str, unit: str, words: tuple[str, str]) -> str | None:
    if isinstance(m.a, NotComparable) or isinstance(m.b, NotComparable):
        return None
    a, b, gap = m.a.statistics[statistic], m.b.statistics[statistic], m.difference[statistic]
    if a.value is None or b.value is None or gap.value is None:
        return None
    kind = m.metric.kind
    told = text.format(a=number(a.value, kind), b=number(b.value, kind))
    if gap.low is None or gap.high is None:
        return f"{told}; whether that is more than chance cannot be said ({gap.reason or 'no interval'})."
    if gap.low <= 0 <= gap.high:
        return f"{told}: no clear difference (95 % interval {_range(gap, kind, unit)})."
    size, low, high = abs(gap.value), *sorted((abs(gap.low), abs(gap.high)))
    word = words[0] if gap.value < 0 else words[1]
    between = f"95 % interval {_bare(low, kind)} to {_bare(high, kind)}"
    return f"{told}: {' '.join(filter(None, (_bare(size, kind), unit, word)))} ({between})."


def warning_line(comparison: Comparison) -> str | None:
    """The first thing to say where a side is no record of real cases."""
    simulated = [s.name for s in (comparison.a, comparison.b) if s.simulated or s.grade == Grade.REHEARSAL.value]
    if not simulated:
        return None
    which = "Both sides are" if len(simulated) == 2 else f"{simulated[0]} is"
    return (
        f"REHEARSAL: {which} simulated, with made-up cases. It shows what the assumptions lead to, not what happened."
    )


def cautions_to_tell(comparison: Comparison) -> list[str]:
    """The cautions in the order in which they matter; that a side is a rehearsal stands above everything already."""
    said = warning_line(comparison) is not None
    return [c.text for c in comparison.warnings if not (said and c.code == "grade" and "rehearsal" in c.text)]


def side_line(side: Side) -> str:
    """What a data set is, in one line."""
    still = f", {_count(side.open)} of them open" if side.open else ""
    offices = f", {side.offices} offices" if side.offices > 1 else ""
    return f"{side.name}: {_count(side.cases)} cases{still}{offices}; {side.grade}"


def _count(count: int | Withheld) -> str:
    if isinstance(count, Withheld):
        return f"fewer than {THRESHOLD}" if count is Withheld.FEW else "a number not published"
    return f"{count:,}"


def lines(metrics: Sequence[MetricComparison]) -> list[Line]:
    """The rows of a table, for the metrics that can be measured on at least one side."""
    return [line for m in metrics for line in _lines(m)]


def _lines(m: MetricComparison) -> Iterator[Line]:
    if isinstance(m.a, NotComparable) and isinstance(m.b, NotComparable):
        return
    for statistic in SHOWN[m.metric.kind]:
        yield _line(m, statistic)


def _line(m: MetricComparison, statistic: str) -> Line:
    kind = m.metric.kind
    a, b, gap = _estimate(m.a, statistic), _estimate(m.b, statistic), m.difference.get(statistic)
    unit = UNITS.get(m.metric.unit, m.metric.unit)
    label = m.metric.label + (f", {STATISTIC_WORDS[statistic]}" if kind is Kind.DURATION else "")
    known = gap is not None and gap.value is not None
    return Line(
        label=label + (f" ({unit})" if unit and unit.lower() not in label.lower() else ""),
        short=_short(m, statistic, unit),
        a=_value(a, kind, _kept_back(m.a)), b=_value(b, kind, _kept_back(m.b)),
        a_interval=_of_interval(a, kind), b_interval=_of_interval(b, kind),
        difference=_signed(gap.value, kind) if gap is not None and gap.value is not None else "",
        interval=_range(gap, kind, "") if gap is not None and gap.low is not None and gap.high is not None else "",
        reading=_reading(m, gap) if known else "",
        note=_note(m, gap, (a, b)),
    )  # fmt: skip


def _short(m: MetricComparison, statistic: str, unit: str) -> str:
    """A label for a narrow table, in which the median of a time stands above its 90th percentile."""
    if statistic == "p90":
        return "  90th percentile"
    if m.metric.kind is Kind.DURATION:
        return f"{m.metric.label.removesuffix(' in working time')}, {unit}"
    return m.metric.label


def _estimate(side: Figures | NotComparable, statistic: str) -> Estimate | None:
    return None if isinstance(side, NotComparable) else side.statistics[statistic]


def _reading(m: MetricComparison, gap: Estimate | None) -> str:
    if gap is None or gap.value is None or gap.low is None or gap.high is None:
        return "cannot be said"
    if gap.low <= 0 <= gap.high:
        return "no clear difference"
    if m.metric.better is None:
        return "differs"
    return "better" if (gap.value < 0) == (m.metric.better is Better.LOWER) else "worse"


def _note(m: MetricComparison, gap: Estimate | None, sides: Sequence[Estimate | None]) -> str:
    for side in (m.a, m.b):
        if isinstance(side, NotComparable):
            return side.reason
    reasons = [e.reason for e in (*sides, gap) if e is not None and e.reason]
    return reasons[0] if reasons else ""


def not_compared(comparison: Comparison) -> list[str]:
    """The metrics that neither side has, by reason."""
    by_reason: dict[str, list[str]] = {}
    for m in comparison.metrics:
        if isinstance(m.a, NotComparable) and isinstance(m.b, NotComparable):
            by_reason.setdefault(m.a.reason, []).append(m.metric.label.lower())
    return [f"{reason}: {', '.join(labels)}" for reason, labels in by_reason.items()]


def group_line(group: GroupComparison, name: str = "lead_time") -> tuple[str, int, int, Line]:
    """A group in one row: its name, its cases on both sides, and one metric."""
    metric = next(m for m in group.metrics if m.metric.name == name)
    a, b = (0 if isinstance(side, NotComparable) else side.used for side in (metric.a, metric.b))
    return group.value, a, b, _line(metric, SHOWN[metric.metric.kind][0])


def number(value: float, kind: Kind) -> str:
    """A value with as many digits as a person can use."""
    if kind in SHARES:
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def _bare(value: float, kind: Kind) -> str:
    return f"{value * 100:.1f}" if kind in SHARES else number(value, kind)


def _signed(value: float, kind: Kind) -> str:
    size = _bare(abs(value), kind)
    if not size.strip("0."):
        return size
    return f"{MINUS if value < 0 else '+'}{size}"


def _kept_back(side: Figures | NotComparable) -> str:
    return "not published" if isinstance(side, NotComparable) and side.reason in (TOO_FEW, SELDOM, BESIDE) else ""


def _value(estimate: Estimate | None, kind: Kind, reason: str = "") -> str:
    if estimate is None:
        return reason or "not recorded"
    return "not seen yet" if estimate.value is None else number(estimate.value, kind)


def _of_interval(estimate: Estimate | None, kind: Kind) -> str:
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"{_bare(estimate.low, kind)} to {_bare(estimate.high, kind)}"


def _range(estimate: Estimate, kind: Kind, unit: str) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    text = f"{_signed(estimate.low, kind)} to {_signed(estimate.high, kind)}"
    return f"{text} {unit}".rstrip()
