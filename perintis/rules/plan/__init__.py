"""The evaluation plan (`plan.yaml`): what will be measured and which change matters, fixed before the first case."""

from __future__ import annotations

from perintis.rules.plan.canonical import canonical_json, plan_hash, plan_of_json, read_plan
from perintis.rules.plan.changes import changes
from perintis.rules.plan.metric import (
    KNOWN,
    OUTCOME,
    PERCENT,
    SATISFACTION,
    Horizon,
    KnownMetric,
    Matured,
    PlannedMetric,
    Withdrawn,
)
from perintis.rules.plan.model import Plan, tau_beyond_follow_up
from perintis.rules.plan.parts import (
    CoIntervention,
    Criterion,
    Exemption,
    Filter,
    Impact,
    Looks,
    Minimums,
    Population,
    PromisedShare,
    Scalability,
    Signature,
    Subgroup,
    ValueForMoney,
)
from perintis.rules.plan.study import OfficeGroup, PlannedOffice, Study, TimeUnit
from perintis.rules.sequential.spending import Spending

__all__ = [
    "KNOWN",
    "OUTCOME",
    "PERCENT",
    "SATISFACTION",
    "CoIntervention",
    "Criterion",
    "Exemption",
    "Filter",
    "Horizon",
    "Impact",
    "KnownMetric",
    "Looks",
    "Matured",
    "Minimums",
    "OfficeGroup",
    "Plan",
    "PlannedMetric",
    "PlannedOffice",
    "Population",
    "PromisedShare",
    "Scalability",
    "Signature",
    "Spending",
    "Study",
    "Subgroup",
    "TimeUnit",
    "ValueForMoney",
    "Withdrawn",
    "canonical_json",
    "changes",
    "plan_hash",
    "plan_of_json",
    "read_plan",
    "tau_beyond_follow_up",
]
