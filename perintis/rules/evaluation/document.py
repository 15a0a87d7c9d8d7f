"""`evaluation.json`: the whole result of one evaluation, strict and versioned, the same bytes for the same input."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from perintis.rules.designs.design import Design, Evidence
from perintis.rules.evaluation.panels import Panels
from perintis.rules.evaluation.parts import Amended, Count, Message, Number, Part, Told

FORMAT: Literal[2] = 2
"""Format 1 had nothing beside the main figures (no `beside`, `pace` and `bootstrap`); it can still be read."""


class PlanFacts(Part):
    """The plan it was judged by. `registered_at` is null where it never was."""

    hash: str
    registered_at: datetime | None
    late: bool
    results_visible: bool
    amendments: tuple[Amended, ...]
    question: str
    objectives: tuple[str, ...]
    rule: str


class Provenance(Part):
    """What is needed to compute every figure again. Hashes are SHA-256 in hex."""

    snapshot: str
    baseline: str
    code_version: str
    lock_hash: str | None
    seed: int
    methods: tuple[str, ...]


class Phase(Part):
    """One version of the pilot; phases are analysed apart."""

    version: str
    first: datetime
    last: datetime
    cases: Told


class Evaluation(Part):
    """One evaluation of one pilot phase at one look."""

    format: Literal[1, 2] = FORMAT
    pilot: str
    title: str
    phase: Phase
    other_phases: tuple[Phase, ...] = ()
    design: Design
    evidence: Evidence
    evidence_why: Message
    simulated: bool
    data_until: datetime
    look: Count
    looks: Count
    information: Number | None
    level: Number
    plan: PlanFacts
    panels: Panels
    provenance: Provenance

    def to_json(self) -> str:
        """Canonical text: keys in order of the schema, two spaces, a final newline."""
        return self.model_dump_json(indent=2) + "\n"


def read_evaluation(text: str | bytes) -> Evaluation:
    """The evaluation written in a JSON text; raises pydantic's ValidationError."""
    return Evaluation.model_validate_json(text)
