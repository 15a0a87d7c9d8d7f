"""What may be claimed from a data set of some grade: the cap that every output keeps to."""

from __future__ import annotations

from dataclasses import dataclass

from perintis.rules.designs.design import Evidence
from perintis.words.tables import Grade


@dataclass(frozen=True)
class Claim:
    """How far a comparison with a data set of this grade may go.

    `evidence` is the best grade of evidence that is possible, None where nothing may be said of real cases.
    `effect` tells whether a difference from it, with its interval, may be shown as an effect at all; `text` says the
    cap in one sentence that fits after the name of the data set.
    """

    grade: Grade
    evidence: Evidence | None
    effect: bool
    text: str

    @property
    def may_scale(self) -> bool:
        """Whether the verdict *scale* is possible: never with evidence D or E, or with none."""
        return self.evidence is not None and self.evidence.rank < Evidence.D.rank

    def cap(self, evidence: Evidence) -> Evidence | None:
        """The grade of evidence of a design, lowered to what the data allow."""
        return None if self.evidence is None else evidence.at_most(self.evidence)


CLAIMS = {
    Grade.MEASURED: Claim(Grade.MEASURED, Evidence.A, True, "is a measured log: it bears whatever the design bears"),
    Grade.SAMPLE: Claim(
        Grade.SAMPLE, Evidence.D, True,
        "is a short sample: it shows what can happen, not how often; evidence is D at most, and never enough to scale",
    ),
    Grade.PROMISED: Claim(
        Grade.PROMISED, Evidence.E, False,
        "holds promised times, not measured ones: it can only be said which share of the pilot's cases is within the"
        " promise; evidence is E at most",
    ),
    Grade.REHEARSAL: Claim(
        Grade.REHEARSAL, None, True,
        "is a rehearsal with simulated agencies and made-up cases: it says nothing of real ones",
    ),
}  # fmt: skip


def claim_cap(grade: Grade) -> Claim:
    """What may be claimed where a data set of this grade is compared with."""
    return CLAIMS[grade]
