"""What of a comparison may be published: the same without small numbers, and without what would tell them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from perintis.rules.cautions import Caution
from perintis.rules.figures import Figures
from perintis.rules.metrics.metric import Kind, NotComparable
from perintis.rules.suppression import THRESHOLD, Withheld, few, withheld, withheld_rows

if TYPE_CHECKING:
    from perintis.rules.comparison import Comparison, GroupComparison, MetricComparison, Side
    from perintis.rules.figures import Estimate

TOO_FEW = f"not published: fewer than {THRESHOLD} cases stand behind it"
SELDOM = f"not published: fewer than {THRESHOLD} cases have it, or all but fewer than {THRESHOLD}"
SMALL = re.compile(r"(?<![\d.,-])[1-9](?:,\d{3})*(?= (?:cases|open ones)\b)")
ABOUT_COUNTS = ("open_before_observation", "naive_differs", "many_open", "withdrawals_differ", "values_unknown")
BESIDE = "not published: it would tell how many cases have another outcome"
LEAD_TIME, OUTCOME = "lead_time", "outcome:"


def publishable_comparison(comparison: Comparison) -> Comparison:
    """The comparison as it may leave the office; one without small numbers comes back as it is.

    Groups of few cases go, with the next smallest where the total would tell of one; so do metrics of few cases, and
    shares that few cases have or have not. A caution says so.
    """
    groups, names = _groups(comparison)
    metrics = _metrics(comparison.metrics)
    found = replace(
        comparison, a=_side(comparison.a), b=_side(comparison.b), metrics=metrics, groups=groups,
        warnings=tuple(c for c in comparison.warnings if not _telling(c, comparison)),
    )  # fmt: skip
    if found == comparison:
        return comparison
    text = f"numbers of cases below {THRESHOLD}, and what would tell them, are not published"
    if names:
        text += f"; so there are no figures of {', '.join(names)}"
    return replace(found, warnings=(*found.warnings, Caution("small_numbers", text)))


def _side(side: Side) -> Side:
    cases, still = side.cases, side.open
    if isinstance(cases, Withheld) or isinstance(still, Withheld):
        return side
    if few(cases):
        return replace(side, cases=Withheld.FEW, open=Withheld.BESIDE)
    return replace(side, open=Withheld.FEW if few(still) else Withheld.BESIDE) \
        if few(still) or few(cases - still) else side  # fmt: skip


def _groups(comparison: Comparison) -> tuple[tuple[GroupComparison, ...], list[str]]:
    """The groups that are published, and the names of the others."""
    used = [_used(g.metrics) for g in comparison.groups]
    totals = _used(comparison.metrics)
    gone = withheld_rows([[pair[side] for pair in used] for side in (0, 1)], totals)
    kept = tuple(
        replace(g, metrics=_metrics(g.metrics))
        for k, g in enumerate(comparison.groups) if k not in gone
    )  # fmt: skip
    return kept, [g.value for k, g in enumerate(comparison.groups) if k in gone]


def _used(metrics: tuple[MetricComparison, ...]) -> tuple[int, int]:
    """The cases behind the lead time on either side."""
    lead = next((m for m in metrics if m.metric.name == LEAD_TIME), None)
    if lead is None:
        return 0, 0
    a, b = (side.used if isinstance(side, Figures) else 0 for side in (lead.a, lead.b))
    return a, b


def _metrics(metrics: tuple[MetricComparison, ...]) -> tuple[MetricComparison, ...]:
    """Each by itself; then of outcomes, which make up all cases, the next smallest where one is left out."""
    shown = [_metric(m) for m in metrics]
    for name in ("a", "b"):
        places = [k for k, m in enumerate(metrics) if m.metric.name.startswith(OUTCOME)]
        exact = [getattr(metrics[k], name) for k in places]
        counts = [_having(side) for side in exact]
        total = max((side.used for side in exact if isinstance(side, Figures)), default=0)
        lost = {j for j, k in enumerate(places) if shown[k] is not metrics[k]}
        for j in withheld(dict(enumerate(counts)), total, lost) - lost:
            hidden = replace(shown[places[j]], difference={}, a=NotComparable(BESIDE), b=NotComparable(BESIDE))
            shown[places[j]] = hidden
    return tuple(shown)


def _having(side: Figures | NotComparable) -> int:
    mean = None if isinstance(side, NotComparable) else side.statistics.get("mean")
    return 0 if isinstance(side, NotComparable) or mean is None or mean.value is None else round(mean.value * side.used)


def _metric(m: MetricComparison) -> MetricComparison:
    """Where one side is not published, the difference is not either, for it would tell."""
    sides = [side if isinstance(side, NotComparable) else _figures(m.metric.kind, side) for side in (m.a, m.b)]
    if (sides[0], sides[1]) == (m.a, m.b):
        return m
    return replace(m, a=sides[0], b=sides[1], difference={})


def _figures(kind: Kind, side: Figures) -> Figures | NotComparable:
    if few(side.used):
        return NotComparable(TOO_FEW)
    mean = side.statistics.get("mean")
    if mean is None or mean.value is None:
        return side
    return NotComparable(SELDOM) if _tells(kind, mean, side.used) else side


def _tells(kind: Kind, mean: Estimate, used: int) -> bool:
    """Whether a mean tells that few cases have it (or, for a share, that few have it not)."""
    assert mean.value is not None  # asked before
    if kind in (Kind.SHARE, Kind.RATIO):  # a part of few among the wholes of many cases is kept back rather than told
        return few(mean.value * used) or few((1 - mean.value) * used)
    return kind is Kind.COUNT and few(mean.value * used)


def _telling(caution: Caution, comparison: Comparison) -> bool:
    """A caution about counts of cases that are small."""
    if caution.code not in ABOUT_COUNTS:
        return False
    small = any(int(found[0].replace(",", "")) < THRESHOLD for found in SMALL.finditer(caution.text))
    sizes = [s.cases for s in (comparison.a, comparison.b) if not isinstance(s.cases, Withheld) and s.cases]
    shares = [float(p) / 100 for p in re.findall(r"(\d+)%", caution.text)]
    return small or any(few(share * min(sizes)) for share in shares if sizes)
