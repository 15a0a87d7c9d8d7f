"""The rule: from readings at one look to scale, adjust, stop, continue or no verdict. Pure.

In this order: no verdict where a gate failed; stop for harm; stop for futility; scale; else adjust at the last look,
and continue before it. Source of the shape: Schultzberg, Ankargren and Franberg 2024 (success and guardrail metrics);
CONSORT extension for pilot trials, item 6c (criteria fixed beforehand).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from perintis.rules.designs.design import Evidence
from perintis.rules.verdict.conditions import (
    WORDS,
    Conditions,
    Guardrails,
    Primaries,
    Word,
    conditions,
    words,
)
from perintis.rules.verdict.gates import Gate, failed
from perintis.rules.verdict.needs import Size
from perintis.rules.verdict.reading import Reading, Role, Unreadable
from perintis.rules.verdict.reasons import (
    Reason,
    blocked,
    continuing,
    futility,
    gate_failed,
    guardrail_harm,
    guardrail_open,
    heterogeneous,
    not_as_designed,
    only_scalability,
    primary_harm,
    scaled,
    still_open,
    too_small,
    unreadable,
    unregistered,
)

if TYPE_CHECKING:
    from perintis.rules.statistics.effect import Floats

STAGED = (Evidence.C,)
LEAST_FIDELITY = 0.8


@dataclass(frozen=True)
class Context:
    """What the rule must know beside the readings.

    `look_alpha` is the nominal two-sided level of this look, from its bound. `sizes` by metric say how much more would
    be needed. `harmed_subgroups` are registered subgroups with significant harm (BH 10 %); `offices_apart` those whose
    effect differs from the others', where offices differ at all; `unmet` the scalability criteria that are not met;
    `net_benefit` is value for money at the lower limit of the first primary metric, None where the plan has a signed
    exception (`exempt`) or it could not be computed.
    """

    evidence: Evidence
    final: bool
    look: int = 1
    looks: int = 1
    look_alpha: float = 0.05
    registered: bool = True
    gates: tuple[Gate, ...] = ()
    sizes: Mapping[str, Size] = field(default_factory=dict)
    harmed_subgroups: tuple[str, ...] = ()
    offices_apart: tuple[str, ...] = ()
    fidelity: float | None = None
    unmet: tuple[str, ...] = ()
    net_benefit: float | None = None
    exempt: bool = False


@dataclass(frozen=True)
class Verdict:
    """The word, why, and what would change it. `reasons` are in order of weight; `code`, `text` and `change` are those
    of the first. `staged` says that scaling is meant in stages, each compared again."""

    word: Word
    reasons: tuple[Reason, ...]
    final: bool
    staged: bool = False

    @property
    def code(self) -> str:
        """The reason for programs."""
        return self.reasons[0].code

    @property
    def text(self) -> str:
        """The reason in one plain sentence."""
        return self.reasons[0].text

    @property
    def change(self) -> str | None:
        """What would change the verdict."""
        return self.reasons[0].change


def judge(readings: Sequence[Reading | Unreadable], context: Context) -> Verdict:
    """The verdict at this look. Readings of secondary metrics never matter."""
    primaries = [r for r in readings if isinstance(r, Reading) and r.role is Role.PRIMARY]
    guardrails = [r for r in readings if isinstance(r, Reading) and r.role is Role.GUARDRAIL]
    missing = [r for r in readings if isinstance(r, Unreadable) and r.role is not Role.SECONDARY]
    barred = _no_verdict(context, missing, bool(primaries))
    if barred:
        return Verdict(Word.NO_VERDICT, barred, context.final)
    found = conditions(_primaries(primaries), _guardrails(guardrails), context.look_alpha)
    blocks = blocked(context)
    word = WORDS[words(found, may_scale=not blocks, final=context.final)[0]]
    if word is Word.STOP:
        return Verdict(word, _stopping(primaries, guardrails, found), context.final)
    if word is Word.SCALE:
        chosen = [r for r, passes in zip(primaries, found.passing[0], strict=True) if passes]
        staged = context.evidence in STAGED
        return Verdict(word, (scaled(chosen, guardrails, staged=staged),), context.final, staged)
    reasons = _undecided(primaries, guardrails, found, context, blocks)
    if word is Word.CONTINUE:
        reasons = (continuing(context.look, context.looks, reasons), *reasons)
    return Verdict(word, reasons, context.final)


def _no_verdict(context: Context, missing: list[Unreadable], measured: bool) -> tuple[Reason, ...]:
    found = [] if context.registered else [unregistered()]
    named = {f"G1.metric.{metric.metric}" for metric in missing}
    found += [unreadable(metric) for metric in missing]
    found += [gate_failed(gate) for gate in failed(context.gates) if gate.code not in named]
    if not found and not measured:
        raise ValueError("the rule needs a reading of at least one primary metric")
    return tuple(found)


def _primaries(readings: list[Reading]) -> Primaries:
    return Primaries(
        _row([r.effect for r in readings]), _row([r.low for r in readings]), _row([r.high for r in readings]),
        _row([r.p for r in readings]), np.array([_needed(r.worthwhile, r, "worthwhile") for r in readings]),
    )  # fmt: skip


def _guardrails(readings: list[Reading]) -> Guardrails:
    return Guardrails(
        _row([r.effect for r in readings]), _row([r.p for r in readings]), _row([r.one_sided_low for r in readings]),
        np.array([_needed(r.margin, r, "margin") for r in readings], dtype=np.float64),
    )  # fmt: skip


def _row(values: list[float]) -> Floats:
    return np.array([values], dtype=np.float64)


def _needed(value: float | None, reading: Reading, name: str) -> float:
    if value is None:
        raise ValueError(f"{reading.metric}: a {reading.role} reading needs its {name}")
    return value


def _stopping(primaries: list[Reading], guardrails: list[Reading], found: Conditions) -> tuple[Reason, ...]:
    harmed = [guardrail_harm(r) for r, bad in zip(guardrails, found.guardrail_harm[0], strict=True) if bad]
    harmed += [primary_harm(r) for r, bad in zip(primaries, found.primary_harm[0], strict=True) if bad]
    return tuple(harmed) or (futility(primaries),)


def _undecided(
    primaries: list[Reading],
    guardrails: list[Reading],
    found: Conditions,
    context: Context,
    blocks: tuple[Reason, ...],
) -> tuple[Reason, ...]:
    """Why it is neither scale nor stop, in order of weight."""
    reasons: list[Reason] = []
    if found.passing.any():
        open_ones = [r for r, inside in zip(guardrails, found.inconclusive[0], strict=True) if inside]
        reasons += [guardrail_open(r, context.sizes.get(r.metric)) for r in open_ones]
        reasons += blocks if open_ones else only_scalability(blocks, guardrails=bool(guardrails))
    else:
        for reading, proven in zip(primaries, found.proven[0], strict=True):
            size = context.sizes.get(reading.metric)
            reasons.append(too_small(reading, size) if proven else still_open(reading, size))
        reasons.sort(key=lambda reason: reason.code != "promising_but_small")
    if context.fidelity is not None and context.fidelity < LEAST_FIDELITY:
        reasons.append(not_as_designed(context.fidelity, LEAST_FIDELITY))
    if context.offices_apart:
        reasons.append(heterogeneous(context.offices_apart))
    return tuple(reasons)
