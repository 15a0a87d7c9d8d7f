"""What `perintis plan power` puts on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perintis.faces.cli.here import Here, now
from perintis.faces.cli.meter import Meter
from perintis.faces.cli.screen import joined, paragraph, table
from perintis.rules.plan.metric import PERCENT
from perintis.rules.verdict.reading import Role
from perintis.rules.verdict.reasons import amount, metric_label

SHARE = "share"
HALF = 0.5

if TYPE_CHECKING:
    from perintis.rules.power.supposed import Supposed
    from perintis.rules.power.table import MetricPower, PowerTable
    from perintis.words.tables import DataSet


def power_of(
    here: Here, pilot: str, file: Path | None, baseline: str | None, repetitions: int, seed: int
) -> PowerTable:
    """Find plan and baseline, and simulate."""
    from perintis.doors.plans import plan_in_force, written_plan
    from perintis.use.power import plan_power

    data: DataSet | None = None
    calendars = None
    if file is not None:
        plan = written_plan(here.settings.pilots, pilot, file)
    else:
        with here.database() as database:
            plan = plan_in_force(database, here.settings.pilots, pilot).plan
    if baseline is not None:
        from perintis.use.datasets import Shelves, calendars_of

        pilots = {p.name: p for p in here.pilots()}
        with here.database() as database:
            found = Shelves(database, here.settings.home, pilots).find(baseline, now=now())
        data = found.data
        calendars = calendars_of(pilots[found.pilot]) if found.own and found.pilot in pilots else None
    with Meter("Simulating", "truths") as meter:
        return plan_power(plan, data, calendars, repetitions=repetitions, seed=seed, progress=meter)


def power_json(found: PowerTable) -> dict[str, Any]:
    """The table for programs."""
    return {
        "pilot": found.plan.pilot, "design": found.plan.design.kind, "cluster": found.cluster,
        "clusters_a_cohort": found.clusters, "cases_a_cluster": found.cases, "looks": list(found.plan.looks.fractions),
        "bounds": list(found.bounds), "may_scale": found.may_scale, "repetitions": found.repetitions,
        "seed": found.seed, "notes": list(found.notes),
        "metrics": [
            {
                "metric": m.supposed.metric, "role": m.role, "unit": m.supposed.unit, "mean": m.supposed.mean,
                "sd": m.supposed.sd, "icc": m.supposed.icc, "steadiness": m.supposed.steadiness,
                "measured": m.supposed.measured, "source": m.supposed.source, "error": m.error,
                "smallest_detectable": m.detectable, "worthwhile": m.supposed.worthwhile, "target": m.supposed.target,
                "margin": m.supposed.margin, "passes": m.passes,
            }
            for m in found.metrics
        ],
        "rows": [{"truth": row.label, **vars(row.answers)} for row in found.rows],
        "scale_half_of_the_time_at": found.turning, "guardrails_together": found.together,
        "guardrail_power_needed": found.needed, "sentences": list(sentences(found)),
    }  # fmt: skip


def power_lines(found: PowerTable) -> Iterator[str]:
    """The table for people: what it rests on, what can be found, what the rule would say, and that in words."""
    plan = found.plan
    kind = plan.design.kind.value.replace("_", " ")
    yield paragraph(f"Design: {kind}; {_clusters(found)} a cohort with {found.cases:,.0f} cases each, "
                    f"{len(found.bounds)} look{'' if len(found.bounds) == 1 else 's'}")  # fmt: skip
    yield ""
    rows = [
        (m.supposed.metric, _unit(m.supposed), *(_plain(m.supposed, size) for size in (m.supposed.mean, m.detectable)),
         _matters(m), "" if m.passes is None else f"{m.passes:.0%}")
        for m in found.metrics
    ]  # fmt: skip
    yield table(("Metric", "Unit", "Level", "Detectable", "Matters", "Passes"), rows, right=(2, 3, 4, 5))
    yield paragraph(
        "Detectable: the effect found four times in five. Matters: the smallest worthwhile effect, or the margin. "
        "Passes: how often a guardrail is found to be safe when nothing is wrong."
    )
    yield ""
    yield from _sources(found)
    yield ""
    answers = [
        (row.label, *(f"{share:.1%}" for share in (row.answers.scale, row.answers.adjust, row.answers.stop)),
         f"{row.answers.information:.2f}")
        for row in found.rows
    ]  # fmt: skip
    yield table(("If the truth is", "scale", "adjust", "stop", "used"), answers, right=(1, 2, 3, 4))
    yield paragraph(f"{found.repetitions:,} simulated pilots a row, seed {found.seed}. Used: the mean share of the "
                    "planned cases. Supposed to hold: gates, subgroups, scalability and value for money; metrics move "
                    "independently.")  # fmt: skip
    yield ""
    yield from (paragraph(sentence) for sentence in sentences(found))


def _sources(found: PowerTable) -> Iterator[str]:
    """What each metric's spread rests on; the same source is told once."""
    told: dict[str, list[str]] = {}
    for metric in found.metrics:
        told.setdefault(metric.supposed.source, []).append(
            f"{metric.supposed.metric} (spread {_size(metric.supposed, metric.supposed.sd)}, office correlation "
            f"{metric.supposed.icc:.3f})"
        )
    for source, metrics in told.items():
        yield paragraph(f"- {source}: {joined(metrics)}", hanging="  ")
    for note in found.notes:
        yield paragraph(f"- {note}", hanging="  ")


def sentences(found: PowerTable) -> Iterator[str]:
    """The table in words."""
    yield _unless(found)
    guardrails = [m for m in found.metrics if m.passes is not None]
    if not guardrails:
        return
    whom = "the guardrail is" if len(guardrails) == 1 else f"all {len(guardrails)} guardrails together are"
    yield f"When nothing is wrong, {whom} found to be safe in {found.together:.0%} of the pilots."
    weak = [metric_label(m.supposed.metric) for m in guardrails if (m.passes or 0) < found.needed]
    if weak:
        yield (
            f"Each would need {found.needed:.0%} for four in five together (power 1 - beta/G); too weak: "
            f"{joined(weak)}. Plan more offices, more cases, a wider margin or fewer guardrails."
        )


def _unless(found: PowerTable) -> str:
    """Which answer to expect, and from which effect on it is *scale*."""
    clusters = f"With {_clusters(found)} a cohort"
    if found.too_few is not None:
        return f"{clusters} {found.too_few}."
    if not found.may_scale:
        return f"{clusters} and this design the rule never answers 'scale': its evidence is of grade D at best."
    if found.turning is None:
        why = "the guardrails are too seldom found to be safe" if found.together < HALF else "no effect is large enough"
        return f"{clusters} this rule will answer {_mostly(found)} most of the time, whatever the effect: {why}."
    primaries = [m for m in found.metrics if m.role is Role.PRIMARY]
    least = joined([_effect(m, found.turning) for m in primaries])
    return f"{clusters} this rule will answer {_mostly(found)} most of the time unless {least}."


def _mostly(found: PowerTable) -> str:
    """The answer that is commonest for an effect a little smaller than what it takes."""
    return "'adjust'" if found.below.adjust >= found.below.stop else "'stop'"


def _effect(metric: MetricPower, multiple: float) -> str:
    size = multiple * (metric.supposed.target or 0)
    said = _size(metric.supposed, size)
    if metric.supposed.measured and metric.supposed.mean:
        said += f" ({abs(size / metric.supposed.mean):.0%})"
    return f"{metric_label(metric.supposed.metric)} is better by at least {said}"


def _clusters(found: PowerTable) -> str:
    word, _, rest = found.cluster.partition(" ")
    return f"{found.clusters} {word}s{' ' + rest if rest else ''}"


def _size(metric: Supposed, size: float) -> str:
    return f"{size:.3g} %" if metric.unit == PERCENT else amount(size, metric.metric)


def _plain(metric: Supposed, size: float) -> str:
    return f"{100 * size if metric.unit == SHARE else size:,.3g}"


def _unit(metric: Supposed) -> str:
    return {SHARE: "% of cases", PERCENT: "% of today"}.get(metric.unit, metric.unit)


def _matters(metric: MetricPower) -> str:
    if metric.supposed.margin is not None:
        return f"{_plain(metric.supposed, metric.supposed.margin)} worse"
    return f"{_plain(metric.supposed, metric.supposed.worthwhile or 0)} better"
