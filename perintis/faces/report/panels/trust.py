"""Why the figures can be believed or not: gates, diagnostics, what a naive reading would have said, cautions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.page_parts import Block, Items, Line, Mark, Marks, Section, Table
from perintis.faces.report.panels.amounts import of_figures
from perintis.faces.report.panels.other_ways import resampled_blocks

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.panels import TrustPanel
    from perintis.rules.evaluation.parts import Check

SIGNS = {True: ("\u2713", "passed"), False: ("\u2717", "not passed"), None: ("?", "not checked")}
SEEN = {True: ("\u2713", "as it should be"), False: ("!", "notable"), None: ("\u2013", "for information")}


def trust_section(evaluation: Evaluation, language: Language) -> Section:
    """Panel 12."""
    t, panel = language.t, evaluation.panels.trust
    blocks: list[Block] = [Line(_short(panel, language))]
    if panel.cautions:
        blocks.append(Items(tuple(language.say(c) for c in panel.cautions), t("Read with care")))
    if panel.naive:
        blocks.append(_naive(panel, language))
    blocks += resampled_blocks(evaluation, language)
    if panel.gates:
        marks = tuple(_mark(c, SIGNS, language) for c in sorted(panel.gates, key=_worst_first))
        blocks.append(Marks(t("Conditions of any verdict"), marks))
    if panel.diagnostics:
        marks = tuple(_mark(c, SEEN, language) for c in sorted(panel.diagnostics, key=_worst_first))
        blocks.append(Marks(t("Further checks"), marks))
    blocks.append(_known(panel, language))
    return Section("trust", 12, t("Why this can be believed, or not"), tuple(blocks))


def _worst_first(check: Check) -> int:
    return {False: 0, None: 1, True: 2}[check.passed]


def _short(panel: TrustPanel, language: Language) -> str:
    count = {state: sum(c.passed is state for c in panel.gates) for state in (True, False, None)}
    numbers = language.numbers
    return language.t("Conditions: {passed} passed, {failed} failed, {unchecked} not checked.",
                      passed=numbers.count(count[True]), failed=numbers.count(count[False]),
                      unchecked=numbers.count(count[None]))  # fmt: skip


def _mark(check: Check, signs: dict[bool | None, tuple[str, str]], language: Language) -> Mark:
    sign, word = signs[check.passed]
    note = "" if check.gate or signs is SEEN else language.t("only forbids scaling")
    cure = language.say(check.cure) if check.cure is not None and check.passed is not True else ""
    return Mark(sign, language.t(word), language.say(check.message), cure, note)


def _naive(panel: TrustPanel, language: Language) -> Table:
    t = language.t
    rows = []
    for one in panel.naive:
        say = of_figures((one.right, one.naive), one.unit, language)
        rows.append(
            (language.say(one.what), f"{say.figure(one.naive)} {say.word}", f"{say.figure(one.right)} {say.word}")
        )
    head = (t("A naive reading"), t("would have said"), t("The right figure"))
    return Table(t("What a naive reading would have said: pilot minus baseline"), head, tuple(rows), right=(1, 2))


def _known(panel: TrustPanel, language: Language) -> Items:
    t, numbers = language.t, language.numbers
    items = [
        _open(panel, language),
        t("Offices: {baseline} in the baseline, {pilot} in the pilot.", baseline=numbers.count(panel.offices.baseline),
          pilot=numbers.count(panel.offices.pilot)),
        _alike(panel.icc, language),
        _unseen(panel, language),
    ]  # fmt: skip
    return Items(tuple(items), t("In short"))


def _open(panel: TrustPanel, language: Language) -> str:
    t, numbers, share = language.t, language.numbers, panel.open_share
    if share is None:
        return t("How many cases were still open when read is not published.")
    return t("Still open when read: {baseline} of the baseline, {pilot} of the pilot.",
             baseline=numbers.percent(share.baseline), pilot=numbers.percent(share.pilot))  # fmt: skip


def _alike(icc: float | None, language: Language) -> str:
    if icc is None:
        return language.t("How alike cases of one office are is not known.")
    number = language.numbers.plain(icc, 2)
    if icc < 0.01:
        return language.t(
            "Cases of one office are hardly more alike than others (intra-office correlation {n}).", n=number
        )
    return language.t("Cases of one office are more alike than others (intra-office correlation {n}), so that offices"
                      " count for more than cases.", n=number)  # fmt: skip


def _unseen(panel: TrustPanel, language: Language) -> str:
    found = panel.e_value
    if found is None:
        return language.t("How strong an unseen cause would have to be was not computed.")
    point = language.numbers.plain(found.value, 1)
    if found.interval is None or found.interval.low is None:
        return language.t("An unseen cause would need a risk ratio of {n} with both cohort and outcome to explain the"
                          " effect away (E-value).", n=point)  # fmt: skip
    return language.t("An unseen cause would need a risk ratio of {n} with both cohort and outcome to explain the"
                      " effect away, and of {low} to bring the interval to no change (E-value).", n=point,
                      low=language.numbers.plain(found.interval.low, 1))  # fmt: skip
