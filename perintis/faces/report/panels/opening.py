"""The head of the page, the verdict, and the case flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from perintis.faces.report.page_parts import Flow, FlowBox, Line, Section
from perintis.faces.report.panels.amounts import told
from perintis.rules.designs.design import Design
from perintis.rules.suppression import Withheld

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.panels import FlowSide, VerdictPanel
    from perintis.rules.evaluation.parts import Decided, Told

HASH_LETTERS = 12
DESIGNS = {
    Design.RANDOMISED_CASES: "cases drawn by lot",
    Design.RANDOMISED_OFFICES: "offices drawn by lot",
    Design.PARALLEL_COHORTS: "parallel cohorts, no lot drawn",
    Design.BEFORE_AFTER: "before and after, as an interrupted time series",
    Design.COMPARISON_OFFICES: "before and after with comparison offices (difference in differences)",
    Design.STAGGERED: "staggered roll-out over offices",
    Design.FEW_OFFICES: "a few offices beside a weighted mix of others (synthetic difference in differences)",
}
WORDS = {
    "scale": ("Scale", "\u25b2"), "adjust": ("Adjust", "\u25c6"), "stop": ("Stop", "\u25a0"),
    "continue": ("Continue", "\u25b6"), "no verdict": ("No verdict", "\u25cb"),
}  # fmt: skip
GRADES = {"measured log": "measured log", "short sample": "short sample", "promised time": "promised time",
          "rehearsal": "rehearsal"}  # fmt: skip


@dataclass(frozen=True)
class Head:
    """What stands above everything: pairs of a name and what it is."""

    title: str
    subtitle: str
    banner: str | None
    facts: tuple[tuple[str, str | Markup], ...]
    question: str
    objectives: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class VerdictBox:
    """The verdict as it is shown: its word with its sign, why, what would change it, and what people decided."""

    word: str
    sign: str
    staged: str
    reason: Markup
    further: tuple[Markup, ...]
    change: Markup | None
    decision: tuple[tuple[str, str], ...]
    differs: str | None
    final: str


def head(evaluation: Evaluation, language: Language) -> Head:
    """The head of the page."""
    t, numbers = language.t, language.numbers
    phase, plan = evaluation.phase, evaluation.plan
    grade = Markup("<strong>{}</strong>: {}").format(
        evaluation.evidence.value, language.say(evaluation.evidence_why)
    )  # fmt: skip
    look = t("{k} of {total}", k=evaluation.look, total=evaluation.looks) if evaluation.look else t("none is due now")
    if evaluation.information is not None:
        share = numbers.percent(evaluation.information)
        if 0 < evaluation.look < evaluation.looks and evaluation.information >= 1:
            look += " " + t("and the last: {share} of the planned information is there", share=share)
        else:
            look += " " + t("({share} of the planned information)", share=share)
    facts: list[tuple[str, str | Markup]] = [
        (t("Design"), t(DESIGNS[evaluation.design])),
        (t("Evidence"), grade),
        (t("Plan"), _registered(evaluation, language)),
        (t("Amendments"), _amendments(evaluation, language)),
        (t("Look"), look),
        (t("Data until"), numbers.moment(evaluation.data_until)),
        (t("Phase"), t("{version}: {first} to {last}, {n} cases", version=phase.version,
                       first=numbers.day(phase.first), last=numbers.day(phase.last), n=told(language, phase.cases))),
    ]  # fmt: skip
    facts += [
        (t("Other phase, analysed apart"), t("{version}: {first} to {last}, {n} cases", version=other.version,
         first=numbers.day(other.first), last=numbers.day(other.last), n=told(language, other.cases)))
        for other in evaluation.other_phases
    ]  # fmt: skip
    banner = t("SIMULATED: agencies and cases are made up. This page shows what the assumptions lead to and says"
               " nothing of real cases.") if evaluation.simulated else None  # fmt: skip
    return Head(
        title=evaluation.title, subtitle=t("Evaluation of the pilot {pilot}", pilot=evaluation.pilot), banner=banner,
        facts=tuple(facts), question=plan.question, objectives=plan.objectives, rule=plan.rule,
    )  # fmt: skip


def _registered(evaluation: Evaluation, language: Language) -> Markup:
    plan, t = evaluation.plan, language.t
    if plan.registered_at is None:
        return Markup(escape(t("not registered: these figures may be looked at but decide nothing")))
    if evaluation.panels.flow.pilot.simulated:
        text = t("as written: a rehearsal is judged as if its plan were registered")
    else:
        text = t("registered on {moment}", moment=language.numbers.moment(plan.registered_at))
        if plan.late:
            text += "; " + t("after the first case had come in")
        if plan.results_visible:
            text += "; " + t("results could be seen by then")
    code = Markup('<code title="{}">{}</code>').format(plan.hash, plan.hash[:HASH_LETTERS])
    return Markup("{} ({} {})").format(text, t("hash"), code)


def _amendments(evaluation: Evaluation, language: Language) -> Markup:
    found, t = evaluation.plan.amendments, language.t
    if not found:
        return Markup(escape(t("none")))
    lines = []
    for one in found:
        seen = t("results could be seen") if one.results_visible else t("results could not be seen")
        lines.append(
            Markup("<li>{}: {} ({}). {}</li>").format(
                language.numbers.day(one.at), one.reason, seen, "; ".join(one.changes)
            )
        )
    return Markup("{}<ul>{}</ul>").format(len(found), Markup("").join(lines))


def verdict_box(panel: VerdictPanel, language: Language) -> VerdictBox:
    """The verdict in words."""
    t = language.t
    word, sign = WORDS.get(panel.word, (panel.word, "\u25cb"))
    return VerdictBox(
        word=t(word), sign=sign, staged=t("in stages, each compared again") if panel.staged else "",
        reason=language.say(panel.reason), further=tuple(language.say(m) for m in panel.further),
        change=None if panel.change is None else language.say(panel.change),
        decision=() if panel.decision is None else _decision(panel.decision, language),
        differs=None if panel.decision is None or not panel.decision.differs
        else t("The decision differs from the verdict."),
        final=t("This is the last look: the rule does not wait for more.") if panel.final
        else t("This is not the last look."),
    )  # fmt: skip


def _decision(decided: Decided, language: Language) -> tuple[tuple[str, str], ...]:
    t = language.t
    word = WORDS.get(decided.word, (decided.word, ""))[0]
    rows = [
        (t("Decision"), t(word)), (t("Decided by"), decided.by), (t("Date"), language.numbers.day(decided.at)),
        (t("Reason given"), decided.reason),
    ]  # fmt: skip
    if decided.confirmed_by is not None:
        rows.append((t("Confirmed by"), decided.confirmed_by))
    elif decided.differs:
        rows.append((t("Confirmed by"), t("nobody yet; a second person must confirm")))
    return tuple(rows)


def flow_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 2."""
    t, panel = language.t, evaluation.panels.flow
    sides = panel.baseline, panel.pilot
    boxes = [
        _box(t("Received"), [s.received for s in sides], language),
        _box(t("Not of the plan's population"), [s.not_eligible for s in sides], language, "aside"),
        _box(t("Assigned"), [s.assigned for s in sides], language),
        _box(t("Decided"), [s.decided for s in sides], language, "end", sides),
        _box(t("Withdrawn or cancelled"), [s.withdrawn for s in sides], language, "end", sides),
        _box(t("Still open"), [s.open for s in sides], language, "end", sides),
    ]
    tau = panel.tau_days
    followed = t("Followed to the end or for {n} days", n=language.numbers.plain(tau, 0 if tau == round(tau) else 1)) \
        if tau is not None else t("Closed, or followed to the end")  # fmt: skip
    boxes.append(_box(followed, [s.followed for s in sides], language, "of", sides))
    if any(s.already_open for s in sides):
        early = t("Open already when observation began")
        boxes.append(_box(early, [s.already_open for s in sides], language, "of", sides))
    flow = Flow(
        names=(t("Baseline"), t("Pilot")), about=(_about(panel.baseline, language), _about(panel.pilot, language)),
        boxes=tuple(boxes),
    )  # fmt: skip
    note = Line(
        t("Received = not of the population + assigned; assigned = decided + withdrawn + still open. Shares are of the"
          " assigned cases."), "muted",
    )  # fmt: skip
    return Section("flow", 2, t("Case flow"), (flow, note))


def _box(
    label: str, values: list[Told], language: Language, level: str = "main", sides: tuple[FlowSide, ...] = ()
) -> FlowBox:
    """One row of boxes; with the share of the assigned cases where `sides` are given."""
    shares = ["", ""]
    for k, side in enumerate(sides):
        count, of = values[k], side.assigned
        if not isinstance(count, Withheld) and not isinstance(of, Withheld) and of:
            shares[k] = language.numbers.percent(count / of)
    first, second = (told(language, v) for v in values)
    return FlowBox(label, (first, second), (shares[0], shares[1]), level)


def _about(side: FlowSide, language: Language) -> tuple[str, ...]:
    t, numbers = language.t, language.numbers
    first, last = side.period
    lines = [
        side.name,
        t("opened {first} to {last}", first=numbers.day(first), last=numbers.day(last)),
        *(
            []
            if side.observed_from is None
            else [t("observed from {moment}", moment=numbers.moment(side.observed_from))]
        ),
        t("observed until {moment}", moment=numbers.moment(side.observed_until)),
        t("offices: {n}", n=numbers.count(side.offices)),
        t("data: {grade}", grade=t(GRADES.get(side.grade, side.grade)))
        + (f" ({t('simulated')})" if side.simulated and side.grade != "rehearsal" else ""),
    ]
    if side.clock:
        lines.append(t("clock: {clock}", clock=side.clock))
    return tuple(lines)
