"""How far the evidence bears a claim: the grade of the design, lowered to what the two data sets allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from perintis.rules.claims import claim_cap
from perintis.rules.designs.design import Evidence
from perintis.rules.evaluation.parts import Message

if TYPE_CHECKING:
    from perintis.use.evaluation.measuring import Measured
    from perintis.use.evaluation.prepare import Prepared


def evidence_of(prepared: Prepared, first: Measured | None) -> tuple[Evidence, Message]:
    """The grade with what decides it. Where both cohorts are rehearsals they are judged as if they were real."""
    if first is None:
        return Evidence.E, Message(code="no_primary", text="no primary metric could be measured")
    design = prepared.plan.design.kind
    grade = first.estimated.evidence
    why = Message(
        code="evidence_design", values={"design": design.value, "grade": grade.value},
        text=f"the design {design.value.replace('_', ' ')} gives evidence {grade.value} at best",
    )  # fmt: skip
    sides = (prepared.material.baseline, prepared.material.pilot)
    if all(data.simulated for data in sides):
        return grade, why
    for data in sides:
        cap = claim_cap(data.grade)
        lowered = Evidence.E if cap.evidence is None or data.simulated else grade.at_most(cap.evidence)
        if lowered.rank > grade.rank:
            grade = lowered
            text = f"{data.name} is simulated" if data.simulated else f"{data.name} {cap.text}"
            why = Message(code="evidence_data", text=text, values={"grade": grade.value, "data": data.name})
    clocks = {data.clock for data in sides}
    if len(clocks) > 1 and grade.rank < Evidence.D.rank:
        grade = Evidence.D
        why = Message(code="evidence_clock", text="the two cohorts count lead time by different clocks",
                      values={"grade": grade.value})  # fmt: skip
    return grade, why
