"""What the rule says, in plain words: one sentence why, and what would change it.

Each reason has a code and its values, so that a page can say it in another language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perintis.rules.designs.design import Evidence
from perintis.rules.plan.metric import known_metric
from perintis.rules.verdict.needs import Size, more_needed

if TYPE_CHECKING:
    from perintis.rules.verdict.gates import Gate
    from perintis.rules.verdict.reading import Reading, Unreadable
    from perintis.rules.verdict.rule import Context

FEWEST_DIGITS = 2
NEEDS_RECORDING = "record or import what it needs, or take it out of the plan by an amendment"
Z_POWER = 0.8416
"""The 80 % quantile of the normal distribution: with so much more, an effect is found four times in five."""


@dataclass(frozen=True)
class Reason:
    """One thing that led to the verdict. `text` and `change` are sentences without a full stop."""

    code: str
    text: str
    change: str | None = None
    values: dict[str, str | int | float] = field(default_factory=dict)


def metric_label(metric: str) -> str:
    """A metric as people say it: "lead time"; a name that is not known stays as it is."""
    known = known_metric(metric)
    return known.label.replace("Outcome: ", "share ").lower() if known else metric


def amount(value: float, metric: str, digits: int = FEWEST_DIGITS) -> str:
    """A size with its unit: "4.2 days", "3 percentage points" for shares."""
    value, unit = _in_unit(value, metric)
    return with_unit(_number(value, digits), unit)


def with_unit(said: str, unit: str) -> str:
    """A number that is written already, with its unit: "1 day", "4.2 working hours"."""
    return f"{said} {unit.removesuffix('s') if said == '1' else unit}".strip()


def _in_unit(value: float, metric: str) -> tuple[float, str]:
    known = known_metric(metric)
    unit = known.unit if known else ""
    return (100 * value, "percentage points") if unit == "share" else (value, unit)


def _number(value: float, digits: int = FEWEST_DIGITS) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    text = f"{value:z.{max(digits, 3) if abs(value) >= 100 else digits}g}"
    return f"{float(text):,.0f}" if "e+" in text else text  # 99.7 in two digits is 100


def span(reading: Reading) -> str:
    """An interval for somebody who reads: "2 to 6 days better", "from 0.5 days worse to 4.2 days better".

    With as many digits as tell its ends apart.
    """
    low, high, metric = reading.low, reading.high, reading.metric
    if low < 0 < high:
        return f"from {amount(-low, metric)} worse to {amount(high, metric)} better"
    near, far = sorted((abs(low), abs(high)))
    digits, word = digits_of(reading), "better" if low >= 0 else "worse"
    return f"{_number(_in_unit(near, metric)[0], digits)} to {amount(far, metric, digits)} {word}"


def digits_of(reading: Reading) -> int:
    """As many significant digits as tell the ends of its interval apart; the estimate is told with as many."""
    ends = abs(reading.low), abs(reading.high)
    if reading.low < 0 < reading.high:
        return FEWEST_DIGITS
    told = (d for d in (FEWEST_DIGITS, 3, 4) if len({amount(end, reading.metric, d) for end in ends}) == len(ends))
    return next(told, 4)


def size_of(reading: Reading) -> str:
    """The estimate without its sign, with its unit and as many digits as its interval."""
    return amount(abs(reading.effect), reading.metric, digits_of(reading))


def _facts(reading: Reading) -> dict[str, str | int | float]:
    given = {
        "effect": reading.effect, "low": reading.low, "high": reading.high, "one_sided_low": reading.one_sided_low,
        "worthwhile": reading.worthwhile, "margin": reading.margin,
    }  # fmt: skip
    return {"metric": reading.metric} | {name: value for name, value in given.items() if value is not None}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def unregistered() -> Reason:
    """A plan made up afterwards decides nothing."""
    return Reason(
        "unregistered", "The plan was not registered, so these figures may be looked at but decide nothing",
        "register the plan, and judge by the cases that come after",
    )  # fmt: skip


def unreadable(metric: Unreadable) -> Reason:
    """A metric that the rule needs could not be computed."""
    return Reason(
        "unreadable", f"{_capital(metric_label(metric.metric))} cannot be computed: {metric.reason}",
        metric.cure.rstrip(".") if metric.cure else NEEDS_RECORDING, {"metric": metric.metric, "reason": metric.reason},
    )  # fmt: skip


def gate_failed(gate: Gate) -> Reason:
    """The evidence is invalid or too little."""
    return Reason("gate", _capital(gate.text.rstrip(".")), gate.cure and gate.cure.rstrip("."), {"gate": gate.code})


def guardrail_harm(reading: Reading) -> Reason:
    """A guardrail is worse, by more than its margin."""
    label, margin = metric_label(reading.metric), amount(reading.margin or 0, reading.metric)
    return Reason(
        "harm",
        f"{_capital(label)}: worse by {size_of(reading)}, more than the margin of {margin}, and "
        f"by more than chance ({span(reading)})",
        f"find out why {label} got worse and change the pilot; the changed one is a new phase",
        _facts(reading),
    )


def primary_harm(reading: Reading) -> Reason:
    """What the pilot was to improve got worse."""
    label = metric_label(reading.metric)
    return Reason(
        "harm",
        f"{_capital(label)} got worse instead of better by {size_of(reading)} ({span(reading)})",
        f"find out why {label} got worse and change the pilot; the changed one is a new phase",
        _facts(reading),
    )


def futility(readings: Sequence[Reading]) -> Reason:
    """No effect that would be worth it is left."""
    told = [
        f"{metric_label(r.metric)}: better by at most {amount(r.high, r.metric)}"
        if r.high > 0 else f"{metric_label(r.metric)}: not better"
        for r in readings
    ]  # fmt: skip
    least = [f"{amount(r.worthwhile or 0, r.metric)}" for r in readings]
    return Reason(
        "futility",
        f"{_capital('; '.join(told))}; at least {' or '.join(least)} would be worthwhile",
        "another pilot, changed where the time is lost; more cases of this one would not",
        _facts(readings[0]),
    )


def scaled(chosen: Sequence[Reading], guardrails: Sequence[Reading], *, staged: bool) -> Reason:
    """What the pilot achieved."""
    told = [f"{metric_label(r.metric)}: better by {size_of(r)} ({span(r)})" for r in chosen]
    held = ", and no guardrail can be worse by its margin" if guardrails else ""
    stages = "; expand in stages and compare each, for no lot was drawn and the cohorts may differ unseen"
    return Reason(
        "scale", f"{_capital('; '.join(told))}{held}{stages if staged else ''}",
        "a lot drawn between offices in the next stage would allow scaling at once" if staged else None,
        _facts(chosen[0]) | {"staged": int(staged)},
    )  # fmt: skip


def continuing(look: int, looks: int, reasons: Sequence[Reason]) -> Reason:
    """Before the last look nothing is decided for want of evidence."""
    first = reasons[0]
    return Reason(
        "continue", f"Look {look} of {looks} does not decide yet: {first.text[:1].lower()}{first.text[1:]}",
        "go on until the next registered look", {"look": look, "looks": looks, "because": first.code},
    )  # fmt: skip


def guardrail_open(reading: Reading, size: Size | None) -> Reason:
    """A guardrail that may still be worse by its margin."""
    label = metric_label(reading.metric)
    text = (
        f"{_capital(label)}: may still be worse by {amount(-reading.one_sided_low, reading.metric)}, where at most "
        f"{amount(reading.margin or 0, reading.metric)} are tolerated"
    )
    room = reading.effect + (reading.margin or 0)
    reach = reading.effect - reading.one_sided_low
    if room <= 0:
        change = f"the estimate itself is worse by the margin, so more cases alone would not do; improve {label}"
        return Reason("guardrail_inconclusive", text, change, _facts(reading))
    return _with_needs("guardrail_inconclusive", text, (room / reach) ** 2, size, reading)


def too_small(reading: Reading, size: Size | None) -> Reason:
    """A real improvement, but less than what is worthwhile."""
    worthwhile = reading.worthwhile or 0
    text = (
        f"{_capital(metric_label(reading.metric))}: better by {size_of(reading)} "
        f"({span(reading)}), less than the {amount(worthwhile, reading.metric)} that would be worthwhile"
    )
    reach = reading.high - reading.effect
    ratio = ((worthwhile - reading.effect) / reach) ** 2 if reading.effect < worthwhile else 1.0
    found = _with_needs("promising_but_small", text, ratio, size, reading)
    more = f"; {found.change} would show whether it can still be enough" if found.change else ""
    return Reason(found.code, text, f"a change of the pilot that makes the effect larger{more}", found.values)


def still_open(reading: Reading, size: Size | None) -> Reason:
    """Neither no effect nor a worthwhile one is ruled out."""
    worthwhile = reading.worthwhile or 0
    text = (
        f"We cannot tell yet for {metric_label(reading.metric)}: effects {span(reading)} remain possible, and "
        f"{amount(worthwhile, reading.metric)} would be worthwhile"
    )
    reach = reading.effect - reading.low
    if reading.effect >= worthwhile:  # to find it four times in five, if it is what it seems
        ratio = (reading.effect / (reach + Z_POWER * reading.error)) ** 2
    else:  # to rule out either no effect or a worthwhile one, if it stays where it is
        ratio = (max(reading.effect, worthwhile - reading.effect) / reach) ** 2
    return _with_needs("underpowered", text, ratio, size, reading)


def _with_needs(code: str, text: str, ratio: float, size: Size | None, reading: Reading) -> Reason:
    """The reason with the cases or offices that would bring the variance down to `ratio`."""
    if size is None:
        return Reason(code, text, None, _facts(reading))
    if ratio >= 1:
        return Reason(code, text, "a few more cases: it is close to the limit", _facts(reading))
    more = more_needed(ratio, size)
    needs = {name: value for name, value in (("cases", more.cases), ("offices", more.offices)) if value is not None}
    return Reason(code, text, str(more), _facts(reading) | needs)


def blocked(context: Context) -> tuple[Reason, ...]:
    """What forbids the word *scale*, whatever the figures."""
    found = []
    if context.harmed_subgroups:
        names = ", ".join(context.harmed_subgroups)
        found.append(
            Reason("subgroup_harmed", f"The pilot works against {names}", f"a change of the pilot that helps {names}",
                   {"subgroups": names})
        )  # fmt: skip
    if context.evidence in (Evidence.D, Evidence.E):
        found.append(
            Reason("evidence_grade",
                   f"The evidence is of grade {context.evidence}, which never bears scaling: other things may have "
                   "changed at the same time", "comparison offices, or a lot between offices",
                   {"grade": context.evidence.value})
        )  # fmt: skip
    found += [Reason("offices", _capital(gate.text), gate.cure, {"gate": gate.code})
              for gate in context.gates if gate.scale_only and gate.passed is False]  # fmt: skip
    if context.unmet:
        names = ", ".join(context.unmet)
        found.append(
            Reason("scalability_incomplete", f"What scaling needs is not shown yet: {names}",
                   "evidence for each, written under scalability in the plan by an amendment", {"criteria": names})
        )  # fmt: skip
    return (*found, *_value(context))


def only_scalability(blocks: Sequence[Reason], *, guardrails: bool) -> tuple[Reason, ...]:
    """The same blocks where the figures themselves would scale: then it is said first that they would."""
    if not blocks or blocks[0].code != "scalability_incomplete":
        return tuple(blocks)
    first, held = blocks[0], " and no guardrail can be worse by its margin" if guardrails else ""
    text = f"The effect is large enough{held}; what scaling needs beside that is not shown yet: "
    return (replace(first, text=f"{text}{first.values['criteria']}"), *blocks[1:])


def _value(context: Context) -> tuple[Reason, ...]:
    if context.exempt or (context.net_benefit is not None and context.net_benefit > 0):
        return ()
    text = (
        "Value for money could not be computed" if context.net_benefit is None
        else f"At the lower limit of the effect a case costs {_number(-context.net_benefit)} more than it is worth"
    )  # fmt: skip
    change = "a cheaper process, a larger effect, or an exception that somebody signs for"
    return (Reason("value_for_money", text, change),)


def not_as_designed(fidelity: float, least: float) -> Reason:
    """The pilot that was measured is not the one that was designed."""
    return Reason(
        "fidelity", f"Only {fidelity:.0%} of cases went as designed ({least:.0%} needed), so it was hardly tried",
        "find out where cases leave the designed process, and why", {"fidelity": fidelity},
    )  # fmt: skip


def heterogeneous(offices: Sequence[str]) -> Reason:
    """It works in some offices and not in others."""
    names = ", ".join(offices)
    return Reason(
        "heterogeneous", f"The effect differs between offices; apart from the others: {names}",
        f"find out what {names} did differently", {"offices": names},
    )  # fmt: skip
