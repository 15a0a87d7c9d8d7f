"""A comparison as plain values for JSON: numbers are finite, what is missing is null with its reason."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from perintis.rules.metrics import NotComparable

if TYPE_CHECKING:
    from perintis.rules.comparison import Comparison, MetricComparison
    from perintis.rules.figures import Figures


def plain(comparison: Comparison) -> dict[str, Any]:
    """The whole comparison."""
    return {
        "a": asdict(comparison.a),
        "b": asdict(comparison.b),
        "metrics": [_metric(m) for m in comparison.metrics],
        "by": comparison.by,
        "groups": [{"value": g.value, "metrics": [_metric(m) for m in g.metrics]} for g in comparison.groups],
        "warnings": [asdict(w) for w in comparison.warnings],
        "level": comparison.level,
        "resamples": comparison.resamples,
        "seed": comparison.seed,
    }


def _metric(m: MetricComparison) -> dict[str, Any]:
    return {
        "name": m.metric.name,
        "label": m.metric.label,
        "unit": m.metric.unit,
        "kind": m.metric.kind.value,
        "better": m.metric.better.value if m.metric.better else None,
        "basis": m.metric.basis.value,
        "resampled": m.resampled,
        "a": _figures(m.a),
        "b": _figures(m.b),
        "difference": {name: asdict(estimate) for name, estimate in m.difference.items()},
    }


def _figures(found: Figures | NotComparable) -> dict[str, Any]:
    if isinstance(found, NotComparable):
        return {"not_comparable": found.reason}
    return asdict(found)
