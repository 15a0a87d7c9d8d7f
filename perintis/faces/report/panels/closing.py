"""The foot of the page: cost and benefit, methods, versions and hashes, how to compute it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.faces.report.page_parts import Block, Heading, Items, Line, Section, Table
from perintis.faces.report.panels.amounts import Amounts, amounts, ends_of
from perintis.rules.evaluation.parts import Missing

if TYPE_CHECKING:
    from perintis.faces.report.languages.language import Language
    from perintis.rules.evaluation.document import Evaluation
    from perintis.rules.evaluation.panels import MoneyPanel


def money_section(evaluation: Evaluation, language: Language) -> Section:
    """Cost and benefit."""
    t, panel = language.t, evaluation.panels.money
    title = t("Cost and benefit")
    if isinstance(panel, Missing):
        return Section("money", None, title, (Line(language.say(panel.reason), "muted"),))
    rows = _costs(panel, language)
    if panel.cost_per_decision is not None:
        sides = panel.cost_per_decision
        cost = amounts(ends_of(panel.difference), "", language)
        rows += [(t("Cost a decision, baseline"), _money(panel, sides.baseline, cost, language), ""),
                 (t("Cost a decision, pilot"), _money(panel, sides.pilot, cost, language), "")]  # fmt: skip
    gap = panel.cost_per_decision_difference
    if gap is not None:
        each = amounts(ends_of(gap), "", language)
        rows.append((t("Pilot minus baseline, a decision"), _money(panel, gap.value, each, language, signed=True),
                     each.between(gap.interval)))  # fmt: skip
    blocks: list[Block] = []
    if panel.no_costs is not None:
        blocks.append(Line(t("Costs cannot be told:") + " " + language.phrase(panel.no_costs) + ".", "muted"))
    net = panel.net_benefit_per_1000
    if net is not None:
        say = amounts(ends_of(net), "", language)
        rows.append((t("Net benefit for 1,000 cases"), _money(panel, net.value, say, language, signed=True),
                     say.between(net.interval)))  # fmt: skip
    head = (t("What"), t("Amount"), t("Interval"))
    blocks.append(Table(t("Costs, and what the effect is worth"), head, tuple(rows), right=(1, 2)))
    if net is None:
        blocks.append(Line(t("The net benefit is not computed: the plan names no worth of the effect, or a signed"
                             " exception."), "muted"))  # fmt: skip
    return Section("money", None, title, tuple(blocks))


def _costs(panel: MoneyPanel, language: Language) -> list[tuple[str, str, str]]:
    """Rows of the cost a case; none where costs were not recorded."""
    if panel.cost_per_case is None or panel.difference is None:
        return []
    t, cost = language.t, amounts(ends_of(panel.difference), "", language)
    return [
        (t("Cost a case, baseline"), _money(panel, panel.cost_per_case.baseline, cost, language), ""),
        (t("Cost a case, pilot"), _money(panel, panel.cost_per_case.pilot, cost, language), ""),
        (t("Pilot minus baseline"), _money(panel, panel.difference.value, cost, language, signed=True),
         cost.between(panel.difference.interval)),
    ]  # fmt: skip


def _money(panel: MoneyPanel, value: float, say: Amounts, language: Language, *, signed: bool = False) -> str:
    return language.numbers.money(value, panel.currency, say.places, signed=signed)


def provenance_section(evaluation: Evaluation, language: Language) -> Section:
    """Methods, versions and hashes."""
    t, kept = language.t, evaluation.provenance
    methods = Items(tuple(language.sentence(method, "method") for method in kept.methods), t("Methods"))
    rows = [
        (t("Registered plan"), evaluation.plan.hash), (t("Snapshot of the pilot's cases"), kept.snapshot),
        (t("Baseline"), kept.baseline), (t("Program"), f"Perintis {kept.code_version}"),
        (t("Library versions (uv.lock)"), kept.lock_hash or t("not known")), (t("Seed"), str(kept.seed)),
    ]  # fmt: skip
    table = Table(t("What it was computed from (SHA-256)"), (t("What"), t("Version or hash")), tuple(rows))
    again = Line(t("Every figure can be computed again, to the last digit, from bundle.zip beside this page:"
                   " perintis evaluate --replay bundle.zip"))  # fmt: skip
    dictionary = Line(t("The bundle holds the snapshot, the plan and the data dictionary, which says what each column"
                        " of the tables means. evaluation.json holds every figure of this page."))  # fmt: skip
    blocks = (methods, table, Heading(t("Compute it again")), again, dictionary)
    return Section("provenance", None, t("How this was computed"), blocks)
