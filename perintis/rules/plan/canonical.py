"""A plan as text: read from YAML, and written in the one form whose hash is registered."""

from __future__ import annotations

import hashlib
import json

from perintis.rules.plan.model import Plan
from perintis.rules.yaml_text import read_yaml


def read_plan(text: str, where: str = "plan.yaml") -> Plan:
    """The plan written in a YAML text; raises BadInput, naming file and entry."""
    return read_yaml(text, Plan, where)


def canonical_json(plan: Plan) -> str:
    """The plan as JSON with sorted keys and no spaces; the same for the same plan, however its file is laid out."""
    return json.dumps(plan.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plan_hash(plan: Plan) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(plan).encode()).hexdigest()


def plan_of_json(text: str) -> Plan:
    """The plan of a canonical JSON text, as the store keeps it; raises pydantic's ValidationError."""
    return Plan.model_validate_json(text)
