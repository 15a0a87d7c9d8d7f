"""The same effects by other ways: a table of those that were computed, and why the others were not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from perintis.faces.report.page_parts import Block, Items, Line, Table
from perintis.faces.report.panels.amounts import amounts, currency_of, ends_of, of_figures
from perintis.rules.evaluation.parts import Another, Figure, MetricResult
from perintis.rules.verdict.reading import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation

RATIO = "ratio"


def other_ways(found: Sequence[MetricResult], evaluation: Evaluation, language: Language) -> tuple[Block, ...]:
    """Nothing where no metric has a figure beside its main one."""
    t = language.t
    rows: list[tuple[str, str]] = []
    notes: dict[Markup, list[str]] = {}
    for metric in found:
        label = language.name(metric.label)
        for other in metric.beside:
            if other.figure is not None:
                what = Markup("{}: {}").format(label, language.phrase(other.what))
                rows.append((what, shown(other, other.figure, evaluation, language)))
            if other.note is not None:
                notes.setdefault(language.phrase(other.note), []).append(label)
    blocks: list[Block] = []
    if rows:
        caption = t("The same effects by other ways: pilot minus baseline, or pilot over baseline for a ratio, with 95%"
                    " intervals that are not adjusted for looks")  # fmt: skip
        head = (t("Metric, and by which other way"), t("Result"))
        blocks += [Line(t("What the plan registered decides and stands above; the figures here are for comparison, but"
                          " for limits that are held against a margin.")),
                   Table(caption, head, tuple(rows))]  # fmt: skip
    if notes:
        blocks.append(Items(tuple(Markup("{}: {}").format(", ".join(names), note) for note, names in notes.items())))
    lacking = _lacking(found, language)
    if lacking:
        blocks.append(Items(lacking, t("Not computed by another way")))
    return tuple(blocks)


def shown(other: Another, figure: Figure, evaluation: Evaluation, language: Language) -> str:
    """`−3.6 (−4.5 to −2.7) days`, `0.82 (0.75 to 0.90) times`, `at most +4.5 percentage points`."""
    t = language.t
    if other.unit == RATIO:
        say = amounts((1.0, *ends_of(figure)), RATIO, language)
        return t(
            "{n} times ({between})", n=say.number(figure.value), between=say.between(figure.interval, signed=False)
        )
    say = amounts(ends_of(figure), other.unit, language, currency_of(evaluation))
    ends = figure.interval
    if ends is not None and ends.low is None and ends.high is not None:
        return f"{t('at most {n}', n=say.change(ends.high))} {say.word}"
    if ends is not None and ends.high is None and ends.low is not None:
        return f"{t('at least {n}', n=say.change(ends.low))} {say.word}"
    return f"{say.figure(figure)} {say.word}"


def _lacking(found: Sequence[MetricResult], language: Language) -> tuple[str, ...]:
    """Metrics that lack the same way for the same reason are told in one line."""
    together: dict[tuple[Markup, Markup], list[str]] = {}
    for metric in found:
        for other in metric.beside:
            if other.reason is not None:
                key = language.phrase(other.what), language.phrase(other.reason)
                together.setdefault(key, []).append(language.name(metric.label))
    return tuple(Markup("{}: {}: {}").format(", ".join(labels), what, why) for (what, why), labels in together.items())


def resampled_blocks(evaluation: Evaluation, language: Language) -> tuple[Block, ...]:
    """The first primary effect in resamples of offices, beside the interval that decides."""
    t, other = language.t, evaluation.panels.trust.bootstrap
    first = next(
        (m for m in evaluation.panels.metrics if isinstance(m, MetricResult) and m.role is Role.PRIMARY), None
    )  # fmt: skip
    if other is None or first is None:
        return ()
    if other.figure is None:
        assert other.reason is not None  # one of both is there
        text = Markup("{}: {}").format(language.say(other.what).rstrip("."), language.phrase(other.reason))
        return (Line(Markup("{} {}.").format(t("Not computed:"), text), "muted"),)
    right = Figure(value=first.estimate, interval=first.interval)
    say = of_figures((right, other.figure), other.unit, language)
    rows = (
        (t("As it decides, adjusted for looks"), f"{say.figure(right)} {say.word}"),
        (language.say(other.what).rstrip("."), f"{say.figure(other.figure)} {say.word}"),
    )
    head = (t("Interval"), t("Pilot minus baseline"))
    return (
        Table(t("{metric}: a second opinion on the interval", metric=language.name(first.label)), head, rows, (1,)),
    )
